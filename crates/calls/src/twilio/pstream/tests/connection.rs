use super::*;

#[test]
fn it_listens_with_the_token_and_registers_once_it_is_accepted() {
    let mut scene = Scene::started();
    assert!(scene.has(&Output::FetchToken) && scene.opened_addresses().is_empty(), "no socket before a token");
    scene.token("first", 3_600);
    assert_eq!(scene.opened_addresses(), ["wss://voice-js.roaming.twilio.com/signal"]);
    scene.give(Input::Opened);
    let sent = scene.sent();
    assert_eq!(sent.len(), 1, "nothing but listen before the token is accepted");
    assert_eq!((sent[0].0.as_str(), &sent[0].1["token"]), ("listen", &json!("first")));
    scene.connected();
    assert_eq!(scene.sent_kinds(), ["listen", "register"]);
    assert!(!scene.has(&Output::Status(Status::Ready)));
    scene.frame("ready", json!({}));
    assert!(scene.has(&Output::Status(Status::Ready)));
}

#[test]
fn a_gateway_and_edges_that_the_server_names_are_used() {
    let named = |edge: Option<&str>, gateway: Option<&str>| {
        let mut scene = Scene::started();
        let token = AccessToken {
            text: Secret::new("x".into()),
            expires_in: Duration::from_secs(60),
            edge: edge.map(Into::into),
            gateway: gateway.map(Into::into),
        };
        scene.give(Input::Token(Ok(token)));
        scene.opened_addresses()
    };
    assert_eq!(named(Some("dublin"), None), ["wss://voice-js.dublin.twilio.com/signal"]);
    assert_eq!(named(None, Some("ws://127.0.0.1:9/signal")), ["ws://127.0.0.1:9/signal"]);
}

#[test]
fn one_that_only_places_calls_is_ready_without_registering() {
    let now = Instant::now();
    let mut scene = Scene { stream: PStream::new(7, false, now), now, out: Vec::new() };
    scene.give(Input::Start);
    scene.token("first", 3_600);
    scene.give(Input::Opened);
    scene.connected();
    assert_eq!(scene.sent_kinds(), ["listen"]);
    assert!(scene.has(&Output::Status(Status::Ready)));
}

#[test]
fn a_heartbeat_is_answered_at_once() {
    let mut scene = Scene::ready();
    scene.give(Input::Frame("\n".into()));
    assert_eq!(scene.take(), [Output::Transmit("\n".into())]);
}

#[test]
fn fifteen_seconds_without_a_frame_are_a_dead_socket() {
    let mut scene = Scene::ready();
    scene.wait(Duration::from_millis(14_999), false);
    assert!(!scene.has(&Output::Close));
    scene.wait(Duration::from_millis(1), false);
    assert!(scene.has(&Output::Close));
    scene.out.clear();
    scene.wait(Duration::from_millis(200), false);
    assert_eq!(scene.opened_addresses().len(), 1, "and it is opened again soon");
}

#[test]
fn it_registers_again_every_thirty_seconds() {
    let mut scene = Scene::ready();
    scene.wait(Duration::from_secs(95), true);
    assert_eq!(scene.sent_kinds(), ["register", "register", "register"]);
}

#[test]
fn an_address_that_does_not_open_in_five_seconds_gives_way_to_the_next() {
    let mut scene = Scene::started();
    let token = AccessToken {
        text: Secret::new("x".into()),
        expires_in: Duration::from_secs(3_600),
        edge: Some("dublin,frankfurt".into()),
        gateway: None,
    };
    scene.give(Input::Token(Ok(token)));
    scene.wait(Duration::from_millis(4_999), false);
    assert!(!scene.has(&Output::Close));
    scene.wait(Duration::from_secs(8), false);
    let opened = scene.opened_addresses();
    assert!(opened.len() >= 2 && opened[0].contains("dublin") && opened[1].contains("frankfurt"), "{opened:?}");
}

#[test]
fn a_socket_that_is_lost_is_opened_again_with_growing_waits_and_never_given_up() {
    let mut scene = Scene::ready();
    let mut waits = Vec::new();
    for _ in 0..12 {
        scene.give(Input::Closed);
        let began = scene.now;
        let at = scene.stream.wake_at().unwrap();
        scene.wait(at - began, false);
        assert_eq!(scene.opened_addresses().len(), 1);
        scene.out.clear();
        waits.push((at - began).as_secs_f64());
    }
    assert!(waits[0] <= 0.14 && waits[3] > waits[0] && waits[11] <= 20.0 && waits[11] >= 12.0, "{waits:?}");
}

#[test]
fn a_gateway_that_says_when_to_come_back_is_obeyed() {
    let mut scene = Scene::ready();
    scene.frame("error", json!({ "error": { "code": 31206, "message": "rate", "retryAfter": 9 } }));
    scene.give(Input::Closed);
    scene.wait(Duration::from_millis(8_999), false);
    assert!(scene.opened_addresses().is_empty());
    scene.wait(Duration::from_millis(1), false);
    assert_eq!(scene.opened_addresses().len(), 1);
}

#[test]
fn a_token_is_renewed_before_it_ends_on_the_same_socket_and_never_twice_at_once() {
    let mut scene = Scene::ready();
    scene.wait(Duration::from_secs(3_299), true);
    assert!(!scene.has(&Output::FetchToken));
    scene.wait(Duration::from_secs(60), true);
    let fetches = scene.take().iter().filter(|output| **output == Output::FetchToken).count();
    assert_eq!(fetches, 1, "also while the answer is on its way");
    scene.token("second", 3_600);
    let sent = scene.sent();
    assert_eq!((sent[0].0.as_str(), &sent[0].1["token"]), ("listen", &json!("second")));
    assert!(!scene.has(&Output::Close) && scene.opened_addresses().is_empty());
    scene.connected();
    assert_eq!(scene.sent_kinds(), ["listen"], "the answer to it changes nothing");
}

