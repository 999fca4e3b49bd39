use super::*;

#[test]
fn a_call_is_invited_rings_is_answered_and_ended() {
    let mut scene = Scene::ready();
    scene.give(Input::Dial { call: CALL, params: vec![("To".into(), "+254712345678".into())] });
    assert_eq!(scene.take(), [Output::Offer(CALL)]);
    scene.give(Input::Described { call: CALL, sdp: "offer".into() });
    let sent = scene.sent();
    assert_eq!(sent[0].0, "invite");
    assert_eq!(
        sent[0].1,
        json!({ "callsid": format!("TJS{CALL}"), "sdp": "offer", "twilio": { "params": "To=%2B254712345678" } })
    );
    scene.frame("ringing", json!({ "callsid": "CA1" }));
    assert_eq!(scene.told(), [BackendEvent::Ringing { call: CALL }]);
    scene.out.clear();
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "answer", "reconnect": "again" }));
    let answer = Output::TakeAnswer { call: CALL, sdp: "answer".into() };
    let answered = Output::Tell(BackendEvent::Answered { call: CALL });
    assert_eq!(scene.take(), [answer, Output::Speak(CALL), answered]);
    scene.give(Input::HangUp { call: CALL });
    assert_eq!(scene.sent(), [("hangup".to_owned(), json!({ "callsid": "CA1" }))]);
    assert!(scene.has(&Output::Forget(CALL)) && scene.told().is_empty(), "who hangs up is told nothing");
}

#[test]
fn an_answer_connects_nothing_before_the_path_is_up() {
    let mut scene = Scene::inviting();
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "answer" }));
    assert_eq!(scene.told(), [BackendEvent::Answered { call: CALL }]);
    scene.out.clear();
    scene.give(Input::PathUp { call: CALL });
    scene.give(Input::Heard { call: CALL });
    assert_eq!(scene.told(), [BackendEvent::PathUp { call: CALL }, BackendEvent::MediaFlowing { call: CALL }]);
}

#[test]
fn early_media_is_heard_before_the_answer_and_its_description_is_the_one_that_counts() {
    let mut scene = Scene::inviting();
    scene.out.clear();
    scene.frame("ringing", json!({ "callsid": "CA1", "sdp": "early" }));
    assert!(scene.has(&Output::TakeAnswer { call: CALL, sdp: "early".into() }));
    scene.give(Input::PathUp { call: CALL });
    scene.give(Input::Heard { call: CALL });
    assert_eq!(scene.told(), [BackendEvent::Ringing { call: CALL }, BackendEvent::EarlyMedia { call: CALL }]);
    assert!(!scene.has(&Output::Speak(CALL)), "the microphone waits for the answer");
    scene.out.clear();
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "another" }));
    assert!(!scene.out.iter().any(|output| matches!(output, Output::TakeAnswer { .. })), "only the first one counts");
    let call = CALL;
    assert_eq!(
        scene.told(),
        [BackendEvent::Answered { call }, BackendEvent::PathUp { call }, BackendEvent::MediaFlowing { call }]
    );
}

#[test]
fn a_second_answer_brings_a_newer_reconnect_token_and_nothing_else() {
    let mut scene = Scene::talking();
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "late", "reconnect": "again-2" }));
    assert!(scene.take().is_empty());
    scene.drop_and_return();
    assert!(scene.sent().iter().any(|(_, payload)| payload["reconnect"] == "again-2"));
}

#[test]
fn an_answer_that_never_brought_a_description_ends_the_call() {
    let mut scene = Scene::inviting();
    scene.frame("answer", json!({ "callsid": "CA1" }));
    assert_eq!(scene.ended(), Some(EndReason::TwilioFailed));
    assert_eq!(scene.sent_kinds().last().map(String::as_str), Some("hangup"));
}

#[test]
fn a_call_given_up_before_the_answer_is_cancelled_by_its_own_name() {
    let mut scene = Scene::inviting();
    scene.out.clear();
    scene.give(Input::HangUp { call: CALL });
    assert_eq!(scene.sent(), [("hangup".to_owned(), json!({ "callsid": format!("TJS{CALL}") }))]);
    let mut early = Scene::ready();
    early.give(Input::Dial { call: CALL, params: vec![] });
    early.give(Input::HangUp { call: CALL });
    early.give(Input::Described { call: CALL, sdp: "offer".into() });
    assert!(early.sent().is_empty(), "nobody heard of it");
}

