use proptest::prelude::*;

use super::*;

/// A frame as a gateway that went mad may send it: near enough to the real ones to get far.
fn any_frame() -> impl Strategy<Value = String> {
    let kinds = proptest::sample::select(vec![
        "connected",
        "ready",
        "close",
        "error",
        "invite",
        "ringing",
        "answer",
        "hangup",
        "cancel",
        "ack",
        "message",
        "x",
    ]);
    let names = || proptest::option::of(proptest::sample::select(vec!["CA1", "CA2", "CA3", "TJSx", "", "\u{0}"]));
    let texts = || proptest::option::of(".{0,12}");
    let payload = (names(), texts(), texts(), proptest::option::of(0u32..60_000), any::<bool>());
    prop_oneof![
        12 => (kinds, payload).prop_map(|(kind, (sid, sdp, reconnect, code, odd))| {
            // A stream that is closed says nothing any more, and would hide what comes after.
            let kind = if kind == "close" && !odd { "ready" } else { kind };
            let mut payload = json!({ "parameters": { "From": "client:care4w_ABC1234", "Params": sdp } });
            let fields = [("callsid", json!(sid)), ("sdp", json!(sdp)), ("reconnect", json!(reconnect))];
            for (key, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
                payload[key] = if odd && code.is_some_and(|code| code % 7 == 0) { json!([value]) } else { value };
            }
            if let Some(code) = code {
                payload["error"] = json!({ "code": code, "message": "m", "retryAfter": code % 100 });
            }
            json!({ "type": kind, "version": "", "payload": payload }).to_string()
        }),
        2 => ".{0,40}",
        1 => Just("\n".to_owned()),
        1 => Just(format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000))),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Frame(String),
    Wait(u64),
    Closed,
    Dial(u128),
    HangUp(usize),
    Accept(usize),
    Refuse(usize),
    Described(usize),
    PathUp(usize),
    PathLost(usize),
    Woke,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => any_frame().prop_map(Step::Frame),
        3 => (0u64..20_000).prop_map(Step::Wait),
        1 => Just(Step::Closed),
        2 => any::<u128>().prop_map(Step::Dial),
        1 => any::<usize>().prop_map(Step::HangUp),
        2 => any::<usize>().prop_map(Step::Accept),
        1 => any::<usize>().prop_map(Step::Refuse),
        4 => any::<usize>().prop_map(Step::Described),
        2 => any::<usize>().prop_map(Step::PathUp),
        1 => any::<usize>().prop_map(Step::PathLost),
        1 => Just(Step::Woke),
    ]
}

/// Every call in the order in which it was begun.
fn begun(out: &[Output]) -> Vec<CallId> {
    let mut calls = Vec::new();
    for output in out {
        if let Output::Offer(call) | Output::Receive { call, .. } = output {
            calls.push(*call);
        }
    }
    calls
}

fn check(out: &[Output]) -> Result<(), TestCaseError> {
    for call in begun(out) {
        let count = |wanted: &dyn Fn(&Output) -> bool| out.iter().filter(|output| wanted(output)).count();
        prop_assert_eq!(count(&|output| *output == Output::Forget(call)), 1, "a call is forgotten once");
        let ended =
            count(&|output| matches!(output, Output::Tell(BackendEvent::Ended { call: which, .. }) if *which == call));
        prop_assert!(ended <= 1, "a call ends once");
        let last = out.iter().rposition(|output| matches!(output, Output::Tell(event) if event.call() == call));
        if let (1, Some(last)) = (ended, last) {
            prop_assert!(
                matches!(out[last], Output::Tell(BackendEvent::Ended { .. })),
                "nothing is told of a call that ended"
            );
        }
    }
    let unanswered = out.iter().fold(0i32, |open, output| open + i32::from(*output == Output::FetchToken));
    prop_assert!(unanswered >= 1);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_gateway_sends_nothing_panics_and_no_call_is_left_over(
        steps in proptest::collection::vec(any_step(), 0..200),
    ) {
        let mut scene = Scene::ready();
        let mut all = vec![Output::FetchToken];
        for step in steps {
            let calls = { all.extend(scene.take()); begun(&all) };
            let nth = |index: usize| calls.get(index % calls.len().max(1)).copied().unwrap_or(CALL);
            match step {
                Step::Frame(text) => scene.give(Input::Frame(text)),
                Step::Wait(millis) => { scene.now += Duration::from_millis(millis); scene.give(Input::Tick); }
                Step::Closed => scene.give(Input::Closed),
                Step::Dial(id) => scene.give(Input::Dial { call: CallId::from_u128(id), params: vec![] }),
                Step::HangUp(index) => scene.give(Input::HangUp { call: nth(index) }),
                Step::Accept(index) => scene.give(Input::Accept { call: nth(index) }),
                Step::Refuse(index) => scene.give(Input::Refuse { call: nth(index) }),
                Step::Described(index) => scene.give(Input::Described { call: nth(index), sdp: "sdp".into() }),
                Step::PathUp(index) => scene.give(Input::PathUp { call: nth(index) }),
                Step::PathLost(index) => scene.give(Input::PathLost { call: nth(index) }),
                Step::Woke => scene.give(Input::Woke),
            }
            // The driver does what it is told.
            if scene.has(&Output::FetchToken) { scene.token("t", 3_600); }
            if !scene.opened_addresses().is_empty() { scene.give(Input::Opened); scene.connected(); }
            prop_assert!(scene.stream.talks.len() <= 64);
        }
        scene.give(Input::Stop);
        all.extend(scene.take());
        // A call of the line's that came before the start of a stopped stream is told and forgotten at once.
        prop_assert!(scene.stream.talks.is_empty());
        check(&all)?;
    }
}

#[test]
fn a_thousand_frames_of_garbage_leave_a_stream_that_works() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = any_frame();
    let mut scene = Scene::ready();
    for _ in 0..1_000 {
        let frame = strategy.new_tree(&mut runner).unwrap().current();
        scene.give(Input::Frame(frame));
        if scene.has(&Output::FetchToken) {
            scene.token("t", 3_600);
        }
        if scene.has(&Output::Status(Status::Failed(Fault::ClosedByGateway)))
            || scene.has(&Output::Status(Status::Failed(Fault::NotAccepted)))
        {
            scene.give(Input::Start);
            scene.token("t", 3_600);
        }
        if !scene.opened_addresses().is_empty() {
            scene.give(Input::Opened);
            scene.connected();
        }
        scene.out.clear();
    }
    scene.give(Input::Stop);
    assert!(scene.stream.talks.is_empty());
    scene.out.clear();
    scene.give(Input::Start);
    scene.token("t", 3_600);
    scene.give(Input::Opened);
    scene.connected();
    scene.invite("CA99");
}
