use axum::extract::State;
use care4w_protocol::CallId;
use care4w_protocol::rest::{CallsAnswer, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Caller, Query};
use crate::store::{CallsPage, UnixMs};
use crate::{clock, defaults};

/// Which calls.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Only calls that began at this time (RFC 3339) or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// Rows of the page, 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Calls that this user made, got or missed, newest first.
#[utoipa::path(get, path = "/calls", tag = "calls", security(("bearer" = [])), params(Asked),
    responses((status = 200, body = Success<CallsAnswer>)))]
pub async fn calls(State(app): State<App>, caller: Caller, Query(asked): Query<Asked>) -> Answer<CallsAnswer> {
    let since = asked
        .since
        .map(|since| clock::parse_rfc3339(&since).ok_or_else(|| Problem::validation("since is a time in RFC 3339.")))
        .transpose()?;
    let before = asked
        .before
        .map(|cursor| parse_cursor(&cursor).ok_or_else(|| Problem::validation("before is the next of another page.")))
        .transpose()?;
    let limit = asked.limit.unwrap_or(defaults::CALLS_PAGE);
    if !(1..=defaults::CALLS_PAGE_MAX).contains(&limit) {
        return Err(Problem::validation("limit is 1 to 200."));
    }
    let page = CallsPage { since, before, limit: limit + 1 };
    let mut rows = app.store.calls(caller.account.id, &page).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|(started_at, call)| format!("{started_at}_{}", call.call_id));
    ok(CallsAnswer { calls: rows.into_iter().map(|(_, call)| call).collect(), next })
}

/// A cursor is the beginning and the id of the last row that was sent.
fn parse_cursor(text: &str) -> Option<(UnixMs, String)> {
    let (started_at, call) = text.split_once('_')?;
    Some((started_at.parse().ok()?, call.parse::<CallId>().ok()?.to_string()))
}
