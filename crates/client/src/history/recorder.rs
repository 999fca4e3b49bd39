//! What writes the history: it watches the line, and asks the server for what was missed elsewhere.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use care4w_calls::{CallState, CallView as LineView};
use care4w_phone::PhoneNumber;
use care4w_protocol::rest::{CallKind, CallRecord, CallsAnswer};
use futures_util::future::BoxFuture;
use reqwest::Method;
use tokio::sync::watch;

use super::database::{parse_time, write_time};
use super::{Begun, History, HistoryError, MissedCall, UnixMs};
use crate::app_state::CallView;
use crate::defaults::{HISTORY_ALIVE, HISTORY_MERGE_PAGES};
use crate::session::Session;

/// The call that is being written down.
struct Open {
    account: String,
    id: String,
    connected_at: Option<UnixMs>,
}

/// Writes down every call of the line, and calls `changed` whenever the list is another one. Ends with the line, once
/// the last call is written.
pub(crate) async fn record(
    history: Arc<History>,
    session: Arc<Session>,
    mut line: watch::Receiver<Option<LineView>>,
    changed: impl Fn() -> BoxFuture<'static, ()>,
) {
    let mut open: Option<Open> = None;
    let mut alive = tokio::time::interval(HISTORY_ALIVE);
    alive.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        let view = line.borrow_and_update().clone();
        let before = open.as_ref().map(|open| open.id.clone());
        let account = session.user().borrow().as_ref().map(|user| user.id.clone());
        if let Err(error) = follow(&history, account, &mut open, view.as_ref()).await {
            tracing::warn!(code = error.code(), "a call is not in the history");
            open = None;
        }
        if before != open.as_ref().map(|open| open.id.clone()) {
            changed().await;
        }
        tokio::select! {
            more = line.changed() => if more.is_err() { break },
            _ = alive.tick(), if open.is_some() => {}
        }
    }
}

async fn follow(
    history: &History,
    account: Option<String>,
    open: &mut Option<Open>,
    view: Option<&LineView>,
) -> Result<(), HistoryError> {
    let now = wall_clock();
    let view = view.map(|view| (view.state == CallState::Ended, CallView::from(view)));
    // Another call, or none: the one before was ended in between.
    if let Some(gone) = open.take_if(|open| view.as_ref().is_none_or(|(_, view)| view.id != open.id)) {
        let duration = gone.connected_at.map(|since| u32::try_from(now - since).unwrap_or(0));
        history.end(&gone.account, &gone.id, now, duration, "HUNG_UP").await?;
    }
    let Some((ended, view)) = view else { return Ok(()) };
    if open.is_none() {
        // Nobody is signed in any more, or this is the picture of a call that was written down to its end.
        let (Some(account), false) = (account, ended) else { return Ok(()) };
        let begun = Begun {
            id: view.id.clone(),
            direction: view.direction,
            name: view.peer.name.clone(),
            detail: view.peer.detail.clone(),
            care4w_id: view.peer.care4w_id.clone(),
            at: now,
        };
        history.begin(&account, &begun).await?;
        *open = Some(Open { account, id: view.id.clone(), connected_at: None });
    }
    let Some(current) = open.as_mut() else { return Ok(()) };
    if let Some(since) = view.connected_for_ms {
        current.connected_at.get_or_insert(now - UnixMs::from(since));
    }
    if ended {
        let reason = view.reason.as_ref().map_or("HUNG_UP", |reason| reason.code.as_str());
        let (account, id) = (current.account.clone(), current.id.clone());
        *open = None;
        history.end(&account, &id, now, view.duration_ms, reason).await
    } else {
        history.alive(&current.account, &current.id, now, current.connected_at).await
    }
}

/// Asks the server for calls that were missed here and elsewhere.
pub(crate) async fn merge(history: &History, session: &Session, account: &str) -> Result<(), crate::Problem> {
    let from = history.merge_from(account).await?;
    let since = from.map(write_time);
    let mut newest = from.unwrap_or_default();
    let mut next: Option<String> = None;
    for _ in 0..HISTORY_MERGE_PAGES {
        let mut query = vec![("limit", "200")];
        query.extend(since.as_deref().map(|since| ("since", since)));
        query.extend(next.as_deref().map(|next| ("before", next)));
        let answer: CallsAnswer = session.call(Method::GET, "calls", &query, None::<&()>).await?;
        let times = answer.calls.iter().filter_map(|call| parse_time(&call.started_at));
        newest = times.fold(newest, UnixMs::max);
        let missed = answer.calls.into_iter().filter(|call| call.kind == CallKind::Missed).filter_map(missed_call);
        // What an account had missed before it ever was on this computer is no news here.
        history.take_missed(account, &missed.collect::<Vec<_>>(), from.is_some()).await?;
        next = answer.next;
        if next.is_none() {
            break;
        }
    }
    history.merged(account, newest).await?;
    Ok(())
}

/// A call of the server's list; none without a time.
fn missed_call(call: CallRecord) -> Option<MissedCall> {
    let at = parse_time(&call.started_at)?;
    let care4w_id = call.care4w_id.map(|id| id.to_string());
    let number = call.number.map(|full| PhoneNumber::parse(&full, None).map_or(full, |number| number.international()));
    // Of a number that was withheld the server's words are all there is.
    let detail = number.or_else(|| care4w_id.clone()).unwrap_or_else(|| call.display_name.clone());
    let name = Some(call.display_name).filter(|name| *name != detail);
    Some(MissedCall { id: call.call_id, name, detail, care4w_id, at })
}

/// The time of a server's message.
pub(crate) fn time_of(text: &str) -> UnixMs {
    parse_time(text).unwrap_or_else(wall_clock)
}

pub(crate) fn wall_clock() -> UnixMs {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs::try_from(now.as_millis()).unwrap_or(UnixMs::MAX)
}
