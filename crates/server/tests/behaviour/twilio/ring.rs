use care4w_protocol::signal::ServerMessage;
use serde_json::{Value, json};

use care4w_twilio_double::{Double, Outcome, PlacedCall, Telephone};

use super::{CALLER_ID, PUBLIC, attribute, given, history, prove, ring, server_with};
use crate::server::{Person, Server};
use crate::signalling::Socket;

const HERS: &str = "+254712345678";
const THEIRS: &str = "+254700000001";

struct World {
    server: Server,
    double: Double,
    amina: Person,
    socket: Socket,
}

impl World {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut care4w_server::twilio::settings::Twilio)) -> Self {
        let double = super::double().await;
        let mut twilio = given();
        twilio.api_url = Some(double.rest_url().to_owned());
        change(&mut twilio);
        let server = server_with(twilio.voice(Some(PUBLIC)).unwrap().unwrap()).await;
        double.set_voice_url(&format!("{PUBLIC}/api/webhooks/twilio/voice"), Some(&server.running.url()));
        double.set_telephone(HERS, Telephone::ringing());
        double.set_telephone(THEIRS, Telephone::ringing());
        let amina = server.register("amina").await;
        prove(&server, &amina, HERS).await;
        let socket = Socket::of(&server, &amina, "desk").await;
        Self { server, double, amina, socket }
    }

    /// Rings; the call's id and Twilio's call. Her phone rings.
    async fn rings(&mut self) -> (String, PlacedCall) {
        let answer = ring(&self.server, &self.amina, THEIRS).await;
        assert_eq!(answer.status, 201);
        let placed = self.double.placed_calls().pop().unwrap();
        assert_eq!(self.reads().await, state("ringingYou"));
        (answer.data()["call"].as_str().unwrap().to_owned(), placed)
    }

    /// She picks up, and theirs rings.
    async fn picks_up(&mut self, call: &PlacedCall) {
        call.answer();
        assert_eq!(self.reads().await, state("callingThem"));
        assert_eq!(self.reads().await, state("ringingThem"));
    }

    /// Waits until Twilio has it so.
    async fn until(&self, call: &PlacedCall, status: &str) {
        self.double.until(status, || (call.status() == status).then_some(())).await.unwrap();
    }

    fn nothing_was_wrong(&self) {
        assert_eq!(self.double.faults(), []);
    }

    /// What her devices read next of a call.
    async fn reads(&mut self) -> Value {
        match self.socket.hears().await {
            ServerMessage::PhoneCall(call) => {
                let mut call = serde_json::to_value(call).unwrap();
                call.as_object_mut().unwrap().remove("call");
                call
            }
            other => panic!("{other:?}"),
        }
    }

    async fn state(&self, method: &str, call: &str) -> Value {
        self.server.by(&self.amina, method, &format!("/api/twilio/ring/{call}"), None).await.data().clone()
    }
}

fn state(state: &str) -> Value {
    json!({"state": state})
}

fn ended(reason: &str) -> Value {
    json!({"state": "ended", "reason": reason})
}

#[tokio::test]
async fn her_phone_rings_and_then_theirs_and_she_reads_along() {
    let mut world = World::new().await;
    let (call, placed) = world.rings().await;
    assert_eq!(
        (placed.field("To"), placed.field("From"), placed.field("Timeout")),
        (HERS.into(), CALLER_ID.into(), "60".into())
    );
    let fields = placed.fields();
    let events = fields.iter().filter(|(name, _)| name == "StatusCallbackEvent").map(|(_, value)| value.as_str());
    assert_eq!(events.collect::<Vec<_>>(), ["initiated", "ringing", "answered", "completed"]);
    let twiml = placed.field("Twiml");
    assert!(twiml.contains(&format!(">{THEIRS}</Number>")), "{twiml}");
    assert_eq!(attribute(&twiml, "callerId").unwrap(), CALLER_ID);
    world.picks_up(&placed).await;
    assert_eq!(world.state("GET", &call).await["state"], "ringingThem");
    placed.they_answer();
    assert_eq!(world.reads().await, state("connected"));
    assert_eq!(world.state("GET", &call).await["state"], "connected");
    placed.they_hang_up();
    assert_eq!(world.reads().await, ended("finished"));
    let calls = history(&world.server, &world.amina).await;
    assert_eq!((&calls[0]["callId"], &calls[0]["kind"]), (&json!(call), &json!("made")));
    assert_eq!((&calls[0]["number"], calls[0]["durationSecs"].is_u64()), (&json!(THEIRS), true));
    world.nothing_was_wrong();
}

