//! What happens without anybody asking: the kept session, the connection's news, the line's news.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use care4w_calls::{BackendName, CallState as LineState, EndReason};
use care4w_phone::{Care4wId, PhoneNumber};
use care4w_protocol::rest::{PhoneAnswer, PhoneAvailability, PhoneRequest, Settings, SettingsAnswer, User};
use care4w_protocol::signal::{ClientMessage, Refusal, ServerMessage};
use futures_util::future::BoxFuture;
use reqwest::Method;
use tokio::sync::mpsc;

use super::{Inner, twilio};
use crate::Problem;
use crate::api::RequestError;
use crate::app_state::{
    CallDirection, CallView, CodeState, ConnectionState, PhoneState, SessionState, SessionStatus, VerificationMode,
};
use crate::connection::ConnectionEvent;
use crate::defaults::{CODE_LIVES, CODE_RESEND_AFTER};
use crate::history::{self, Begun};
use crate::phone_prompt::{Dismissal, Input};

/// The store's key of an account's dismissal.
pub(super) fn dismissal_key(account: &str) -> String {
    format!("phonePrompt/{account}")
}

pub(super) async fn run(inner: Arc<Inner>, mut connection: mpsc::UnboundedReceiver<ConnectionEvent>) {
    let mut user = inner.session.user();
    let mut call = inner.line.view();
    match inner.session.restore().await {
        Ok(None) => inner.signed_out(None),
        Ok(Some(_)) => {}
        Err(error) => {
            tracing::warn!(code = error.code(), "the kept session could not be read");
            inner.signed_out(Some(error.into()));
        }
    }
    spawn(&inner, |inner| async move {
        if inner.ask_config().await.is_err() {
            inner.state.send_modify(|state| {
                if state.connection == ConnectionState::Connecting {
                    state.connection = ConnectionState::Offline;
                }
            });
        } else if inner.state.borrow().session.user.is_none() {
            inner.state.send_modify(|state| state.connection = ConnectionState::Online);
        }
    });
    let mut shown: Option<User> = None;
    loop {
        let now = user.borrow_and_update().clone();
        if now != shown {
            match &now {
                // The same user by another name.
                Some(user) if shown.as_ref().is_some_and(|shown| shown.id == user.id) => {
                    inner.state.send_modify(|state| state.session.user = Some(user.clone().into()));
                }
                Some(user) => signed_in(&inner, user),
                None => {
                    inner.connection.stop();
                    inner.end_call(EndReason::SignedOut);
                    inner.signed_out(None);
                    inner.follow_twilio();
                }
            }
            shown = now;
        }
        tokio::select! {
            event = connection.recv() => match event {
                Some(event) => connection_event(&inner, event).await,
                None => return,
            },
            changed = call.changed() => {
                if changed.is_err() { return; }
                let view = call.borrow_and_update().clone();
                let running = view.as_ref().is_some_and(|view| view.state != LineState::Ended);
                inner.state.send_modify(|state| state.call = view.as_ref().map(CallView::from));
                inner.prompt(if running { Input::CallBegan } else { Input::CallEnded });
            }
            changed = user.changed() => if changed.is_err() { return; },
        }
    }
}

/// Writes down the calls of the line, on a phone that keeps them.
pub(super) fn record_calls(inner: &Arc<Inner>) -> Option<tokio::task::JoinHandle<()>> {
    let history = inner.history.clone()?;
    let (session, line) = (inner.session.clone(), inner.line.view());
    let (inner, missed) = (inner.clone(), inner.missed.clone());
    Some(tokio::spawn(async move {
        let changed = move || -> BoxFuture<'static, ()> {
            let inner = inner.clone();
            Box::pin(async move { inner.history_changed().await })
        };
        history::record(history, session, line, changed, missed).await;
    }))
}

pub(super) fn spawn<F: Future<Output = ()> + Send + 'static>(inner: &Arc<Inner>, task: impl FnOnce(Arc<Inner>) -> F) {
    let handle = tokio::spawn(task(inner.clone()));
    let mut tasks = inner.tasks.lock().expect("no one panics with the tasks locked");
    tasks.retain(|task| !task.is_finished());
    tasks.push(handle);
}

fn signed_in(inner: &Arc<Inner>, user: &User) {
    inner.leaving.store(false, Ordering::SeqCst);
    inner.lookups.lock().expect("no one panics with the lookups locked").clear();
    inner.state.send_modify(|state| {
        state.session.status = SessionStatus::SignedIn;
        state.session.user = Some(user.clone().into());
        state.phone = PhoneState::default();
    });
    let dismissal: Option<Dismissal> =
        inner.store.get(&dismissal_key(&user.id)).and_then(|value| serde_json::from_value(value).ok());
    inner.prompt(Input::SignedIn(dismissal));
    if inner.connect {
        inner.state.send_modify(|state| state.connection = ConnectionState::Connecting);
        inner.connection.start();
    }
    if inner.knows_server.load(Ordering::SeqCst) {
        inner.follow_twilio();
    }
    spawn(inner, |inner| async move { inner.refresh_settings().await });
    spawn(inner, |inner| async move { inner.history_changed().await });
}

