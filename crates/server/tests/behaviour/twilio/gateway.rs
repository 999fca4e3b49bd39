//! The server and the double of Twilio's gateway, which believes nobody: this server's tokens, its TwiML, its answers to
//! signed requests, and what it makes of Twilio's word.

use std::time::Duration;

use care4w_server::Config;
use care4w_server::config::Limits;
use care4w_server::twilio::settings::Twilio;
use care4w_twilio_double::{Double, Outcome, Says, Settings, Telephone};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{PUBLIC, assign, history};
use crate::server::{Person, Server};

const NUMBER: &str = "+12025550143";
const THEIRS: &str = "+254700000001";

/// The double, and a server for its account. Twilio reaches the server behind a proxy that speaks TLS.
async fn world() -> (Double, Server) {
    let double = Double::start(Settings::default()).await.unwrap();
    let account = double.account();
    let given = Twilio {
        account: Some(account.account_sid.clone()),
        key: Some(account.api_key.clone()),
        secret: Some(account.api_secret.clone().into()),
        auth_token: Some(account.auth_token.clone().into()),
        application: Some(account.application_sid.clone()),
        caller_id: Some(NUMBER.into()),
        gateway_url: Some(double.url()),
        ..Twilio::default()
    };
    let voice = given.voice(Some(PUBLIC)).unwrap();
    let server = Server::with(Config { limits: Limits::raised(), voice, ..Config::default() }).await;
    double.set_voice_url(&format!("{PUBLIC}/api/webhooks/twilio/voice"), Some(&server.running.url()));
    (double, server)
}

/// Signalling as a device has it, without sound.
struct Device {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Device {
    /// Shows the gateway the token that the server makes for a person.
    async fn of(server: &Server, person: &Person) -> Self {
        let answer = server.get(person, "/api/token").await;
        let url = answer.data()["gateway"].as_str().unwrap();
        let (stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut device = Self { stream };
        let browser = json!({"p": "browser", "v": "2.18.5", "plugin": "rtc",
            "browser": {"userAgent": "test", "platform": "test"}});
        let listen = json!({"token": answer.data()["token"], "browserinfo": browser, "reconnectTimeout": 30});
        device.says("listen", listen).await;
        let connected = device.hears(&["connected"]).await;
        assert_eq!(connected["payload"]["token"]["identity"], person.id.replace('-', "_"));
        device
    }

    async fn says(&mut self, kind: &str, payload: Value) {
        let message = json!({"type": kind, "version": "1.6", "payload": payload});
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message of one of these kinds.
    async fn hears(&mut self, kinds: &[&str]) -> Value {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(60), self.stream.next()).await.expect("a message");
            let Message::Text(text) = message.unwrap().unwrap() else { continue };
            if text.as_str() == "\n" {
                self.stream.send(Message::text("\n")).await.unwrap();
                continue;
            }
            let message: Value = serde_json::from_str(&text).unwrap();
            if kinds.contains(&message["type"].as_str().unwrap()) {
                return message;
            }
        }
    }

    /// Calls, and waits until it is answered or over; what it was.
    async fn calls(&mut self, to: &str) -> Value {
        let params: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let fingerprint = vec!["AB"; 32].join(":");
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n\
             c=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:{}\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\na=rtpmap:111 opus/48000/2\r\n\
             a=rtpmap:0 PCMU/8000\r\n",
            "p".repeat(24)
        );
        let twilio = json!({"params": format!("To={params}")});
        let call = format!("TJS{}", care4w_protocol::CallId::random());
        self.says("invite", json!({"callsid": call, "sdp": sdp, "twilio": twilio})).await;
        self.hears(&["answer", "hangup"]).await
    }
}