#[test]
fn how_a_call_was_refused_is_told() {
    for (payload, reason) in [
        (json!({ "callsid": "CA1", "error": { "code": 31486, "message": "busy" } }), EndReason::Busy),
        (json!({ "callsid": "CA1", "error": { "code": 31603, "message": "declined" } }), EndReason::Declined),
        (json!({ "callsid": "CA1", "error": { "code": 31480, "message": "away" } }), EndReason::Unreachable),
        (json!({ "callsid": "CA1" }), EndReason::Declined),
        (json!({}), EndReason::Declined),
    ] {
        let mut scene = Scene::inviting();
        scene.frame("ringing", json!({ "callsid": "CA1" }));
        scene.out.clear();
        scene.frame("hangup", payload);
        assert_eq!(scene.ended(), Some(reason));
        assert!(scene.sent().is_empty(), "a hangup is not answered by one");
    }
    let mut scene = Scene::inviting();
    scene.frame("error", json!({ "callsid": format!("TJS{CALL}"), "error": { "code": 31408, "message": "late" } }));
    assert_eq!(scene.ended(), Some(EndReason::TwilioFailed));
}

#[test]
fn a_call_that_our_server_does_not_put_through_ends_with_its_reason() {
    let mut scene = Scene::inviting();
    scene.out.clear();
    scene.give(Input::ServerRefused { call: CALL, reason: EndReason::NotAllowed });
    assert_eq!(scene.ended(), Some(EndReason::NotAllowed));
    assert_eq!(scene.sent_kinds(), ["hangup"]);
    scene.out.clear();
    scene.frame("hangup", json!({ "callsid": "CA1", "error": { "code": 31603, "message": "reject" } }));
    assert!(scene.take().is_empty(), "what Twilio says of it afterwards is not told again");
    let mut talking = Scene::talking();
    talking.give(Input::ServerRefused { call: CALL, reason: EndReason::NotAllowed });
    assert!(talking.take().is_empty(), "a call that was put through goes on");
}

#[test]
fn the_other_end_hangs_up() {
    let mut scene = Scene::talking();
    scene.frame("hangup", json!({ "callsid": "CA1" }));
    assert_eq!(scene.ended(), Some(EndReason::RemoteHungUp));
    assert!(scene.has(&Output::Forget(CALL)) && scene.sent().is_empty());
}

#[test]
fn an_incoming_call_rings_is_taken_and_confirmed() {
    let (mut scene, call) = Scene::rung("CA9");
    assert!(scene.has(&Output::Receive { call, sdp: "their offer".into() }));
    assert!(scene.sent().is_empty(), "nothing is said before the person takes it");
    scene.out.clear();
    scene.give(Input::Accept { call });
    assert_eq!(scene.take(), [Output::Answer(call)]);
    scene.give(Input::Described { call, sdp: "our answer".into() });
    assert_eq!(scene.sent(), [("answer".to_owned(), json!({ "callsid": "CA9", "sdp": "our answer" }))]);
    scene.out.clear();
    scene.frame("answer", json!({ "callsid": "CA9", "reconnect": "again" }));
    assert_eq!(scene.take(), [Output::Speak(call), Output::Tell(BackendEvent::Answered { call })]);
}

#[test]
fn sound_that_flows_confirms_an_answer_too() {
    let (mut scene, call) = Scene::rung("CA9");
    scene.give(Input::Accept { call });
    scene.give(Input::Described { call, sdp: "our answer".into() });
    scene.out.clear();
    scene.give(Input::PathUp { call });
    assert_eq!(scene.told(), [BackendEvent::Answered { call }, BackendEvent::PathUp { call }]);
    scene.out.clear();
    scene.frame("answer", json!({ "callsid": "CA9", "reconnect": "again" }));
    assert!(scene.told().is_empty());
}

#[test]
fn both_ends_name_a_call_alike_where_the_server_passed_the_name_on() {
    let mut scene = Scene::ready();
    let parameters = json!({ "From": "+254712345678", "Params": format!("CallId={CALL}&displayName=Amina%20W") });
    scene.frame("invite", json!({ "callsid": "CA9", "sdp": "offer", "parameters": parameters }));
    let told = scene.told();
    let BackendEvent::Incoming { call, from, .. } = &told[0] else { panic!("{told:?}") };
    assert_eq!((*call, from.name.as_str(), from.detail.as_str()), (CALL, "Amina W", "+254 712 345678"));
}

