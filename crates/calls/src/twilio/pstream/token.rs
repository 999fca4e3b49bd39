//! The access token: fetched once at a time, renewed before it ends.

use std::time::{Duration, Instant};

use care4w_protocol::Secret;

use super::{AccessToken, Fault, Link, Output, PStream, REFUSED_TOKENS, Status, TokenProblem};
use crate::twilio::{edges, frames};

/// Renewed this long before its end, and a short one, which lasts less than four times that, in its last quarter: fetching
/// takes its time on a busy machine, and has to be tried more than once where the server is away.
const EARLY: Duration = Duration::from_secs(300);

/// The same with a call, whose sound a renewal can interrupt (TWILIO.md §4). Twilio's own client warns 10 s before.
const IN_CALL: Duration = Duration::from_secs(60);

/// After a renewal that failed; at least four times in the last quarter of a short one.
const AGAIN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Token {
    pub text: Secret<String>,
    ends: Instant,
    lasts: Duration,
    not_before: Option<Instant>,
}

impl Token {
    pub fn is_good(&self, now: Instant) -> bool {
        now + Duration::from_secs(1) < self.ends
    }

    fn renew_at(&self, in_call: bool) -> Instant {
        let before = if in_call { IN_CALL } else { EARLY };
        let at = self.ends - before.min(self.lasts / 4);
        self.not_before.map_or(at, |not_before| at.max(not_before))
    }
}

impl PStream {
    /// When a new token is due.
    pub(super) fn renew_at(&self) -> Option<Instant> {
        let wanted = !self.fetching && matches!(self.link, Link::Listening | Link::Up);
        self.token.as_ref().filter(|_| wanted).map(|token| token.renew_at(!self.talks.is_empty()))
    }

    pub(super) fn fetch(&mut self) {
        if !std::mem::replace(&mut self.fetching, true) {
            self.say(Output::FetchToken);
        }
    }

    pub(super) fn take_token(&mut self, token: Result<AccessToken, TokenProblem>, now: Instant) {
        if !std::mem::replace(&mut self.fetching, false) || self.link == Link::Stopped {
            return;
        }
        match token {
            Ok(token) => self.use_token(token, now),
            Err(_) if self.link != Link::Fetching => {
                if let Some(kept) = &mut self.token {
                    kept.not_before = Some(now + AGAIN.min(kept.lasts / 20));
                }
            }
            Err(TokenProblem::Never) => self.stop(Status::Failed(Fault::NoToken)),
            Err(TokenProblem::Later) => self.lost(now),
        }
    }

    fn use_token(&mut self, token: AccessToken, now: Instant) {
        let addresses = edges::addresses(token.gateway.as_deref(), token.edge.as_deref());
        if addresses != self.addresses {
            self.addresses = addresses;
            self.at = 0;
            self.twilios = token.gateway.is_none();
        }
        let listen = frames::listen(token.text.expose());
        let ends = now + token.expires_in;
        self.token = Some(Token { text: token.text, ends, lasts: token.expires_in, not_before: None });
        match self.link {
            Link::Fetching => self.connect(now),
            Link::Up => self.transmit(listen),
            _ => {}
        }
    }

    /// The gateway says when the token ends, too: what ends first counts.
    pub(super) fn token_ends(&mut self, after: Option<Duration>, now: Instant) {
        if let (Some(token), Some(after)) = (&mut self.token, after) {
            token.ends = token.ends.min(now + after);
        }
    }

    /// The gateway does not take the token: a fresh one is tried, and no more than that.
    pub(super) fn token_refused(&mut self, now: Instant) {
        if self.token.take().is_none() {
            return;
        }
        self.refused += 1;
        if self.refused >= REFUSED_TOKENS {
            return self.stop(Status::Failed(Fault::NotAccepted));
        }
        self.drop_socket(now);
        self.link = Link::Fetching;
        self.fetch();
    }
}
