//! "Ring my phone": the server has Twilio call the user's own telephone, and then the destination's.

use std::sync::Arc;
use std::time::Instant;

use care4w_calls::LineError;
use care4w_phone::Destination;
use care4w_protocol::twilio::{PhoneCall, RingRequest};
use care4w_protocol::{CallId, ErrorCode};
use reqwest::Method;

use super::{Inner, Phone, events};
use crate::Problem;
use crate::api::RequestError;
use crate::app_state::{CallDirection, CallPeer, RingState, RingView};
use crate::dialling::read;
use crate::history::{self, Begun};

/// What the picture of such a call does not show.
#[derive(Default)]
pub(super) struct Ring {
    /// What was told while the server had not yet said which call it is.
    news: Vec<PhoneCall>,
    /// The person took it back before that.
    cancelled: bool,
    connected: Option<Instant>,
}

impl Phone {
    /// Has the user's own, proved telephone rung and then connected with a number. Returns when the server has begun it;
    /// [`crate::AppState::ring`] tells how it goes on.
    ///
    /// # Errors
    /// As [`Phone::dial`], and `NOT_A_NUMBER` for an id, `FORBIDDEN` (the own number is not proved, or the destination is
    /// not called), `TWILIO_NOT_ACTIVE`, `RING_UNAVAILABLE`, `RING_REFUSED`, `RATE_LIMITED`.
    pub async fn ring_my_phone(&self, text: &str, country: Option<&str>) -> Result<(), Problem> {
        let region = self.region(country)?;
        let destination = read(text, Some(region))?;
        let Destination::Number(number) = &destination else {
            let sentence = "Your phone can be connected with a phone number, not with a Care4W ID.";
            return Err(Problem::new("NOT_A_NUMBER", sentence));
        };
        self.can_call()?;
        let inner = &self.inner;
        let name = self.find(&destination).await.ok().flatten().map(|person| (person.name, person.care4w_id));
        let (name, care4w_id) = name.map_or((None, None), |(name, id)| (Some(name), Some(id.to_string())));
        let peer = CallPeer { name, detail: number.number.international(), care4w_id };
        let busy = inner.line.view().borrow().as_ref().is_some_and(|view| view.state != care4w_calls::CallState::Ended);
        let begun = {
            let mut ring = inner.ring();
            let begun = inner.state.send_if_modified(|state| {
                if busy || state.ring.as_ref().is_some_and(RingView::goes_on) {
                    return false;
                }
                let own_number = state.phone.number.clone().unwrap_or_default();
                state.ring = Some(RingView { id: None, peer, own_number, state: RingState::CallingYou, reason: None });
                true
            });
            if begun {
                *ring = Ring::default();
            }
            begun
        };
        if !begun {
            return Err(LineError::Busy.into());
        }
        let body = RingRequest { to: number.number.full().to_owned(), country_code: None, caller_id: None };
        let answer: Result<PhoneCall, RequestError> =
            inner.session.call(Method::POST, "twilio/ring", &[], Some(&body)).await;
        match answer {
            Ok(call) => {
                inner.ring_begun(&call).await;
                Ok(())
            }
            Err(error) => {
                inner.state.send_modify(|state| state.ring = None);
                Err(not_rung(error))
            }
        }
    }

    /// Takes it back, or hangs up.
    ///
    /// # Errors
    /// `NO_CALL`; `UNAVAILABLE` and `OFFLINE` when it goes on.
    pub async fn ring_cancel(&self) -> Result<(), Problem> {
        // Said before it is asked whether there is an id: whoever learns the id asks afterwards whether this was said.
        self.inner.ring().cancelled = true;
        let id = {
            let state = self.inner.state.borrow();
            let ring = state.ring.as_ref().filter(|ring| ring.goes_on()).ok_or(LineError::NoCall)?;
            ring.id.clone()
        };
        match id {
            Some(id) => self.inner.ring_end(&id).await,
            None => Ok(()),
        }
    }

    /// Takes the picture of one that is over away.
    pub fn ring_dismiss(&self) {
        self.inner.state.send_if_modified(|state| {
            let over = state.ring.as_ref().is_some_and(|ring| !ring.goes_on());
            over && state.ring.take().is_some()
        });
    }
}