async fn connection_event(inner: &Arc<Inner>, event: ConnectionEvent) {
    match event {
        ConnectionEvent::Online => {
            inner.state.send_modify(|state| state.connection = ConnectionState::Online);
            spawn(inner, |inner| async move {
                if let Err(error) = inner.ask_config().await {
                    tracing::debug!(code = error.code(), "the server did not say what it can");
                }
                // The sign-in has asked already; this is for a server that could not be reached then.
                if !inner.state.borrow().phone.known && inner.asking.try_lock().is_ok() {
                    inner.refresh_settings().await;
                }
                inner.ring_refresh().await;
                inner.merge_history().await;
                inner.ice.prepare().await;
            });
        }
        ConnectionEvent::Offline => inner.state.send_modify(|state| state.connection = ConnectionState::Offline),
        // Calls with a living path go on; those that were being set up run into their own time limits. One that rings here
        // is one that the server does not know any more.
        ConnectionEvent::SessionLost => {
            tracing::info!("the server began a new signalling session");
            let rings = inner
                .line
                .view()
                .borrow()
                .as_ref()
                .is_some_and(|view| view.state == LineState::Incoming && view.backend == BackendName::P2p);
            if rings {
                inner.end_call(EndReason::Missed);
            }
        }
        ConnectionEvent::SignedOut => {
            if let Err(error) = inner.session.forget().await {
                tracing::warn!(code = error.code(), "an ended session could not be removed from the keychain");
            }
            if !inner.leaving.load(Ordering::SeqCst) {
                inner.state.send_modify(|state| state.session.notice = Some(RequestError::SignedOut.into()));
            }
        }
        ConnectionEvent::Message(ServerMessage::SettingsChanged) => {
            inner.lookups.lock().expect("no one panics with the lookups locked").clear();
            inner.blocked_changed();
            spawn(inner, |inner| async move { inner.refresh_settings().await });
        }
        ConnectionEvent::Message(ServerMessage::Missed { call, from, at }) => {
            let at = history::time_of(&at);
            let (id, detail) = (call.to_string(), from.care4w_id.to_string());
            let care4w_id = Some(detail.clone());
            let (direction, name) = (CallDirection::Incoming, Some(from.display_name));
            let missed = Begun { id, direction, name, detail, care4w_id, at };
            spawn(inner, |inner| async move { inner.note_missed(missed).await });
        }
        ConnectionEvent::Message(ServerMessage::PhoneCall(call)) => inner.ring_news(call),
        ConnectionEvent::Message(ServerMessage::Invite { call, from, .. }) if !inner.rings_for(&from.care4w_id) => {
            inner.connection.send(ClientMessage::Refuse { call, reason: Refusal::Busy });
        }
        ConnectionEvent::Message(message) => {
            if let ServerMessage::Refused { call: Some(call), error } = &message {
                inner.twilio.refused(*call, twilio::refusal(error));
            }
            inner.p2p.handle_signal(message);
        }
    }
}

impl Inner {
    fn rings_for(&self, caller: &Care4wId) -> bool {
        self.takes_calls || self.calling.lock().expect("no one panics with the callee locked").as_ref() == Some(caller)
    }

    pub(super) fn signed_out(&self, notice: Option<Problem>) {
        self.prompt(Input::SignedOut);
        self.state.send_modify(|state| {
            let notice = notice.or_else(|| state.session.notice.clone());
            state.session = SessionState { status: SessionStatus::SignedOut, user: None, notice };
            state.history.missed = 0;
            state.ring = None;
            state.phone = PhoneState::default();
        });
    }

    pub(super) fn end_call(&self, reason: EndReason) {
        let line = self.line.clone();
        tokio::spawn(async move {
            if let Err(error) = line.end(reason).await {
                tracing::trace!(code = error.code(), "no call had to end");
            }
        });
    }

    /// Asks for the user's settings; the prompt learns what they say.
    pub(super) async fn refresh_settings(&self) {
        let _asking = self.asking.lock().await;
        let answer: Result<SettingsAnswer, _> =
            self.session.call(Method::GET, "users/settings", &[], None::<&()>).await;
        match answer {
            Ok(answer) => self.take_settings(&answer.settings).await,
            Err(error) => {
                tracing::debug!(code = error.code(), "the settings could not be asked for");
                self.prompt(Input::CheckFailed);
            }
        }
    }

