//! What writes the history: it watches the line, and asks the server for what was missed elsewhere.

use std::sync::Arc;

use care4w_calls::{CallState, CallView as LineView};
use care4w_phone::PhoneNumber;
use care4w_protocol::rest::{CallKind, CallRecord, CallsAnswer};
use futures_util::future::BoxFuture;
use reqwest::Method;
use tokio::sync::{broadcast, watch};

use super::clock::{parse_time, wall_clock, write_time};
use super::{Begun, History, HistoryError, UnixMs};
use crate::app_state::{CallDirection, CallView};
use crate::defaults::{HISTORY_ALIVE, HISTORY_MERGE_PAGES};
use crate::session::Session;

/// The call that is being written down.
struct Open {
    account: String,
    id: String,
    connected_at: Option<UnixMs>,
}

/// Writes down every call of the line, calls `changed` whenever the list is another one, and tells of missed calls
/// afterwards. Ends with the line, once the last call is written.
pub(crate) async fn record(
    history: Arc<History>,
    session: Arc<Session>,
    mut line: watch::Receiver<Option<LineView>>,
    changed: impl Fn() -> BoxFuture<'static, ()>,
    tell_missed: broadcast::Sender<Begun>,
) {
    let mut open: Option<Open> = None;
    let mut alive = tokio::time::interval(HISTORY_ALIVE);
    alive.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        let view = line.borrow_and_update().clone();
        let before = open.as_ref().map(|open| open.id.clone());
        let account = session.user().borrow().as_ref().map(|user| user.id.clone());
        let missed = follow(&history, account, &mut open, view.as_ref()).await.unwrap_or_else(|error| {
            tracing::warn!(code = error.code(), "a call is not in the history");
            open = None;
            None
        });
        if before != open.as_ref().map(|open| open.id.clone()) {
            changed().await;
        }
        if let Some(missed) = missed {
            // Nobody listening is no fault.
            tell_missed.send(missed).ok();
        }
        tokio::select! {
            more = line.changed() => if more.is_err() { break },
            _ = alive.tick(), if open.is_some() => {}
        }
    }
}

/// Writes down what there is of the line's call now; gives one that was missed.
async fn follow(
    history: &History,
    account: Option<String>,
    open: &mut Option<Open>,
    view: Option<&LineView>,
) -> Result<Option<Begun>, HistoryError> {
    let now = wall_clock();
    let view = view.map(|view| (view.state == CallState::Ended, CallView::from(view)));
    // Another call, or none: the one before was ended in between.
    if let Some(gone) = open.take_if(|open| view.as_ref().is_none_or(|(_, view)| view.id != open.id)) {
        let duration = gone.connected_at.map(|since| u32::try_from(now - since).unwrap_or(0));
        history.end(&gone.account, &gone.id, now, duration, "HUNG_UP").await?;
    }
    let Some((ended, view)) = view else { return Ok(None) };
    if open.is_none() {
        // Nobody is signed in any more, or this is the picture of a call that was written down to its end.
        let (Some(account), false) = (account, ended) else { return Ok(None) };
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
    let Some(current) = open.as_mut() else { return Ok(None) };
    if let Some(since) = view.connected_for_ms {
        current.connected_at.get_or_insert(now - UnixMs::from(since));
    }
    if ended {
        let reason = view.reason.as_ref().map_or("HUNG_UP", |reason| reason.code.as_str());
        let (account, id) = (current.account.clone(), current.id.clone());
        *open = None;
        history.end(&account, &id, now, view.duration_ms, reason).await
    } else {
        history.alive(&current.account, &current.id, now, current.connected_at).await?;
        Ok(None)
    }
}

/// Asks the server for calls that were missed here and elsewhere. Gives those that are news, the newest last.
pub(crate) async fn merge(history: &History, session: &Session, account: &str) -> Result<Vec<Begun>, crate::Problem> {
    let from = history.merge_from(account).await?;
    let since = from.map(write_time);
    let mut newest = from.unwrap_or_default();
    let mut next: Option<String> = None;
    let mut news = Vec::new();
    for _ in 0..HISTORY_MERGE_PAGES {
        let mut query = vec![("limit", "200")];
        query.extend(since.as_deref().map(|since| ("since", since)));
        query.extend(next.as_deref().map(|next| ("before", next)));
        let answer: CallsAnswer = session.call(Method::GET, "calls", &query, None::<&()>).await?;
        let times = answer.calls.iter().filter_map(|call| parse_time(&call.started_at));
        newest = times.fold(newest, UnixMs::max);
        let missed = answer.calls.into_iter().filter(|call| call.kind == CallKind::Missed).filter_map(missed_call);
        // What an account had missed before it ever was on this computer is no news here.
        let taken = history.take_missed(account, &missed.collect::<Vec<_>>(), from.is_some()).await?;
        news.extend(taken.into_iter().filter(|_| from.is_some()));
        next = answer.next;
        if next.is_none() {
            break;
        }
    }
    history.merged(account, newest).await?;
    news.sort_by_key(|call| call.at);
    Ok(news)
}

/// A call of the server's list; none without a time.
fn missed_call(call: CallRecord) -> Option<Begun> {
    let at = parse_time(&call.started_at)?;
    let care4w_id = call.care4w_id.map(|id| id.to_string());
    let number = call.number.map(|full| PhoneNumber::parse(&full, None).map_or(full, |number| number.international()));
    // Of a number that was withheld the server's words are all there is.
    let detail = number.or_else(|| care4w_id.clone()).unwrap_or_else(|| call.display_name.clone());
    let name = Some(call.display_name).filter(|name| *name != detail);
    Some(Begun { id: call.call_id, direction: CallDirection::Incoming, name, detail, care4w_id, at })
}
