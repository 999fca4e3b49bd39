//! How a double is started.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::{Account, Telephone};

/// Settings of a double; [`Settings::default`] listens on a free port of this machine and knows no server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens, for `ws` and `wss` alike; media ends are at the same address.
    pub listen: SocketAddr,
    /// Whose gateway it plays.
    pub account: Account,
    /// How often it sends a heartbeat.
    pub heartbeat: Duration,
    /// How long a client may leave a heartbeat unanswered before its connection is closed.
    pub patience: Duration,
    /// The TwiML application's voice URL as Twilio knows it: what signatures are made for. Without one, calls follow the
    /// client's own `To` parameter.
    pub voice_url: Option<String>,
    /// Where requests to that host really go, where a proxy would stand in between: `http://127.0.0.1:8080`.
    pub voice_origin: Option<String>,
    /// Whether the gateway speaks G.711 alone; else Opus too.
    pub pcmu_alone: bool,
    /// Telephones that were given no behaviour of their own.
    pub telephone: Telephone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            account: Account::default(),
            heartbeat: Duration::from_secs(5),
            patience: Duration::from_secs(12),
            voice_url: None,
            voice_origin: None,
            pcmu_alone: false,
            telephone: Telephone { rings: Some(Duration::ZERO), ..Telephone::default() },
        }
    }
}