#[test]
fn a_call_is_refused_where_one_is_busy() {
    let mut scene = Scene::talking();
    let call = scene.invite("CA9");
    scene.out.clear();
    scene.give(Input::Refuse { call });
    assert_eq!(scene.sent(), [("reject".to_owned(), json!({ "callsid": "CA9" }))]);
    assert_eq!(scene.take().last(), Some(&Output::Transmit(frames::reject("CA9"))));
    scene.give(Input::HangUp { call: CALL });
    assert_eq!(scene.sent_kinds(), ["hangup"], "the call that was there goes on");
}

#[test]
fn a_caller_who_gives_up_leaves_a_missed_call() {
    for frame in ["cancel", "hangup"] {
        let (mut scene, _) = Scene::rung("CA9");
        scene.frame(frame, json!({ "callsid": "CA9" }));
        assert_eq!(scene.ended(), Some(EndReason::Missed), "{frame}");
        assert!(scene.sent().is_empty());
    }
}

#[test]
fn digits_go_by_message_where_they_cannot_go_in_the_sound() {
    let mut scene = Scene::talking();
    scene.give(Input::Digits { call: CALL, digits: "1w2#".into() });
    assert_eq!(scene.sent(), [("dtmf".to_owned(), json!({ "callsid": "CA1", "dtmf": "1w2#" }))]);
}

#[test]
fn a_lost_path_is_looked_for_by_reinvite_whoever_called() {
    let mut scene = Scene::talking();
    scene.give(Input::PathLost { call: CALL });
    scene.give(Input::Restart { call: CALL });
    assert_eq!(scene.take(), [Output::Tell(BackendEvent::PathLost { call: CALL }), Output::OfferAgain(CALL)]);
    scene.give(Input::Described { call: CALL, sdp: "new offer".into() });
    assert_eq!(scene.sent(), [("reinvite".to_owned(), json!({ "callsid": "CA1", "sdp": "new offer" }))]);
    scene.out.clear();
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "new answer" }));
    assert_eq!(scene.take(), [Output::TakeAnswer { call: CALL, sdp: "new answer".into() }]);
    scene.give(Input::PathUp { call: CALL });
    assert_eq!(scene.told(), [BackendEvent::PathRestored { call: CALL }]);
}

#[test]
fn a_path_that_stays_lost_is_looked_for_again() {
    let mut scene = Scene::talking();
    scene.give(Input::PathLost { call: CALL });
    scene.give(Input::Described { call: CALL, sdp: "new offer".into() });
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "new answer" }));
    scene.out.clear();
    scene.wait(crate::defaults::RESTART_RETRY, true);
    assert!(scene.has(&Output::OfferAgain(CALL)));
}

#[test]
fn a_call_outlives_its_signalling_and_is_taken_up_again_on_the_edge_where_it_is() {
    let mut scene = Scene::talking();
    scene.give(Input::Closed);
    assert!(scene.told().is_empty(), "the sound flows on");
    scene.wait(Duration::from_secs(1), false);
    assert_eq!(scene.opened_addresses(), ["wss://voice-js.dublin.twilio.com/signal"]);
    scene.give(Input::Opened);
    scene.connected();
    let sent = scene.sent();
    assert_eq!(sent[0].1["reconnectTimeout"], 30);
    let rejoin = json!({ "callsid": "CA1", "sdp": "offer", "reconnect": "again-1", "twilio": {} });
    assert_eq!(sent[1], ("invite".to_owned(), rejoin));
    scene.frame("answer", json!({ "callsid": "CA1", "reconnect": "again-2", "sdp": "old" }));
    scene.out.clear();
    scene.wait(Duration::from_secs(60), true);
    assert!(scene.told().is_empty(), "nobody noticed");
    scene.give(Input::HangUp { call: CALL });
    scene.out.clear();
    scene.give(Input::Closed);
    scene.wait(Duration::from_secs(1), false);
    assert_eq!(
        scene.opened_addresses(),
        ["wss://voice-js.roaming.twilio.com/signal"],
        "without a call the edge is free"
    );
}

#[test]
fn a_call_whose_signalling_stays_away_is_over_after_thirty_seconds() {
    let mut scene = Scene::talking();
    scene.give(Input::Closed);
    scene.wait(Duration::from_millis(29_900), false);
    assert_eq!(scene.ended(), None);
    scene.wait(Duration::from_millis(200), false);
    assert_eq!(scene.ended(), Some(EndReason::ConnectionLost));
    assert!(scene.has(&Output::Forget(CALL)));
}