#[tokio::test]
async fn she_takes_it_back_before_she_picks_up_and_hangs_up_after() {
    let mut world = World::new().await;
    for answered in [false, true] {
        let (call, placed) = world.rings().await;
        if answered {
            world.picks_up(&placed).await;
        }
        let mut wanted = ended("cancelled");
        wanted["call"] = json!(call);
        assert_eq!(world.state("DELETE", &call).await, wanted);
        assert_eq!(world.reads().await, ended("cancelled"));
        assert_eq!(placed.status(), if answered { "completed" } else { "canceled" });
        assert_eq!(world.state("DELETE", &call).await, wanted, "once more does nothing");
        assert_eq!(world.state("GET", &call).await, wanted);
    }
    world.nothing_was_wrong();
}

#[tokio::test]
async fn a_call_that_was_answered_just_before_it_was_taken_back_is_hung_up() {
    let mut world = World::new().await;
    let (call, placed) = world.rings().await;
    world.double.lose_callbacks(true);
    placed.answer();
    world.until(&placed, "in-progress").await;
    assert_eq!(world.state("DELETE", &call).await["reason"], "cancelled");
    assert_eq!(placed.status(), "completed");
    world.nothing_was_wrong();
}

#[tokio::test]
async fn every_end_is_said() {
    let mut world = World::new().await;
    for (outcome, wanted) in
        [(Outcome::Busy, "youWereBusy"), (Outcome::Declined, "youWereBusy"), (Outcome::Unknown, "failed")]
    {
        world.double.set_telephone(HERS, Telephone::with(outcome));
        ring(&world.server, &world.amina, THEIRS).await.data();
        assert_eq!(world.reads().await, state("ringingYou"));
        assert_eq!(world.reads().await, ended(wanted));
    }
    world.double.set_telephone(HERS, Telephone::ringing());
    for (outcome, wanted) in [(Outcome::Busy, "busy"), (Outcome::Declined, "busy"), (Outcome::Unknown, "failed")] {
        world.double.set_telephone(THEIRS, Telephone::with(outcome));
        let (_, placed) = world.rings().await;
        world.picks_up(&placed).await;
        assert_eq!(world.reads().await, ended(wanted));
    }
    world.nothing_was_wrong();
}

#[tokio::test]
async fn who_does_not_answer_is_told_apart() {
    let mut world = World::new().await;
    let (_, placed) = world.rings().await;
    tells(&world, &placed, "near", "no-answer").await;
    assert_eq!(world.reads().await, ended("youDidNotAnswer"));
    let (_, placed) = world.rings().await;
    world.picks_up(&placed).await;
    tells(&world, &placed, "far", "no-answer").await;
    assert_eq!(world.reads().await, ended("noAnswer"));
}

/// Twilio tells of one end what it would tell after a minute of ringing.
async fn tells(world: &World, placed: &PlacedCall, leg: &str, status: &str) {
    let url = placed.field("StatusCallback").replace("leg=near", &format!("leg={leg}"));
    let path = url.strip_prefix(PUBLIC).unwrap();
    let (sid, parent) = if leg == "near" { (placed.sid(), None) } else { ("CA1", Some(placed.sid())) };
    let mut fields = vec![("CallSid", sid), ("CallStatus", status)];
    fields.extend(parent.map(|parent| ("ParentCallSid", parent)));
    super::tells(&world.server, path, &fields).await;
}