/// A person's history once it has this many calls that are over.
async fn history_of(server: &Server, person: &Person, calls: usize) -> Vec<Value> {
    let written = async {
        loop {
            let history = history(server, person).await;
            if history.len() == calls
                && history.iter().all(|call| call["kind"] != "got" || !call["durationSecs"].is_null())
            {
                return history;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), written).await.expect("the history is written")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_calls_numbers_with_the_servers_token_and_the_gateway_finds_nothing_wrong() {
    let (double, server) = world().await;
    let amina = server.register("amina").await;
    let mut device = Device::of(&server, &amina).await;
    let answered = device.calls(THEIRS).await;
    assert_eq!(answered["type"], "answer");
    device.says("hangup", json!({"callsid": answered["payload"]["callsid"]})).await;
    let calls = history_of(&server, &amina, 1).await;
    assert_eq!((&calls[0]["kind"], &calls[0]["number"]), (&json!("made"), &json!(THEIRS)));
    double.set_telephone(THEIRS, Telephone::with(Outcome::Busy));
    assert_eq!(device.calls(THEIRS).await["type"], "hangup");
    let calls = history_of(&server, &amina, 2).await;
    assert_eq!(calls[0]["durationSecs"], Value::Null);
    for refused in ["112", "+449098790000", "care4w-0000000"] {
        assert_eq!(device.calls(refused).await["type"], "hangup", "{refused}");
    }
    assert_eq!(history(&server, &amina).await.len(), 2);
    assert!(double.faults().is_empty(), "{:?}", double.faults());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_rings_its_users_device_or_is_missed() {
    let (double, server) = world().await;
    let amina = server.register("amina").await;
    assign(&server, &amina, NUMBER).await;
    double.call_number(THEIRS, NUMBER, Says::Nothing);
    let calls = history_of(&server, &amina, 1).await;
    assert_eq!((&calls[0]["kind"], &calls[0]["number"]), (&json!("missed"), &json!(THEIRS)));
    let mut device = Device::of(&server, &amina).await;
    device.says("register", json!({"media": {"audio": true}})).await;
    device.hears(&["ready"]).await;
    double.call_number(THEIRS, NUMBER, Says::Nothing);
    let invite = device.hears(&["invite"]).await;
    assert_eq!(invite["payload"]["parameters"]["From"], THEIRS);
    device.says("reject", json!({"callsid": invite["payload"]["callsid"]})).await;
    assert_eq!(history_of(&server, &amina, 2).await[0]["kind"], "missed");
    assert!(double.faults().is_empty(), "{:?}", double.faults());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_rings_another_who_reads_who_it_is() {
    let (double, server) = world().await;
    let (amina, baraka) = (server.register("amina").await, server.register("baraka").await);
    let mut his = Device::of(&server, &baraka).await;
    his.says("register", json!({"media": {"audio": true}})).await;
    his.hears(&["ready"]).await;
    let mut hers = Device::of(&server, &amina).await;
    let call_id = std::sync::OnceLock::new();
    let (ended, ()) = tokio::join!(hers.calls(&baraka.id), async {
        let invite = his.hears(&["invite"]).await;
        let parameters = &invite["payload"]["parameters"];
        assert_eq!(parameters["From"], format!("client:{}", amina.id.replace('-', "_")));
        let told: Vec<(String, String)> =
            url::form_urlencoded::parse(parameters["Params"].as_str().unwrap().as_bytes()).into_owned().collect();
        assert_eq!(told[..2], [("care4wId".into(), amina.id.clone()), ("displayName".into(), "amina".into())]);
        let [_, _, (name, call)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(name, "CallId");
        call_id.set(call.clone()).unwrap();
        his.says("reject", json!({"callsid": invite["payload"]["callsid"]})).await;
    });
    assert_eq!(ended["type"], "hangup");
    assert_eq!(history_of(&server, &amina, 1).await[0]["kind"], "made");
    let his_history = history_of(&server, &baraka, 1).await;
    assert_eq!(his_history[0]["care4wId"], amina.id);
    assert_eq!(his_history[0]["callId"].as_str(), call_id.get().map(String::as_str), "his device names it alike");
    assert!(double.faults().is_empty(), "{:?}", double.faults());
}