/// Why the user's own telephone does not ring, in words about that.
fn not_rung(error: RequestError) -> Problem {
    if error.is(ErrorCode::Unavailable) {
        Problem::new("RING_UNAVAILABLE", "Your phone can't be called right now. Try again in a moment.")
    } else if error.is(ErrorCode::InvalidPhone) {
        Problem::new("RING_REFUSED", "Your phone can't be called. Check your own number in the settings.")
    } else {
        error.into()
    }
}

impl Inner {
    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().expect("no one panics with the ring locked")
    }

    /// The server says which call it is, and devices may have heard more of it meanwhile.
    async fn ring_begun(self: &Arc<Self>, call: &PhoneCall) {
        let id = call.call.to_string();
        let peer = self.state.borrow().ring.as_ref().map(|ring| ring.peer.clone());
        // First, so that its end cannot be written before its beginning.
        if let (Some(peer), Ok((history, account))) = (peer, self.history()) {
            let CallPeer { name, detail, care4w_id } = peer;
            let (direction, at) = (CallDirection::Outgoing, history::wall_clock());
            let begun = Begun { id: id.clone(), direction, name, detail, care4w_id, at };
            if let Err(error) = history.begin(&account, &begun).await {
                tracing::warn!(code = error.code(), "a call is not in the history");
            }
            self.history_changed().await;
        }
        let news = {
            // Held, so that nothing is put by for a call that has its id meanwhile.
            let mut ring = self.ring();
            self.state.send_modify(|state| {
                if let Some(ring) = &mut state.ring {
                    ring.id = Some(id.clone());
                }
            });
            std::mem::take(&mut ring.news)
        };
        self.ring_news(call.clone());
        for news in news {
            self.ring_news(news);
        }
        let cancelled = self.ring().cancelled;
        if cancelled && let Err(problem) = self.ring_end(&id).await {
            tracing::warn!(code = problem.code, "a call that was taken back could not be ended");
        }
    }

    /// How a call of this user's goes on; it may be one of another device.
    pub(super) fn ring_news(self: &Arc<Self>, call: PhoneCall) {
        let id = call.call.to_string();
        let (mut ended, mut unnamed) = (None, false);
        let mut ring = self.ring();
        self.state.send_if_modified(|state| {
            let Some(ring) = state.ring.as_mut().filter(|ring| ring.goes_on()) else { return false };
            unnamed = ring.id.is_none();
            let further = ring.id.as_ref() == Some(&id) && ring.advance(call.progress);
            ended = ring.reason.as_ref().filter(|_| further).map(|reason| reason.code.clone());
            further
        });
        if unnamed {
            ring.news.push(call);
            return;
        }
        if self.state.borrow().ring.as_ref().is_some_and(|ring| ring.state == RingState::Connected) {
            ring.connected.get_or_insert_with(Instant::now);
        }
        if let Some(reason) = ended {
            let talked =
                ring.connected.take().map(|since| u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX));
            events::spawn(self, |inner| async move {
                let Ok((history, account)) = inner.history() else { return };
                if let Err(error) = history.end(&account, &id, history::wall_clock(), talked, &reason).await {
                    tracing::warn!(code = error.code(), "the end of a call is not in the history");
                }
                inner.history_changed().await;
            });
        }
    }

    async fn ring_end(self: &Arc<Self>, id: &str) -> Result<(), Problem> {
        let path = format!("twilio/ring/{id}");
        let call: PhoneCall = self.session.call(Method::DELETE, &path, &[], None::<&()>).await?;
        self.ring_news(call);
        Ok(())
    }

    /// What was told while this device was away.
    pub(super) async fn ring_refresh(self: &Arc<Self>) {
        let id = self.state.borrow().ring.as_ref().filter(|ring| ring.goes_on()).and_then(|ring| ring.id.clone());
        let Some(id) = id.filter(|id| id.parse::<CallId>().is_ok()) else { return };
        let path = format!("twilio/ring/{id}");
        let answer: Result<PhoneCall, RequestError> = self.session.call(Method::GET, &path, &[], None::<&()>).await;
        match answer {
            Ok(call) => self.ring_news(call),
            Err(error) => tracing::debug!(code = error.code(), "how the call goes on is not known"),
        }
    }
}
