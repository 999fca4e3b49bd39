//! A bare client: it says what a test wants, right or wrong, and has no media.

use care4w_twilio_double::Double;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// A description that the gateway takes; its credentials are changed by `ufrag`.
pub fn description(ufrag: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n\
         c=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\na=ice-ufrag:{ufrag}\r\n\
         a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\n",
        ["AB"; 32].join(":")
    )
}

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub answers_heartbeats: bool,
    /// In seconds: how long its calls shall live on without it.
    pub reconnect_timeout: u64,
}

impl Client {
    pub async fn connect(double: &Double) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(double.url()).await.unwrap();
        Self { socket, answers_heartbeats: true, reconnect_timeout: 30 }
    }

    /// Connected, with its token accepted, and registered.
    pub async fn registered(double: &Double, identity: &str) -> Self {
        let mut client = Self::connect(double).await;
        client.register(double, identity).await;
        client
    }

    pub async fn register(&mut self, double: &Double, identity: &str) {
        self.listen(&double.account().token(identity).sign()).await;
        assert_eq!(self.next("connected").await["token"]["identity"], identity);
        self.say("register", json!({ "media": { "audio": true } })).await;
        self.next("ready").await;
    }

    pub async fn listen(&mut self, token: &str) {
        let browser = json!({ "p": "browser", "v": "2.18.5", "plugin": "rtc", "browser": {} });
        self.say(
            "listen",
            json!({ "token": token, "browserinfo": browser, "reconnectTimeout": self.reconnect_timeout }),
        )
        .await;
    }

    pub async fn invite(&mut self, call: &str, to: &str) {
        let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let twilio = json!({ "params": format!("To={to}") });
        self.say("invite", json!({ "callsid": call, "sdp": description("abcd"), "twilio": twilio })).await;
    }

    pub async fn say(&mut self, kind: &str, payload: Value) {
        self.send(Message::text(json!({ "type": kind, "version": "1.6", "payload": payload }).to_string())).await;
    }

    pub async fn send(&mut self, frame: Message) {
        self.socket.send(frame).await.unwrap();
    }

    /// Waits for a heartbeat and does not answer it.
    pub async fn beat(&mut self) {
        while self.socket.next().await.unwrap().unwrap() != Message::text("\n") {}
    }

    /// The payload of the next message, if it is of this kind; heartbeats are answered by the way.
    pub async fn next(&mut self, kind: &str) -> Value {
        let (came, payload) = self.any().await.unwrap_or_else(|| panic!("the connection ended before {kind}"));
        assert_eq!(came, kind, "{payload}");
        payload
    }

    /// The next message; `None` at the end of the connection.
    pub async fn any(&mut self) -> Option<(String, Value)> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) if text.as_str() == "\n" => {
                    if self.answers_heartbeats {
                        self.send(Message::text("\n")).await;
                    }
                }
                Ok(Message::Text(text)) => {
                    let mut message: Value = serde_json::from_str(&text).unwrap();
                    return Some((message["type"].as_str().unwrap().to_owned(), message["payload"].take()));
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
