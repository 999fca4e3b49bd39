//! Every way in, and whether it tells somebody that a number or an id is known. Whoever adds one decides here.

use care4w_protocol::signal::{ClientFrame, ClientMessage};
use serde_json::Value;

use super::ways::Way;

/// What a route tells of other people's numbers and ids.
#[derive(Clone, Copy, Debug)]
enum Tells {
    /// It tells, and spends the budget of everything that does (this module's tests ask it ten thousand times).
    AndPays(Way),
    /// It tells nothing of others; why.
    Nothing(&'static str),
    /// It tells, and something else bounds it; what.
    Bounded(&'static str),
}
use Tells::{AndPays, Bounded, Nothing};

const ROUTES: &[(&str, &str, Tells)] = &[
    ("get", "/api/config", Nothing("the echo line's id is public")),
    ("get", "/api/openapi.json", Nothing("it is the same for all")),
    ("post", "/api/auth/register", Bounded("it tells of e-mail addresses: 20 per address, one back a minute")),
    ("post", "/api/auth/login", Nothing("unknown and wrong are one answer in one time")),
    ("post", "/api/auth/refresh", Nothing("256 random bits are asked for")),
    ("post", "/api/auth/logout", Nothing("it is about one's own sign-in")),
    ("post", "/api/auth/logout-all", Nothing("it is about one's own sign-ins")),
    ("post", "/api/auth/password", Nothing("it is about one's own password")),
    ("post", "/api/auth/forgot", Nothing("known and unknown are one answer in one time")),
    ("post", "/api/auth/reset", Nothing("256 random bits are asked for")),
    ("delete", "/api/users/me", Nothing("it is about oneself")),
    ("get", "/api/users/settings", Nothing("they are one's own")),
    ("patch", "/api/users/settings", Nothing("they are one's own")),
    ("get", "/api/users/blocks", Nothing("it repeats what its user wrote")),
    ("put", "/api/users/blocks/{care4wId}", Nothing("an id that nobody has is blocked like any other")),
    ("delete", "/api/users/blocks/{care4wId}", Nothing("an id that nobody has is let through like any other")),
    ("post", "/api/users/phone/check", AndPays(Way::Check)),
    ("get", "/api/users/phone", Nothing("it is one's own")),
    ("patch", "/api/users/phone", AndPays(Way::SetNumber)),
    ("delete", "/api/users/phone", Nothing("it is one's own")),
    (
        "post",
        "/api/users/phone/verify",
        Bounded("taken is told to who holds the number's phone and paid for the claim"),
    ),
    ("post", "/api/users/phone/verify/send", Nothing("it is about one's own claim")),
    ("get", "/api/users/lookup/phone", AndPays(Way::LookupPhone)),
    ("get", "/api/users/lookup", AndPays(Way::LookupId)),
    ("get", "/api/ice", Nothing("it is the same for all")),
    ("get", "/api/token", Nothing("it is about oneself")),
    ("get", "/api/calls", Nothing("whom one called was paid for by the invite")),
    ("post", "/api/twilio/ring", Nothing("it calls telephone numbers, whoever has them")),
    ("get", "/api/twilio/ring/{call}", Nothing("it is about one's own call")),
    ("delete", "/api/twilio/ring/{call}", Nothing("it is about one's own call")),
    (
        "post",
        "/api/webhooks/twilio/voice",
        Bounded("Twilio alone may ask, and a call to an id spends its caller's budget (twilio/voice.rs tries it)"),
    ),
    ("post", "/api/webhooks/twilio/status", Nothing("Twilio alone may tell, and reads nothing in return")),
    ("get", "/api/signal", AndPays(Way::Invite)),
    ("get", "/reset", Nothing("it is the same for all")),
    ("get", "/healthz", Nothing("it is the same for all")),
    ("get", "/readyz", Nothing("it is the same for all")),
    ("get", "/metrics", Nothing("sums, and to this machine only")),
];

/// Of what a device sends. A message that is added does not compile here until it is decided.
fn of_message(message: &ClientMessage) -> Tells {
    match message {
        ClientMessage::Invite { .. } => AndPays(Way::Invite),
        ClientMessage::Ringing { .. }
        | ClientMessage::Answer { .. }
        | ClientMessage::Refuse { .. }
        | ClientMessage::Candidate { .. }
        | ClientMessage::Offer { .. }
        | ClientMessage::OfferAnswer { .. }
        | ClientMessage::HangUp { .. } => {
            Nothing("it names a call by 128 random bits, and only its own ends are heard")
        }
    }
}

/// Likewise of frames.
fn of_frame(frame: &ClientFrame) -> Tells {
    match frame {
        ClientFrame::Hello { .. } => Nothing("it is about one's own sign-in"),
        ClientFrame::Ping | ClientFrame::Ack { .. } => Nothing("it is about the socket"),
        ClientFrame::Send(numbered) => of_message(&numbered.message),
    }
}

#[test]
fn every_route_has_a_decision_whether_it_tells() {
    let document: Value = serde_json::from_str(&care4w_server::openapi_json()).unwrap();
    let mut routes: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        routes.extend(item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let mut decided: Vec<_> = ROUTES.iter().map(|(method, path, _)| (method.to_string(), path.to_string())).collect();
    routes.sort();
    decided.sort();
    assert_eq!(decided, routes, "whoever adds a route says in ROUTES what it tells of others' numbers and ids");
    for (method, path, tells) in ROUTES {
        if let Bounded(why) | Nothing(why) = tells {
            assert!(!why.is_empty(), "{method} {path}");
        }
    }
    assert!(matches!(of_frame(&ClientFrame::Ping), Nothing(_)));
}

#[test]
fn every_way_that_tells_is_a_route_and_its_document_says_that_it_may_be_refused() {
    let document: Value = serde_json::from_str(&care4w_server::openapi_json()).unwrap();
    // Abroad is asked about at the door for all numbers.
    for way in Way::ALL.into_iter().filter(|way| *way != Way::LookupAbroad) {
        let found = ROUTES.iter().find(|(_, _, tells)| matches!(tells, AndPays(this) if *this == way));
        let (method, path, _) = found.unwrap_or_else(|| panic!("{way:?}"));
        if way != Way::Invite {
            assert!(document["paths"][*path][*method]["responses"]["429"].is_object(), "{method} {path}");
        }
    }
}
