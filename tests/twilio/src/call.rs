//! A call, as a test holds it.

use std::{net::SocketAddr, sync::Arc};

use serde_json::Value;
use uuid::Uuid;

use crate::{
    Heard, Sound,
    house::{House, Leg, LegEvent},
    media::Source,
    wire,
};

/// What has become of a call to or from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// Nobody answered yet.
    Ringing,
    /// It is answered: by the client, if it is an incoming call, else by the one who was dialled or by Twilio itself.
    Answered,
    /// It is over.
    Ended,
}

/// The gateway's end of one client's call. A call from client to client has two.
#[derive(Clone)]
pub struct Call {
    pub(crate) house: Arc<House>,
    pub(crate) sid: String,
}

impl Call {
    /// `CA` and 32 hexadecimal digits.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.sid
    }

    fn look<T>(&self, read: impl FnOnce(&Leg) -> T) -> T {
        let state = self.house.look();
        // Legs are kept until the double is gone.
        read(state.legs.get(&self.sid).expect("a call is never forgotten"))
    }

    /// What has become of it.
    #[must_use]
    pub fn state(&self) -> CallState {
        self.look(|leg| leg.state)
    }

    /// The client's identity.
    #[must_use]
    pub fn identity(&self) -> String {
        self.look(|leg| leg.identity.clone())
    }

    /// Who calls: `client:` and an identity, or a number.
    #[must_use]
    pub fn from(&self) -> String {
        self.look(|leg| leg.from.clone())
    }

    /// Who is called.
    #[must_use]
    pub fn to(&self) -> String {
        self.look(|leg| leg.to.clone())
    }

    /// Whether the client is called.
    #[must_use]
    pub fn is_incoming(&self) -> bool {
        self.look(|leg| leg.incoming)
    }

    /// The custom parameters: the client's own, or those for it.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        self.look(|leg| leg.parameters.clone())
    }

    /// What came from the client so far.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.look(|leg| leg.media.clone()).heard()
    }

    /// Where the gateway's media end of it is, and from where the client sends to that, once it does.
    #[must_use]
    pub fn media_addresses(&self) -> (SocketAddr, Option<SocketAddr>) {
        self.look(|leg| leg.media.clone()).addresses()
    }

    /// Begins the recording anew.
    pub fn forget_heard(&self) {
        self.look(|leg| leg.media.clone()).forget();
    }

    /// Digits that came by message, in the order in which they came.
    #[must_use]
    pub fn digits(&self) -> String {
        self.look(|leg| leg.digits.clone())
    }

    /// User messages of the client's.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        self.look(|leg| leg.messages.clone())
    }

    /// How often the client restarted ICE by `reinvite`.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.look(|leg| leg.restarts)
    }

    /// How often it took the call up again on a new stream.
    #[must_use]
    pub fn reconnects(&self) -> u32 {
        self.look(|leg| leg.reconnects)
    }

    /// Plays this to the client from now on, then silence.
    pub fn play(&self, sound: Sound) {
        self.look(|leg| leg.media.clone()).send(Source::Play(Arc::new(sound)));
    }

    /// Sends back what the client says from now on.
    pub fn echo(&self) {
        self.look(|leg| leg.media.clone()).send(Source::Echo);
    }

    /// The other side presses keys: `0`–`9`, `*`, `#`, `A`–`D`. A client hears them in the sound if it takes such.
    pub fn press(&self, digits: &str) {
        self.look(|leg| leg.media.clone()).press(digits);
    }

    /// The media path dies, or comes back: checks are not answered and no packet passes.
    pub fn drop_media(&self, drop: bool) {
        self.look(|leg| leg.media.clone()).set_dropping(drop);
    }

    /// The other side hangs up, or declines if nobody answered.
    pub fn hang_up(&self) {
        self.happens(LegEvent::Remote(None));
    }

    /// The same, and the client is told this code (`TWILIO.md`, 7).
    pub fn hang_up_with(&self, code: u32) {
        self.happens(LegEvent::Remote(Some(code)));
    }

    /// The telephone that rings answers.
    pub fn answer_outside(&self) {
        self.happens(LegEvent::AnswerOutside);
    }

    /// Who calls the client gives up before it answered.
    pub fn cancel(&self) {
        self.happens(LegEvent::Cancel);
    }

    /// Sends the client a user message.
    pub fn send_message(&self, content: &Value) {
        let event = format!("KX{}", Uuid::new_v4().simple());
        self.house.tell(&self.sid, wire::user_message(&self.sid, &event, content));
    }

    fn happens(&self, event: LegEvent) {
        // A call that is over takes no more events.
        self.look(|leg| leg.events.clone()).send((self.sid.clone(), event)).ok();
    }
}

pub(crate) fn new_sid() -> String {
    format!("CA{}", Uuid::new_v4().simple())
}

pub(crate) fn new_reconnect_token() -> String {
    format!("reconnect.{}", Uuid::new_v4().simple())
}
