//! The frames between this end and Twilio's gateway (TWILIO.md §1–3): written as the sheet says, read leniently.
//! What cannot be read is [`FromGateway::Other`]: nothing that comes on the socket is worth a call.

use std::time::Duration;

use serde_json::{Value, json};

use super::params;

/// The wire version that `@twilio/voice-sdk` 2.18.5 speaks.
const VERSION: &str = "1.6";

/// The release of it whose protocol this follows.
const FOLLOWS: &str = "2.18.5";

/// How long the gateway is asked to keep a call whose signalling is away; the client's most (TWILIO.md §4).
pub(super) const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A heartbeat, and the answer to it.
pub(super) const HEARTBEAT: &str = "\n";

/// More than any name of a call, a token or an edge has.
const LONGEST_WORD: usize = 4_096;

/// What the gateway says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FromGateway {
    Heartbeat,
    Connected { edge: Option<String>, ttl: Option<Duration> },
    Ready,
    Close,
    Error { code: u32, sid: Option<String>, retry_after: Option<Duration> },
    Invite { sid: String, sdp: String, from: String, params: Vec<(String, String)>, reconnect: Option<String> },
    Ringing { sid: String, sdp: Option<String> },
    Answer { sid: String, sdp: Option<String>, reconnect: Option<String> },
    HangUp { sid: Option<String>, code: Option<u32> },
    Cancel { sid: String },
    Other,
}

/// Reads a frame.
pub(super) fn read(text: &str) -> FromGateway {
    if text == HEARTBEAT {
        return FromGateway::Heartbeat;
    }
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return FromGateway::Other };
    let Some(kind) = frame.get("type").and_then(Value::as_str) else { return FromGateway::Other };
    read_message(kind, frame.get("payload").unwrap_or(&Value::Null)).unwrap_or(FromGateway::Other)
}

fn read_message(kind: &str, payload: &Value) -> Option<FromGateway> {
    let sid = || word(payload, "callsid");
    let sdp = || payload.get("sdp").and_then(Value::as_str).map(ToOwned::to_owned);
    Some(match kind {
        "connected" => FromGateway::Connected {
            edge: word(payload, "edge"),
            ttl: payload.pointer("/token/ttl").and_then(Value::as_u64).map(Duration::from_secs),
        },
        "ready" => FromGateway::Ready,
        "close" => FromGateway::Close,
        // About a message of the user, of which there are none here.
        "error" if payload.get("voiceeventsid").is_some() => FromGateway::Other,
        "error" => FromGateway::Error {
            code: code(payload)?,
            sid: sid(),
            retry_after: payload.pointer("/error/retryAfter").and_then(Value::as_u64).map(Duration::from_secs),
        },
        "invite" => FromGateway::Invite {
            sid: sid()?,
            sdp: sdp()?,
            from: payload.pointer("/parameters/From").and_then(Value::as_str).unwrap_or_default().to_owned(),
            params: payload.pointer("/parameters/Params").and_then(Value::as_str).map(params::read).unwrap_or_default(),
            reconnect: word(payload, "reconnect"),
        },
        "ringing" => FromGateway::Ringing { sid: sid()?, sdp: sdp() },
        "answer" => FromGateway::Answer { sid: sid()?, sdp: sdp(), reconnect: word(payload, "reconnect") },
        "hangup" => FromGateway::HangUp { sid: sid(), code: code(payload) },
        "cancel" => FromGateway::Cancel { sid: sid()? },
        _ => return None,
    })
}

fn word(payload: &Value, key: &str) -> Option<String> {
    let word = payload.get(key)?.as_str()?;
    (!word.is_empty() && word.len() <= LONGEST_WORD).then(|| word.to_owned())
}

fn code(payload: &Value) -> Option<u32> {
    payload.pointer("/error/code")?.as_u64()?.try_into().ok()
}

fn frame(kind: &str, payload: Value) -> String {
    json!({ "type": kind, "version": VERSION, "payload": payload }).to_string()
}