#[test]
fn a_call_that_the_gateway_does_not_take_up_again_is_over() {
    let mut scene = Scene::talking();
    scene.drop_and_return();
    scene.frame("hangup", json!({ "callsid": "CA1", "error": { "code": 31107, "message": "token" } }));
    assert_eq!(scene.ended(), Some(EndReason::ConnectionLost));
}

#[test]
fn a_new_path_waits_until_the_call_was_taken_up_again() {
    let mut scene = Scene::talking();
    scene.give(Input::PathLost { call: CALL });
    scene.give(Input::Closed);
    scene.give(Input::Described { call: CALL, sdp: "new offer".into() });
    scene.out.clear();
    scene.wait(Duration::from_secs(1), false);
    scene.give(Input::Opened);
    scene.connected();
    assert_eq!(scene.sent_kinds(), ["listen", "invite", "register"]);
    scene.out.clear();
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "old", "reconnect": "again-2" }));
    assert_eq!(scene.sent_kinds(), ["reinvite"]);
    scene.out.clear();
    scene.frame("answer", json!({ "callsid": "CA1", "sdp": "new" }));
    assert!(scene.has(&Output::TakeAnswer { call: CALL, sdp: "new".into() }));
}

#[test]
fn what_the_gateway_cannot_keep_ends_with_the_socket() {
    let mut inviting = Scene::inviting();
    inviting.give(Input::Closed);
    assert_eq!(inviting.ended(), Some(EndReason::TwilioUnreachable));
    inviting.out.clear();
    inviting.wait(Duration::from_secs(1), false);
    inviting.give(Input::Opened);
    inviting.connected();
    assert!(inviting.sent_kinds().contains(&"hangup".to_owned()), "and it is told when it is back");
    let mut ringing = Scene::inviting();
    ringing.frame("ringing", json!({ "callsid": "CA1" }));
    ringing.give(Input::Closed);
    assert_eq!(ringing.ended(), Some(EndReason::ConnectionLost));
    let (mut rung, _) = Scene::rung("CA9");
    rung.give(Input::Closed);
    assert_eq!(rung.ended(), Some(EndReason::Missed));
}

#[test]
fn a_call_waits_for_a_gateway_that_comes_back_soon_and_gives_up_on_one_that_does_not() {
    let mut scene = Scene::ready();
    scene.give(Input::Closed);
    scene.give(Input::Dial { call: CALL, params: vec![] });
    scene.give(Input::Described { call: CALL, sdp: "offer".into() });
    scene.wait(Duration::from_secs(1), false);
    scene.give(Input::Opened);
    scene.connected();
    assert!(scene.sent_kinds().contains(&"invite".to_owned()));
    let mut away = Scene::ready();
    away.give(Input::Closed);
    away.give(Input::Dial { call: CALL, params: vec![] });
    away.wait(talk::DIAL_PATIENCE, false);
    assert_eq!(away.ended(), Some(EndReason::TwilioUnreachable));
    assert!(away.sent_kinds().is_empty());
}

#[test]
fn whoever_dials_before_it_was_started_is_told_at_once() {
    let now = Instant::now();
    let mut scene = Scene { stream: PStream::new(1, true, now), now, out: Vec::new() };
    scene.give(Input::Dial { call: CALL, params: vec![] });
    assert_eq!(scene.ended(), Some(EndReason::TwilioUnreachable));
}

#[test]
fn leaving_hangs_up() {
    let mut scene = Scene::talking();
    scene.give(Input::Stop);
    assert_eq!(scene.sent(), [("hangup".to_owned(), json!({ "callsid": "CA1" }))]);
    assert!(scene.has(&Output::Forget(CALL)) && scene.has(&Output::Close) && scene.has(&Output::Status(Status::Off)));
    scene.out.clear();
    scene.wait(Duration::from_secs(600), false);
    assert!(scene.take().is_empty());
}

#[test]
fn media_that_fails_ends_the_call_at_both_ends() {
    let mut scene = Scene::talking();
    scene.give(Input::MediaFailed { call: CALL, reason: EndReason::RemoteFailed });
    assert_eq!(scene.ended(), Some(EndReason::RemoteFailed));
    assert_eq!(scene.sent_kinds(), ["hangup"]);
}
