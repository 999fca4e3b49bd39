//! A running double, and everything that a test does with it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use crate::{
    Account, Call, Fault, Frame, PlacedCall, Says, Settings, Telephone, Verify,
    call::new_sid,
    dialling::{Caller, Dialling},
    house::{House, ToStream},
    listener::{self, Identity},
    outgoing,
    rest::{self, calls::Calls},
    twiml::{Dial, Target, TargetKind},
};

/// How long [`Double::until`] waits: a busy machine is slow, a broken client is not there after this either.
const DEADLINE: Duration = Duration::from_secs(60);

/// Why a double does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its address is taken.
    #[error("the double cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// It has no certificate.
    #[error("no certificate was made: {0}")]
    Tls(String),
    /// It cannot ask webhooks.
    #[error("webhooks cannot be asked: {0}")]
    Http(#[from] reqwest::Error),
}

/// What was waited for did not come.
#[derive(Debug, thiserror::Error)]
#[error("waited {seconds} s until {what}; the last messages: {frames}; the faults: {faults}")]
pub struct Waited {
    what: String,
    seconds: u64,
    frames: String,
    faults: String,
}

/// A running double; dropping it ends everything.
pub struct Double {
    house: Arc<House>,
    address: SocketAddr,
    identity: Arc<Identity>,
    listening: JoinHandle<()>,
    rest_url: String,
    serving: JoinHandle<()>,
    calls: Arc<Calls>,
    verify: Verify,
    /// How many calls [`Double::next_call`] has given.
    given: Mutex<usize>,
}

impl Drop for Double {
    fn drop(&mut self) {
        self.listening.abort();
        self.serving.abort();
        self.cut_signalling();
        let legs: Vec<_> = self.house.look().legs.values().map(|leg| leg.media.clone()).collect();
        for media in legs {
            media.close();
        }
    }
}