/// The first frame on a socket, and the one that renews the token on it.
pub(super) fn listen(token: &str) -> String {
    let browser = json!({
        "userAgent": concat!("care4w/", env!("CARGO_PKG_VERSION")),
        "platform": std::env::consts::OS,
    });
    frame(
        "listen",
        json!({
            "token": token,
            "browserinfo": { "p": "browser", "v": FOLLOWS, "plugin": "rtc", "browser": browser },
            "reconnectTimeout": RECONNECT_TIMEOUT.as_secs(),
        }),
    )
}

/// Calls may come to this end.
pub(super) fn register() -> String {
    frame("register", json!({ "media": { "audio": true } }))
}

/// A new call.
pub(super) fn invite(sid: &str, sdp: &str, params: &[(String, String)]) -> String {
    let twilio = if params.is_empty() { json!({}) } else { json!({ "params": params::write(params) }) };
    frame("invite", json!({ "callsid": sid, "sdp": sdp, "twilio": twilio }))
}

/// Takes a call up again on a new socket.
pub(super) fn rejoin(sid: &str, sdp: &str, reconnect: &str) -> String {
    frame("invite", json!({ "callsid": sid, "sdp": sdp, "reconnect": reconnect, "twilio": {} }))
}

/// Takes an incoming call.
pub(super) fn answer(sid: &str, sdp: &str) -> String {
    frame("answer", json!({ "callsid": sid, "sdp": sdp }))
}

/// Does not take it.
pub(super) fn reject(sid: &str) -> String {
    frame("reject", json!({ "callsid": sid }))
}

/// Ends a call.
pub(super) fn hang_up(sid: &str) -> String {
    frame("hangup", json!({ "callsid": sid }))
}

/// Offers a new path.
pub(super) fn reinvite(sid: &str, sdp: &str) -> String {
    frame("reinvite", json!({ "callsid": sid, "sdp": sdp }))
}

/// Dialled digits.
pub(super) fn dtmf(sid: &str, digits: &str) -> String {
    frame("dtmf", json!({ "callsid": sid, "dtmf": digits }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_carry_the_keys_of_the_sheet() {
        let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let listen = read(listen("jwt"));
        assert_eq!((listen["type"].as_str(), listen["version"].as_str()), (Some("listen"), Some("1.6")));
        assert_eq!(listen["payload"]["reconnectTimeout"], 30);
        assert_eq!(listen["payload"]["browserinfo"]["p"], "browser");
        let params = vec![("To".to_owned(), "+254712345678".to_owned()), ("a b".to_owned(), "ü&=".to_owned())];
        assert_eq!(
            read(invite("TJSx", "v=0", &params))["payload"],
            json!({ "callsid": "TJSx", "sdp": "v=0", "twilio": { "params": "To=%2B254712345678&a%20b=%C3%BC%26%3D" } })
        );
        assert_eq!(read(invite("TJSx", "v=0", &[]))["payload"]["twilio"], json!({}));
        assert_eq!(
            read(rejoin("CA1", "v=0", "t"))["payload"],
            json!({ "callsid": "CA1", "sdp": "v=0", "reconnect": "t", "twilio": {} })
        );
        assert_eq!(read(register())["payload"], json!({ "media": { "audio": true } }));
        assert_eq!(read(dtmf("CA1", "1w#"))["payload"], json!({ "callsid": "CA1", "dtmf": "1w#" }));
    }

    #[test]
    fn what_is_no_frame_of_the_gateway_is_nothing() {
        for text in [
            "",
            "\n\n",
            "{",
            "[]",
            "null",
            r#"{"type":7}"#,
            r#"{"type":"answer"}"#,
            r#"{"type":"invite","payload":{"callsid":"CA1"}}"#,
        ] {
            assert_eq!(super::read(text), FromGateway::Other, "{text:?}");
        }
        let old = r#"{"type":"ringing","version":"","payload":{"callsid":"CA1"}}"#;
        assert_eq!(super::read(old), FromGateway::Ringing { sid: "CA1".into(), sdp: None });
    }
}