#[tokio::test]
async fn only_ones_own_proved_number_rings_and_only_ones_own_calls_are_seen() {
    let mut world = World::new().await;
    let baraka = world.server.register("baraka").await;
    ring(&world.server, &baraka, THEIRS).await.fails(403, "FORBIDDEN");
    world.server.set_phone(&baraka, "+254712345679").await.data();
    ring(&world.server, &baraka, THEIRS).await.fails(403, "FORBIDDEN");
    let (call, placed) = world.rings().await;
    for method in ["GET", "DELETE"] {
        let path = format!("/api/twilio/ring/{call}");
        world.server.by(&baraka, method, &path, None).await.fails(404, "NOT_FOUND");
        world.server.by(&world.amina, method, "/api/twilio/ring/x", None).await.fails(400, "VALIDATION_ERROR");
        let nobodys = "/api/twilio/ring/00000000-0000-4000-8000-000000000000";
        world.server.by(&world.amina, method, nobodys, None).await.fails(404, "NOT_FOUND");
    }
    assert_eq!(placed.status(), "ringing");
}

#[tokio::test]
async fn what_is_not_called_is_not_rung_for() {
    let world = World::with(|twilio| twilio.countries = Some("KE".into())).await;
    for (to, status, code) in [
        ("112", 400, "INVALID_PHONE"),
        ("hello", 400, "INVALID_PHONE"),
        ("", 400, "VALIDATION_ERROR"),
        ("care4w-ABC1234", 400, "VALIDATION_ERROR"),
        (HERS, 400, "VALIDATION_ERROR"),
        ("+255754111222", 403, "FORBIDDEN"),
        ("+449098790000", 403, "FORBIDDEN"),
    ] {
        ring(&world.server, &world.amina, to).await.fails(status, code);
    }
    let foreign = json!({"to": THEIRS, "callerId": "+254700000009"});
    let answer = world.server.by(&world.amina, "POST", "/api/twilio/ring", Some(foreign)).await;
    answer.fails(403, "FORBIDDEN");
    assert!(world.double.placed_calls().is_empty() && history(&world.server, &world.amina).await.is_empty());
}

#[tokio::test]
async fn both_lines_are_paid_from_the_minutes_of_the_day() {
    let mut world = World::with(|twilio| (twilio.minutes_a_day, twilio.minutes_a_call) = (Some(7), Some(60))).await;
    let (_, placed) = world.rings().await;
    assert_eq!(attribute(&placed.field("Twiml"), "timeLimit").unwrap(), "210", "half of seven minutes");
    ring(&world.server, &world.amina, THEIRS).await.fails(429, "RATE_LIMITED");
}

#[tokio::test]
async fn what_twilio_refuses_is_said_and_costs_nothing() {
    let mut world = World::with(|twilio| twilio.minutes_a_day = Some(2)).await;
    for (status, twilios, wanted, code) in
        [(400, 21211, 400, "INVALID_PHONE"), (401, 20003, 503, "UNAVAILABLE"), (500, 20500, 503, "UNAVAILABLE")]
    {
        world.double.refuse_next_request(status, twilios, None);
        ring(&world.server, &world.amina, THEIRS).await.fails(wanted, code);
        let PhoneCallEnded(reason) = PhoneCallEnded::of(&world.reads().await);
        assert!(["failed", "cancelled"].contains(&reason.as_str()), "{reason}");
    }
    world.double.refuse_next_request(429, 20429, None);
    ring(&world.server, &world.amina, THEIRS).await.fails(429, "RATE_LIMITED");
    world.reads().await;
    world.rings().await;
}

struct PhoneCallEnded(String);

impl PhoneCallEnded {
    fn of(read: &Value) -> Self {
        assert_eq!(read["state"], "ended");
        Self(read["reason"].as_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn a_call_whose_begin_nobody_heard_of_is_ended_when_it_rings() {
    let world = World::new().await;
    world.double.lose_next_answer();
    ring(&world.server, &world.amina, THEIRS).await.fails(503, "UNAVAILABLE");
    world.until(&world.double.placed_calls().pop().unwrap(), "canceled").await;
    world.nothing_was_wrong();
}
