//! A gateway, a server and a line around the machine, in simulated time.

mod calls;
mod connection;
mod garbage;

use serde_json::{Value, json};

use super::*;
use crate::{BackendEvent, EndReason};
use care4w_protocol::{CallId, Secret};

pub(super) const CALL: CallId = CallId::from_u128(1);

pub(super) struct Scene {
    pub stream: PStream,
    pub now: Instant,
    /// What came out since it was last looked at.
    pub out: Vec<Output>,
}

impl Scene {
    /// Started; it asks for a token.
    pub fn started() -> Self {
        let now = Instant::now();
        let mut scene = Self { stream: PStream::new(7, true, now), now, out: Vec::new() };
        scene.give(Input::Start);
        scene
    }

    /// Registered: calls can come and go.
    pub fn ready() -> Self {
        let mut scene = Self::started();
        scene.token("first", 3_600);
        scene.give(Input::Opened);
        scene.connected();
        scene.frame("ready", json!({}));
        scene.out.clear();
        scene
    }

    pub fn give(&mut self, input: Input) {
        self.stream.handle(input, self.now);
        while let Some(output) = self.stream.poll() {
            self.out.push(output);
        }
    }

    pub fn token(&mut self, text: &str, seconds: u64) {
        let token = AccessToken {
            text: Secret::new(text.to_owned()),
            expires_in: Duration::from_secs(seconds),
            edge: None,
            gateway: None,
        };
        self.give(Input::Token(Ok(token)));
    }

    pub fn frame(&mut self, kind: &str, payload: Value) {
        self.give(Input::Frame(json!({ "type": kind, "version": "", "payload": payload }).to_string()));
    }

    pub fn connected(&mut self) {
        self.frame("connected", json!({ "region": "EU_IRELAND", "edge": "dublin", "token": { "identity": "x" } }));
    }

    /// Lets time go by, with heartbeats all along if the gateway lives.
    pub fn wait(&mut self, time: Duration, heartbeats: bool) {
        let end = self.now + time;
        let mut beat = self.now + Duration::from_secs(5);
        loop {
            let due = self.stream.wake_at().filter(|at| *at <= end);
            let next = due.into_iter().chain((heartbeats && beat <= end).then_some(beat)).min();
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            if heartbeats && next == beat {
                beat += Duration::from_secs(5);
                self.give(Input::Frame("\n".into()));
                self.out.retain(|output| *output != Output::Transmit("\n".into()));
            } else {
                self.give(Input::Tick);
                if self.stream.wake_at() == due {
                    break;
                }
            }
        }
        self.now = end;
        self.give(Input::Tick);
    }

    /// The socket breaks and comes back, accepted.
    pub fn drop_and_return(&mut self) {
        self.give(Input::Closed);
        self.wait(Duration::from_secs(2), false);
        self.give(Input::Opened);
        self.connected();
    }

    pub fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// The frames sent since last looked, as their type and payload.
    pub fn sent(&mut self) -> Vec<(String, Value)> {
        let read = |output: &Output| match output {
            Output::Transmit(text) if text != "\n" => {
                let frame: Value = serde_json::from_str(text).unwrap();
                Some((frame["type"].as_str().unwrap().to_owned(), frame["payload"].clone()))
            }
            _ => None,
        };
        self.out.iter().filter_map(read).collect()
    }

    pub fn sent_kinds(&mut self) -> Vec<String> {
        self.sent().into_iter().map(|(kind, _)| kind).collect()
    }

    pub fn told(&self) -> Vec<BackendEvent> {
        let read = |output: &Output| match output {
            Output::Tell(event) => Some(event.clone()),
            _ => None,
        };
        self.out.iter().filter_map(read).collect()
    }

    pub fn has(&self, output: &Output) -> bool {
        self.out.contains(output)
    }

    pub fn opened_addresses(&self) -> Vec<String> {
        let read = |output: &Output| match output {
            Output::Open(address) => Some(address.clone()),
            _ => None,
        };
        self.out.iter().filter_map(read).collect()
    }

    pub fn ended(&self) -> Option<EndReason> {
        self.told().into_iter().find_map(|event| match event {
            BackendEvent::Ended { reason, .. } => Some(reason),
            _ => None,
        })
    }

    /// Dialled; the invitation is out.
    pub fn inviting() -> Self {
        let mut scene = Self::ready();
        scene.give(Input::Dial { call: CALL, params: vec![("To".into(), "+254712345678".into())] });
        scene.give(Input::Described { call: CALL, sdp: "offer".into() });
        scene
    }

    /// An outgoing call whose sound flows.
    pub fn talking() -> Self {
        let mut scene = Self::inviting();
        scene.frame("ringing", json!({ "callsid": "CA1" }));
        scene.frame("answer", json!({ "callsid": "CA1", "sdp": "answer", "reconnect": "again-1" }));
        scene.give(Input::PathUp { call: CALL });
        scene.give(Input::Heard { call: CALL });
        scene.out.clear();
        scene
    }

    /// A call rings here; its id.
    pub fn rung(sid: &str) -> (Self, CallId) {
        let mut scene = Self::ready();
        let call = scene.invite(sid);
        (scene, call)
    }

    pub fn invite(&mut self, sid: &str) -> CallId {
        self.frame(
            "invite",
            json!({ "callsid": sid, "sdp": "their offer", "parameters": { "From": "client:care4w_ABC1234" } }),
        );
        let told = self.told();
        told.iter().rev().find(|event| matches!(event, BackendEvent::Incoming { .. })).unwrap().call()
    }
}