#[test]
fn in_a_call_the_token_is_renewed_as_late_as_is_safe() {
    let mut scene = Scene::talking();
    scene.wait(Duration::from_secs(3_500), true);
    assert!(!scene.has(&Output::FetchToken), "a renewal can interrupt the sound");
    scene.wait(Duration::from_secs(41), true);
    assert!(scene.has(&Output::FetchToken));
}

#[test]
fn a_renewal_that_fails_is_tried_again_and_disturbs_nothing() {
    let mut scene = Scene::ready();
    scene.wait(Duration::from_secs(3_301), true);
    scene.out.clear();
    scene.give(Input::Token(Err(TokenProblem::Later)));
    assert!(scene.take().is_empty());
    scene.wait(Duration::from_secs(11), true);
    assert!(scene.has(&Output::FetchToken));
}

#[test]
fn a_short_token_is_renewed_in_its_last_quarter_in_a_call_too_and_can_fail_some_times_before_it_ends() {
    for seconds in [30, 40, 60, 200] {
        let mut scene = Scene::talking();
        scene.wait(Duration::from_secs(3_541), true);
        scene.token("short", seconds);
        scene.connected();
        scene.out.clear();
        let quarter = Duration::from_secs(seconds) / 4;
        scene.wait(quarter * 3 - Duration::from_millis(1), true);
        assert!(!scene.has(&Output::FetchToken), "{seconds}: a renewal can interrupt the sound");
        let (ends, mut tries) = (scene.now + quarter, 0);
        while scene.now + Duration::from_millis(500) < ends {
            scene.wait(Duration::from_millis(500), false);
            scene.give(Input::Frame("\n".into()));
            if scene.take().contains(&Output::FetchToken) {
                tries += 1;
                scene.give(Input::Token(Err(TokenProblem::Later)));
            }
        }
        assert!(tries >= 4, "{seconds}: a server that is away for a moment was asked {tries} times");
    }
}

#[test]
fn a_token_that_is_not_taken_is_replaced_once_and_then_it_stops() {
    for code in [31202, 31204, 31205] {
        let mut scene = Scene::started();
        for attempt in ["first", "second"] {
            scene.token(attempt, 3_600);
            scene.give(Input::Opened);
            scene.out.clear();
            scene.frame("error", json!({ "error": { "code": code, "message": "token" } }));
            scene.frame("close", json!({}));
            assert!(scene.has(&Output::Close), "{code}");
        }
        assert!(scene.has(&Output::Status(Status::Failed(Fault::NotAccepted))), "{code}");
        assert!(!scene.has(&Output::FetchToken), "no third one");
        scene.out.clear();
        scene.wait(Duration::from_secs(3_600), false);
        assert!(scene.take().is_empty(), "and it stays so");
        scene.give(Input::Start);
        assert!(scene.has(&Output::FetchToken), "until it is started anew");
    }
}

#[test]
fn an_account_that_is_not_valid_stops_it() {
    let mut scene = Scene::ready();
    scene.frame("error", json!({ "error": { "code": 31203, "message": "account" } }));
    assert!(scene.has(&Output::Status(Status::Failed(Fault::NotAccepted))) && scene.has(&Output::Close));
}

#[test]
fn a_gateway_that_closes_the_stream_for_good_is_left_alone() {
    let mut scene = Scene::ready();
    scene.frame("close", json!({}));
    assert!(scene.has(&Output::Close));
    scene.out.clear();
    scene.wait(Duration::from_secs(600), false);
    assert!(scene.take().is_empty());
}

#[test]
fn a_user_who_gets_no_token_is_told_and_a_server_that_is_away_is_asked_again() {
    let mut scene = Scene::started();
    scene.give(Input::Token(Err(TokenProblem::Never)));
    assert!(scene.has(&Output::Status(Status::Failed(Fault::NoToken))));
    let mut scene = Scene::started();
    scene.out.clear();
    scene.give(Input::Token(Err(TokenProblem::Later)));
    scene.wait(Duration::from_secs(1), false);
    assert!(scene.has(&Output::FetchToken));
}

#[test]
fn after_sleep_the_socket_is_opened_anew_at_once() {
    let mut scene = Scene::ready();
    scene.give(Input::Woke);
    assert!(scene.has(&Output::Close));
    assert_eq!(scene.opened_addresses().len(), 1, "without a wait");
    let mut waiting = Scene::ready();
    waiting.give(Input::Closed);
    waiting.give(Input::Woke);
    assert_eq!(waiting.opened_addresses().len(), 1);
}

#[test]
fn a_token_that_ended_while_it_slept_is_replaced_before_the_socket_is_opened() {
    let mut scene = Scene::ready();
    scene.now += Duration::from_secs(7_200);
    scene.give(Input::Woke);
    assert!(scene.has(&Output::FetchToken) && scene.opened_addresses().is_empty());
    scene.token("second", 3_600);
    assert_eq!(scene.opened_addresses().len(), 1);
}

#[test]
fn an_app_that_was_suspended_registers_again() {
    let mut scene = Scene::ready();
    scene.frame("error", json!({ "error": { "code": 51005, "message": "keep-alive" } }));
    assert_eq!(scene.sent_kinds(), ["register"]);
}