impl Double {
    /// Starts one. It runs on the runtime that this is called in.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let identity = Arc::new(Identity::new()?);
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        // Webhooks are asked over plain HTTP or where the process chose its TLS.
        rustls::crypto::ring::default_provider().install_default().ok();
        let agent = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        let house = House::new(settings, agent);
        let listening = tokio::spawn(listener::run(listener, Arc::clone(&identity), Arc::clone(&house)));
        let (calls, verify) = (Calls::new(Arc::clone(&house)), Verify::of(house.account()));
        let (rest_url, serving) = rest::serve(calls.router().merge(verify.router()), address.ip()).await?;
        let given = Mutex::new(0);
        Ok(Self { house, address, identity, listening, rest_url, serving, calls, verify, given })
    }

    /// Host and port: what the SDK's option `chunderw` takes.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients connect without TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/signal", self.address)
    }

    /// Where they connect with TLS, by [`Double::certificate`].
    #[must_use]
    pub fn secure_url(&self) -> String {
        format!("wss://{}/signal", self.address)
    }

    /// Its self-signed certificate (DER), for `127.0.0.1` and `localhost`.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.identity.certificate
    }

    /// What Chromium's `--ignore-certificate-errors-spki-list` takes to trust it.
    #[must_use]
    pub fn spki(&self) -> &str {
        &self.identity.spki
    }

    /// Whose gateway it plays: makes tokens.
    #[must_use]
    pub fn account(&self) -> &Account {
        self.house.account()
    }

    /// What our server is told of it, as variables: the account, its interfaces, and this as everybody's caller id.
    #[must_use]
    pub fn environment(&self, caller_id: &str) -> Vec<(String, String)> {
        let account = self.account();
        [
            ("ACCOUNT", account.account_sid.as_str()),
            ("KEY", &account.api_key),
            ("SECRET", &account.api_secret),
            ("AUTH_TOKEN", &account.auth_token),
            ("APPLICATION", &account.application_sid),
            ("VERIFY_SERVICE", &account.verify_service),
            ("CALLER_ID", caller_id),
            ("GATEWAY_URL", &self.url()),
            ("API_URL", self.rest_url()),
            ("VERIFY_URL", self.rest_url()),
        ]
        .map(|(name, value)| (format!("CARE4W_TWILIO_{name}"), value.to_owned()))
        .into()
    }

    /// The voice URL from now on, and where requests to its host really go: as in [`Settings`], for a server that is started
    /// after its double.
    pub fn set_voice_url(&self, url: &str, origin: Option<&str>) {
        self.house.state().voice = Some((url.to_owned(), origin.map(str::to_owned)));
    }

    /// What stands for `https://api.twilio.com` and `https://verify.twilio.com`.
    #[must_use]
    pub fn rest_url(&self) -> &str {
        &self.rest_url
    }

    /// Its Verify.
    #[must_use]
    pub fn verify(&self) -> &Verify {
        &self.verify
    }

    // What happens outside.

    /// How the telephone of a number behaves.
    pub fn set_telephone(&self, number: &str, telephone: Telephone) {
        self.house.state().numbers.insert(number.to_owned(), telephone);
    }

    /// Calls a registered client from outside, past any server. `from` is a number or `client:` and an identity.
    pub async fn ring(
        &self,
        identity: &str,
        from: &str,
        parameters: &[(&str, &str)],
        says: Says,
    ) -> Result<Call, Waited> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let target = Target {
            kind: TargetKind::Client,
            name: identity.to_owned(),
            parameters,
            callback: None,
            callback_events: Vec::new(),
        };
        let dial = Dial { targets: vec![target], answer_on_bridge: true, ..Dial::default() };
        self.until("the client is registered", || (!self.house.look().registered(identity).is_empty()).then_some(()))
            .await?;
        let before = self.calls().len();
        let mut dialling = self.dialling(from, &format!("client:{identity}"), says);
        tokio::spawn(async move {
            dialling.dial(&dial).await;
            dialling.finish(None);
        });
        self.until("the client is called", || {
            self.calls().into_iter().skip(before).find(|call| call.is_incoming() && call.identity() == identity)
        })
        .await
    }

    /// Somebody outside calls one of the account's numbers: the webhook decides whom that reaches.
    pub fn call_number(&self, from: &str, to: &str, says: Says) {
        let dialling = self.dialling(from, to, says);
        let form = outgoing::form(&self.house, &dialling.sid, from, to, None);
        tokio::spawn(outgoing::follow(dialling, form));
    }

    fn dialling(&self, from: &str, to: &str, says: Says) -> Dialling {
        let (events, heard) = mpsc::unbounded_channel();
        Dialling {
            house: Arc::clone(&self.house),
            caller: Caller::Outside { says },
            from: from.to_owned(),
            to: to.to_owned(),
            events,
            heard,
            sid: new_sid(),
            spoke: None,
        }
    }

    // What goes wrong.

    /// Cuts every client's signalling, as a cable is cut.
    pub fn cut_signalling(&self) {
        for stream in self.house.state().streams.values() {
            stream.to.send(ToStream::Cut).ok();
        }
    }

    /// Whether connections are refused from now on. Those that stand go on.
    pub fn refuse_connections(&self, refuse: bool) {
        self.house.state().refuses = refuse;
    }

    /// The next token that comes is refused with this code, and with a time to come back after in seconds.
    pub fn refuse_next_token(&self, code: u32, retry_after: Option<u64>) {
        self.house.state().refusals.push((code, retry_after));
    }

    /// Whether invitations of clients are read and never answered from now on.
    pub fn ignore_invitations(&self, ignore: bool) {
        self.house.state().deaf = ignore;
    }

    /// Sends every client this text, which need not be a message.
    pub fn say_anything(&self, text: &str) {
        for stream in self.house.state().streams.values() {
            stream.to.send(ToStream::Text(text.to_owned())).ok();
        }
    }

    /// Tells every client that its token is over.
    pub fn expire_tokens(&self) {
        let mut state = self.house.state();
        let streams: Vec<u64> = state.streams.keys().copied().collect();
        for stream in streams {
            state.expire(stream);
        }
    }

    /// Whether heartbeats go out. Without them a client must give up its connection after 15 s.
    pub fn set_heartbeats(&self, beat: bool) {
        self.house.state().silent = !beat;
    }

    /// The next REST request for calls is refused: with an HTTP status, Twilio's code, `Retry-After` in seconds.
    pub fn refuse_next_request(&self, status: u16, code: u32, retry_after: Option<u64>) {
        self.calls.rules(|rules| rules.refusing = Some((status, code, retry_after)));
    }

    /// The next call by REST is begun, and the answer that says so is lost.
    pub fn lose_next_answer(&self) {
        self.calls.rules(|rules| rules.losing_the_answer = true);
    }

    /// Calls by REST go out with these numbers alone; others are refused with 21210.
    pub fn set_own_numbers(&self, numbers: &[&str]) {
        self.calls.rules(|rules| rules.own = Some(numbers.iter().map(ToString::to_string).collect()));
    }

    /// It is a trial account: calls by REST go to these numbers alone; others are refused with 21219.
    pub fn set_trial(&self, verified: &[&str]) {
        self.calls.rules(|rules| rules.verified = Some(verified.iter().map(ToString::to_string).collect()));
    }

    /// Whether status callbacks get lost.
    pub fn lose_callbacks(&self, lose: bool) {
        self.house.state().mute = lose;
    }

    // What was seen.

    /// What clients did wrong so far.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.house.look().faults.clone()
    }

    /// Forgets the faults.
    pub fn forget_faults(&self) {
        self.house.state().faults.clear();
    }

    /// All messages so far but heartbeats and what could not be read.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.house.look().frames.clone()
    }

    /// All calls of clients so far, those that ended too, in their order. One from client to client is two.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let order = self.house.look().order.clone();
        order.into_iter().map(|sid| Call { house: Arc::clone(&self.house), sid }).collect()
    }

    /// All calls that were begun by REST, in their order.
    #[must_use]
    pub fn placed_calls(&self) -> Vec<PlacedCall> {
        self.calls.order().into_iter().map(|sid| PlacedCall { calls: Arc::clone(&self.calls), sid }).collect()
    }

    /// How many clients are connected, whatever their tokens.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.house.look().streams.len()
    }

    /// Whether somebody of this identity can be called.
    #[must_use]
    pub fn is_registered(&self, identity: &str) -> bool {
        !self.house.look().registered(identity).is_empty()
    }

    /// The next call that no [`Double::next_call`] gave yet; waits for it.
    pub async fn next_call(&self) -> Result<Call, Waited> {
        self.until("there is a call", || {
            let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
            let call = self.calls().into_iter().nth(*given)?;
            *given += 1;
            Some(call)
        })
        .await
    }

    /// Waits until a condition gives a value: it is asked at every change here, and often for what media ends hear.
    pub async fn until<T>(&self, what: &str, mut condition: impl FnMut() -> Option<T>) -> Result<T, Waited> {
        const INTERVAL: Duration = Duration::from_millis(20);
        let mut changes = self.house.changes();
        let waiting = async {
            loop {
                if let Some(value) = condition() {
                    return value;
                }
                // Sound comes without a change here.
                tokio::time::timeout(INTERVAL, changes.changed()).await.ok();
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.map_err(|_| {
            let kinds = |frame: &Frame| format!("{}{}", if frame.from_client { '→' } else { '←' }, frame.kind());
            let frames = self.frames();
            let last: Vec<String> = frames.iter().skip(frames.len().saturating_sub(12)).map(kinds).collect();
            Waited {
                what: what.to_owned(),
                seconds: DEADLINE.as_secs(),
                frames: last.join(" "),
                faults: format!("{:?}", self.faults()),
            }
        })
    }
}
