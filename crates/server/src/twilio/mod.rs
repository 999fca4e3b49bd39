//! Calls over Twilio Voice: access tokens for clients, what Twilio is to do with a call, and "ring my phone".
//!
//! The protocol is what TWILIO.md says of it; against the live service it is not confirmed yet (docs/twilio.md).

pub mod access_token;
pub mod dial_plan;
pub mod http;
pub mod progress;
pub mod rest;
pub mod ring;
pub mod settings;
pub mod signature;
pub mod twiml;
pub mod voice;
pub mod webhook;

use std::sync::Arc;

use care4w_protocol::CallId;
use tokio::sync::Mutex;

use crate::defaults;
use crate::store::{TalkCap, UnixMs};
use http::TlsError;
use settings::VoiceSettings;

/// In a callback's address: the call that it is about.
const CALL: &str = "call";
/// And which end of it.
const LEG: &str = "leg";

/// Calls over Twilio, on a server that has them.
pub struct TwilioVoice {
    settings: VoiceSettings,
    public_url: String,
    calls: Arc<rest::Calls>,
    /// Held while an event is taken in.
    turn: Mutex<()>,
}

impl TwilioVoice {
    /// Prepares it; asks Twilio nothing yet. `own_url` is where this server listens.
    pub fn new(settings: VoiceSettings, own_url: String) -> Result<Self, TlsError> {
        Ok(Self {
            calls: Arc::new(rest::Calls::new(&settings)?),
            public_url: settings.public_url.clone().unwrap_or(own_url),
            settings,
            turn: Mutex::new(()),
        })
    }

    /// As configured.
    pub fn settings(&self) -> &VoiceSettings {
        &self.settings
    }

    /// Where Twilio reaches this server.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// What a user may talk to numbers from now on.
    fn cap(&self, now: UnixMs) -> TalkCap {
        let day = UnixMs::try_from(defaults::DAY.as_millis()).unwrap_or(UnixMs::MAX);
        TalkCap {
            secs: u64::from(self.settings.minutes_a_day) * 60,
            secs_a_call: u64::from(self.settings.minutes_a_call) * 60,
            since: now.saturating_sub(day),
        }
    }

    /// Where Twilio asks or tells of a call.
    fn callback(&self, webhook: &str, call: CallId, leg: &str) -> String {
        format!("{}/api/webhooks/twilio/{webhook}?{CALL}={call}&{LEG}={leg}", self.public_url)
    }
}

#[cfg(test)]
pub(crate) fn settings_for_tests() -> VoiceSettings {
    let sid = |begins: &str| Some(format!("{begins}{:032x}", 0xabc));
    let given = settings::Twilio {
        account: sid("AC"),
        key: sid("SK"),
        secret: Some("hush".to_owned().into()),
        auth_token: Some("hush too".to_owned().into()),
        application: sid("AP"),
        caller_id: Some("+12025550143".into()),
        ..settings::Twilio::default()
    };
    given.voice(None).expect("it is whole").expect("it is wanted")
}