    pub(super) async fn take_settings(&self, settings: &Settings) {
        self.session.rename(&settings.care4w_id, &settings.display_name).await;
        self.state.send_if_modified(|state| {
            let now = settings.discoverable_by_phone.into();
            std::mem::replace(&mut state.phone.discoverable_by_phone, now) != now
        });
        if settings.personal_phone_number.is_none() && settings.pending_phone_number.is_none() {
            match self.was_taken().await {
                Ok(true) => {}
                Ok(false) => self.gave_number_up(),
                Err(error) => {
                    tracing::debug!(code = error.code(), "nobody could be asked where the number went");
                    // It is found out when the server answers again; until then nothing is said of it.
                    self.state.send_modify(|state| state.phone.known = false);
                    return self.prompt(Input::CheckFailed);
                }
            }
        }
        self.take_number(
            settings.personal_phone_number.as_deref(),
            settings.phone_verified,
            settings.pending_phone_number.as_deref(),
        );
    }

    /// Whether the number that was held or claimed here until now went to somebody else. Its user may have removed it on
    /// another device; then it is free.
    async fn was_taken(&self) -> Result<bool, RequestError> {
        let unproved = {
            let state = self.state.borrow();
            // Only what nobody proved can be taken from its holder, by a proof.
            let number = state.phone.number.as_ref().filter(|_| !state.phone.verified);
            let verifies = state.server.verification != VerificationMode::Off;
            state.phone.pending.as_ref().or(number).filter(|_| verifies).cloned()
        };
        let Some(number) = unproved else { return Ok(self.state.borrow().phone.lost.is_some()) };
        let body = PhoneRequest { phone_number: number, country_code: None };
        let answer: PhoneAvailability = self.session.call(Method::POST, "users/phone/check", &[], Some(&body)).await?;
        Ok(!answer.available && !answer.claimable)
    }

    /// The user has removed the number: nobody took it, and there is nothing to be told or asked.
    pub(super) fn gave_number_up(&self) {
        let had_one = {
            let phone = &self.state.borrow().phone;
            phone.number.is_some() || phone.pending.is_some()
        };
        if had_one {
            self.prompt(Input::Removed);
        }
        self.state.send_modify(|state| {
            (state.phone.number, state.phone.pending, state.phone.lost) = (None, None, None);
        });
    }

    pub(super) fn take_answer(&self, answer: &PhoneAnswer) {
        self.take_number(
            answer.personal_phone_number.as_deref(),
            answer.phone_verified,
            answer.pending_phone_number.as_deref(),
        );
    }

    /// The server has sent a code to this number and waits for it; the number that there was stays.
    pub(super) fn take_claim(&self, pending: &str) {
        let (full, verified) = {
            let state = self.state.borrow();
            (state.phone.full.clone(), state.phone.verified)
        };
        self.take_number(full.as_deref().filter(|_| verified).or(Some(pending)), verified, Some(pending));
        self.code_was_sent();
    }

    pub(super) fn code_was_sent(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let after = |time: Duration| u32::try_from((now + time).as_secs()).unwrap_or(u32::MAX);
        let code = CodeState { expires_at: after(CODE_LIVES), resend_at: after(CODE_RESEND_AFTER) };
        self.state.send_modify(|state| state.phone.code = Some(code));
    }

    /// The person has read that somebody else proved the number.
    pub(super) fn told_of_loss(&self) {
        self.state.send_if_modified(|state| state.phone.lost.take().is_some());
    }

    fn take_number(&self, full: Option<&str>, verified: bool, pending: Option<&str>) {
        // A number that nobody proved yet is not the user's number; it only waits.
        let number = full.filter(|full| Some(*full) != pending || verified);
        self.state.send_modify(|state| {
            let before = state.phone.clone();
            state.phone.full = number.map(ToOwned::to_owned);
            state.phone.number = number.map(international);
            state.phone.verified = verified && number.is_some();
            let pending = pending.map(international);
            let gone = number.is_none() && pending.is_none();
            // Only what nobody proved can be taken from its holder.
            let unproved = || before.pending.clone().or(before.number.clone().filter(|_| !before.verified));
            let verifies = state.server.verification != VerificationMode::Off;
            state.phone.lost =
                if gone { before.lost.clone().or_else(|| unproved().filter(|_| verifies)) } else { None };
            if state.phone.pending != pending {
                state.phone.code = None;
            }
            state.phone.pending = pending;
            state.phone.known = true;
        });
        self.prompt(match (number, pending) {
            (_, Some(_)) => Input::Pending,
            (Some(_), None) => Input::HasNumber,
            (None, None) => Input::NoNumber,
        });
    }
}

fn international(full: &str) -> String {
    PhoneNumber::parse(full, None).map_or_else(|_| full.to_owned(), |number| number.international())
}
