//! One call at the gateway.

use std::time::{Duration, Instant};

use care4w_protocol::CallId;

use crate::defaults::RESTART_RETRY;
use crate::twilio::frames::RECONNECT_TIMEOUT;

/// How long a new call waits for a gateway that is not there.
pub(in crate::twilio) const DIAL_PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Outgoing: this end's offer is being made.
    Offering,
    /// Outgoing: the offer waits for the gateway.
    Waiting,
    /// Outgoing: the invitation was sent.
    Inviting,
    /// Incoming: it rings here.
    Alerting,
    /// Incoming: the answer is being made.
    Answering,
    /// Incoming: the answer was sent.
    Answered,
}

/// Where looking for a new path stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Restart {
    None,
    /// The offer is being made.
    Offering,
    /// The offer, and whether the gateway was sent it.
    Offered {
        sdp: String,
        sent: bool,
    },
    /// Answered: the path gets this long.
    Answered {
        again_at: Instant,
    },
}

#[derive(Debug)]
pub(super) struct Talk {
    pub call: CallId,
    pub outgoing: bool,
    /// Its name at the gateway: this end's own until the gateway gave another.
    pub sid: String,
    /// Whether the gateway gave it.
    pub named: bool,
    pub phase: Phase,
    pub params: Vec<(String, String)>,
    /// This end's description that is in use.
    pub local: Option<String>,
    /// With it the call can be taken up on a new socket.
    pub reconnect: Option<String>,
    /// Whether the other end's description was applied.
    pub described: bool,
    pub rang: bool,
    pub answered: bool,
    pub path_up: bool,
    pub path_lost: bool,
    pub heard: bool,
    /// Whether the next `answer` is about taking the call up again.
    pub rejoining: bool,
    pub restart: Restart,
    pub patience: Option<Instant>,
    pub lost_at: Option<Instant>,
}

impl Talk {
    pub fn outgoing(call: CallId, params: Vec<(String, String)>, now: Instant) -> Self {
        let mut talk = Self::new(call, format!("TJS{call}"), Phase::Offering);
        talk.outgoing = true;
        talk.params = params;
        talk.patience = Some(now + DIAL_PATIENCE);
        talk
    }

    pub fn incoming(call: CallId, sid: String, reconnect: Option<String>) -> Self {
        let mut talk = Self::new(call, sid, Phase::Alerting);
        talk.named = true;
        talk.described = true;
        talk.reconnect = reconnect;
        talk
    }

    fn new(call: CallId, sid: String, phase: Phase) -> Self {
        Self {
            call,
            outgoing: false,
            sid,
            named: false,
            phase,
            params: Vec::new(),
            local: None,
            reconnect: None,
            described: false,
            rang: false,
            answered: false,
            path_up: false,
            path_lost: false,
            heard: false,
            rejoining: false,
            restart: Restart::None,
            patience: None,
            lost_at: None,
        }
    }

    /// Whether the gateway knows of it.
    pub fn is_known(&self) -> bool {
        !matches!(self.phase, Phase::Offering | Phase::Waiting)
    }

    /// When its signalling has been away for too long.
    pub fn lost_until(&self) -> Option<Instant> {
        self.lost_at.map(|at| at + RECONNECT_TIMEOUT)
    }

    /// When a path that is still lost is looked for once more.
    pub fn again_at(&self) -> Option<Instant> {
        match self.restart {
            Restart::Answered { again_at } if self.path_lost => Some(again_at),
            _ => None,
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        [self.patience, self.lost_until(), self.again_at()].into_iter().flatten().min()
    }

    /// The gateway took the offer for a new path.
    pub fn restarted(&mut self, now: Instant) {
        if let Restart::Offered { sdp, .. } =
            std::mem::replace(&mut self.restart, Restart::Answered { again_at: now + RESTART_RETRY })
        {
            self.local = Some(sdp);
        }
    }
}
