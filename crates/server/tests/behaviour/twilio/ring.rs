use std::time::Duration;

use care4w_protocol::signal::ServerMessage;
use serde_json::{Value, json};

use super::calls_double::CallsDouble;
use super::{CALLER_ID, PUBLIC, attribute, given, history, prove, ring, server_with, sid, tells};
use crate::server::{Person, Server};
use crate::signalling::Socket;

const HERS: &str = "+254712345678";
const THEIRS: &str = "+254700000001";

struct World {
    server: Server,
    double: CallsDouble,
    amina: Person,
    socket: Socket,
}

impl World {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut care4w_server::twilio::settings::Twilio)) -> Self {
        let double = CallsDouble::start().await;
        let mut twilio = given();
        twilio.api_url = Some(double.url.clone());
        change(&mut twilio);
        let server = server_with(twilio.voice(Some(PUBLIC)).unwrap().unwrap()).await;
        let amina = server.register("amina").await;
        prove(&server, &amina, HERS).await;
        let socket = Socket::of(&server, &amina, "desk").await;
        Self { server, double, amina, socket }
    }

    /// Rings; the call's id and Twilio's.
    async fn rings(&self) -> (String, String) {
        let answer = ring(&self.server, &self.amina, THEIRS).await;
        assert_eq!((answer.status, &answer.data()["state"]), (201, &json!("callingYou")));
        let (sid, _) = self.double.placed().pop().unwrap();
        (answer.data()["call"].as_str().unwrap().to_owned(), sid)
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

    /// Twilio tells of the destination.
    async fn far(&self, sid: &str, status: &str, secs: Option<&str>) {
        let placed = self.double.placed();
        let (_, placed) = placed.iter().find(|(of, _)| of == sid).unwrap();
        let path = super::callback(placed.field("Twiml"), "statusCallback");
        let mut fields = vec![("CallSid", "CA1"), ("ParentCallSid", sid), ("CallStatus", status)];
        fields.extend(secs.map(|secs| ("CallDuration", secs)));
        tells(&self.server, &path, &fields).await;
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
    let (call, sid) = world.rings().await;
    let (_, placed) = world.double.placed().remove(0);
    assert_eq!((placed.field("To"), placed.field("From"), placed.field("Timeout")), (HERS, CALLER_ID, "60"));
    let events: Vec<&str> = placed
        .fields
        .iter()
        .filter(|(name, _)| name == "StatusCallbackEvent")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(events, ["initiated", "ringing", "answered", "completed"]);
    let twiml = placed.field("Twiml");
    assert!(twiml.contains(&format!(">{THEIRS}</Number>")), "{twiml}");
    assert_eq!(attribute(twiml, "callerId").unwrap(), CALLER_ID);
    for (step, wanted) in [("ringing", "ringingYou"), ("in-progress", "callingThem")] {
        world.double.near(&world.server, &sid, step).await;
        assert_eq!(world.reads().await, state(wanted));
    }
    for (step, wanted) in [("ringing", "ringingThem"), ("in-progress", "connected")] {
        world.far(&sid, step, None).await;
        assert_eq!(world.reads().await, state(wanted));
        assert_eq!(world.state("GET", &call).await["state"], wanted);
    }
    world.far(&sid, "completed", Some("42")).await;
    assert_eq!(world.reads().await, ended("finished"));
    let calls = history(&world.server, &world.amina).await;
    assert_eq!((&calls[0]["callId"], &calls[0]["kind"]), (&json!(call), &json!("made")));
    assert_eq!((&calls[0]["number"], &calls[0]["durationSecs"]), (&json!(THEIRS), &json!(42)));
}

#[tokio::test]
async fn she_takes_it_back_before_she_picks_up_and_hangs_up_after() {
    let mut world = World::new().await;
    for answered in [false, true] {
        let (call, sid) = world.rings().await;
        if answered {
            world.double.near(&world.server, &sid, "in-progress").await;
            assert_eq!(world.reads().await, state("callingThem"));
        }
        let mut wanted = ended("cancelled");
        wanted["call"] = json!(call);
        assert_eq!(world.state("DELETE", &call).await, wanted);
        assert_eq!(world.reads().await, ended("cancelled"));
        assert_eq!(world.double.status(&sid), if answered { "completed" } else { "canceled" });
        assert_eq!(world.state("DELETE", &call).await, wanted, "once more does nothing");
        world.double.near(&world.server, &sid, if answered { "completed" } else { "canceled" }).await;
        assert_eq!(world.state("GET", &call).await, wanted);
    }
}

#[tokio::test]
async fn a_call_that_was_answered_just_before_it_was_taken_back_is_hung_up() {
    let world = World::new().await;
    let (call, sid) = world.rings().await;
    world.double.answer_silently(&sid);
    assert_eq!(world.state("DELETE", &call).await["reason"], "cancelled");
    assert_eq!(world.double.status(&sid), "completed");
}

#[tokio::test]
async fn every_end_is_said() {
    let mut world = World::new().await;
    for (near, wanted) in [("busy", "youWereBusy"), ("no-answer", "youDidNotAnswer"), ("failed", "failed")] {
        let (_, sid) = world.rings().await;
        world.double.near(&world.server, &sid, near).await;
        assert_eq!(world.reads().await, ended(wanted));
    }
    for (far, wanted) in [("busy", "busy"), ("no-answer", "noAnswer"), ("failed", "failed")] {
        let (_, sid) = world.rings().await;
        world.double.near(&world.server, &sid, "in-progress").await;
        assert_eq!(world.reads().await, state("callingThem"));
        world.far(&sid, far, None).await;
        assert_eq!(world.reads().await, ended(wanted));
    }
}

#[tokio::test]
async fn only_ones_own_proved_number_rings_and_only_ones_own_calls_are_seen() {
    let world = World::new().await;
    let baraka = world.server.register("baraka").await;
    ring(&world.server, &baraka, THEIRS).await.fails(403, "FORBIDDEN");
    world.server.set_phone(&baraka, "+254712345679").await.data();
    ring(&world.server, &baraka, THEIRS).await.fails(403, "FORBIDDEN");
    let (call, sid) = world.rings().await;
    for method in ["GET", "DELETE"] {
        let path = format!("/api/twilio/ring/{call}");
        world.server.by(&baraka, method, &path, None).await.fails(404, "NOT_FOUND");
        world.server.by(&world.amina, method, "/api/twilio/ring/x", None).await.fails(400, "VALIDATION_ERROR");
        let nobodys = "/api/twilio/ring/00000000-0000-4000-8000-000000000000";
        world.server.by(&world.amina, method, nobodys, None).await.fails(404, "NOT_FOUND");
    }
    assert_eq!(world.double.status(&sid), "queued");
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
    assert!(world.double.placed().is_empty() && history(&world.server, &world.amina).await.is_empty());
}

#[tokio::test]
async fn both_lines_are_paid_from_the_minutes_of_the_day() {
    let world = World::with(|twilio| (twilio.minutes_a_day, twilio.minutes_a_call) = (Some(7), Some(60))).await;
    world.rings().await;
    assert_eq!(
        attribute(world.double.placed()[0].1.field("Twiml"), "timeLimit").unwrap(),
        "210",
        "half of seven minutes"
    );
    ring(&world.server, &world.amina, THEIRS).await.fails(429, "RATE_LIMITED");
}

#[tokio::test]
async fn what_twilio_refuses_is_said_and_costs_nothing() {
    let mut world = World::with(|twilio| twilio.minutes_a_day = Some(2)).await;
    for (status, twilios, wanted, code) in
        [(400, 21211, 400, "INVALID_PHONE"), (401, 20003, 503, "UNAVAILABLE"), (500, 20500, 503, "UNAVAILABLE")]
    {
        world.double.refuse(status, twilios);
        ring(&world.server, &world.amina, THEIRS).await.fails(wanted, code);
        let PhoneCallEnded(reason) = PhoneCallEnded::of(&world.reads().await);
        assert!(["failed", "cancelled"].contains(&reason.as_str()), "{reason}");
    }
    world.double.refuse(429, 20429);
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
    world.double.lose_the_next_answer();
    ring(&world.server, &world.amina, THEIRS).await.fails(503, "UNAVAILABLE");
    let (lost, _) = world.double.placed().pop().unwrap();
    world.double.near(&world.server, &lost, "ringing").await;
    let is_ended = async {
        while world.double.status(&lost) != "canceled" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), is_ended).await.expect("it is taken back");
    assert_ne!(lost, sid(0));
}
