//! What clients may send, read strictly (`TWILIO.md`, 2): the names, cases and kinds of all fields.

use serde_json::{Map, Value};

use crate::FaultKind;

/// Versions of the protocol that clients of Twilio's have sent.
const VERSIONS: [&str; 2] = ["1.5", "1.6"];

/// A message of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    Listen { token: String, reconnect_timeout: u64 },
    Register { audio: bool },
    Invite { call: String, sdp: String, params: Vec<(String, String)> },
    Reconnect { call: String, sdp: String, token: String },
    Answer { call: String, sdp: String },
    Reject { call: String },
    HangUp { call: String },
    Reinvite { call: String, sdp: String },
    Dtmf { call: String, digits: String },
    User { call: String, event: String, content: Value, content_type: String, message_type: String },
}

/// Why a frame is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub kind: FaultKind,
    pub about: String,
}

fn wrong(kind: FaultKind, about: impl Into<String>) -> Unreadable {
    Unreadable { kind, about: about.into() }
}

/// Reads a text frame that is no heartbeat.
pub(crate) fn read(text: &str) -> Result<Message, Unreadable> {
    let value: Value = serde_json::from_str(text).map_err(|_| wrong(FaultKind::NotAMessage, "no JSON"))?;
    let Value::Object(mut envelope) = value else { return Err(wrong(FaultKind::NotAMessage, "no object")) };
    let version = envelope.remove("version");
    if !version.as_ref().and_then(Value::as_str).is_some_and(|version| VERSIONS.contains(&version)) {
        return Err(wrong(FaultKind::Version, format!("{version:?}").chars().take(40).collect::<String>()));
    }
    let Some(Value::String(kind)) = envelope.remove("type") else {
        return Err(wrong(FaultKind::UnknownType, "no type"));
    };
    let payload = match envelope.remove("payload") {
        Some(Value::Object(payload)) => payload,
        None => Map::new(),
        Some(_) => return Err(wrong(FaultKind::Payload, "the payload is no object")),
    };
    if let Some(name) = envelope.keys().next() {
        return Err(wrong(FaultKind::Payload, format!("{} in the envelope", short(name))));
    }
    let mut fields = Fields { kind: &kind, payload };
    let message = by_kind(&mut fields)?;
    match fields.payload.keys().next() {
        Some(name) => Err(wrong(FaultKind::Payload, format!("{kind} with {}", short(name)))),
        None => Ok(message),
    }
}

fn by_kind(fields: &mut Fields<'_>) -> Result<Message, Unreadable> {
    Ok(match fields.kind {
        "listen" => {
            let token = fields.text("token")?;
            let browser = fields.object("browserinfo")?;
            for name in ["p", "v", "plugin"] {
                if !browser.get(name).is_some_and(Value::is_string) {
                    return Err(wrong(FaultKind::Payload, format!("browserinfo without {name}")));
                }
            }
            // Older clients have none.
            let reconnect_timeout = match fields.payload.remove("reconnectTimeout") {
                None => 0,
                Some(value) => value
                    .as_u64()
                    .filter(|seconds| *seconds <= 30)
                    .ok_or_else(|| wrong(FaultKind::Payload, "reconnectTimeout is 0 to 30 whole seconds"))?,
            };
            Message::Listen { token, reconnect_timeout }
        }
        "register" => {
            let mut media = fields.object("media")?;
            match (media.remove("audio"), media.is_empty()) {
                (Some(Value::Bool(audio)), true) => Message::Register { audio },
                _ => return Err(wrong(FaultKind::Payload, "register's media is {audio: true or false}")),
            }
        }
        "invite" => {
            let call = fields.text("callsid")?;
            let sdp = fields.text("sdp")?;
            let mut twilio = fields.object("twilio")?;
            let params = match twilio.remove("params") {
                None => Vec::new(),
                Some(Value::String(params)) => read_params(&params)
                    .ok_or_else(|| wrong(FaultKind::Payload, "params are not encoded as in a URL"))?,
                Some(_) => return Err(wrong(FaultKind::Payload, "params are no text")),
            };
            if !twilio.is_empty() {
                return Err(wrong(FaultKind::Payload, "twilio has params alone"));
            }
            match fields.payload.remove("reconnect") {
                None => Message::Invite { call, sdp, params },
                Some(Value::String(token)) => Message::Reconnect { call, sdp, token },
                Some(_) => return Err(wrong(FaultKind::Payload, "reconnect is no text")),
            }
        }
        "answer" => Message::Answer { call: fields.text("callsid")?, sdp: fields.text("sdp")? },
        "reject" => Message::Reject { call: fields.text("callsid")? },
        "hangup" => {
            if fields.payload.remove("message").is_some_and(|message| !message.is_string()) {
                return Err(wrong(FaultKind::Payload, "hangup's message is no text"));
            }
            Message::HangUp { call: fields.text("callsid")? }
        }
        "reinvite" => Message::Reinvite { call: fields.text("callsid")?, sdp: fields.text("sdp")? },
        "dtmf" => {
            let (call, digits) = (fields.text("callsid")?, fields.text("dtmf")?);
            if digits.is_empty() || !digits.chars().all(|digit| "0123456789*#w".contains(digit)) {
                return Err(wrong(FaultKind::Payload, "dtmf is of 0-9 * # w"));
            }
            Message::Dtmf { call, digits }
        }
        "message" => Message::User {
            call: fields.text("callsid")?,
            event: fields.text("voiceeventsid")?,
            content_type: fields.text("contenttype")?,
            message_type: fields.text("messagetype")?,
            content: fields
                .payload
                .remove("content")
                .ok_or_else(|| wrong(FaultKind::Payload, "message without content"))?,
        },
        other => return Err(wrong(FaultKind::UnknownType, short(other))),
    })
}

struct Fields<'a> {
    kind: &'a str,
    payload: Map<String, Value>,
}

impl Fields<'_> {
    fn text(&mut self, name: &str) -> Result<String, Unreadable> {
        match self.payload.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            _ => Err(wrong(FaultKind::Payload, format!("{} without {name}", self.kind))),
        }
    }

    fn object(&mut self, name: &str) -> Result<Map<String, Value>, Unreadable> {
        match self.payload.remove(name) {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(wrong(FaultKind::Payload, format!("{} without {name}", self.kind))),
        }
    }
}

/// `encodeURIComponent`-ed names and values; `None` if anything else is in it.
fn read_params(text: &str) -> Option<Vec<(String, String)>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()%&=".contains(&byte);
    let well_formed = text.bytes().all(plain)
        && text.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()));
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).all(|pair| pair.matches('=').count() == 1);
    (well_formed && pairs).then(|| url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
}

fn short(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_graphic()).take(24).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(message: Value) -> Result<Message, FaultKind> {
        read(&message.to_string()).map_err(|unreadable| unreadable.kind)
    }

    #[test]
    fn what_twilios_sdk_sends_is_read() {
        let invite = json!({ "type": "invite", "version": "1.6", "payload":
            { "callsid": "TJS1", "sdp": "v=0", "twilio": { "params": "To=%2B254%20712&x=1" } } });
        let params = vec![("To".to_owned(), "+254 712".to_owned()), ("x".to_owned(), "1".to_owned())];
        assert_eq!(kind(invite), Ok(Message::Invite { call: "TJS1".into(), sdp: "v=0".into(), params }));
        let bare = json!({ "type": "invite", "version": "1.6", "payload":
            { "callsid": "TJS1", "sdp": "v=0", "twilio": {} } });
        assert!(matches!(kind(bare), Ok(Message::Invite { params, .. }) if params.is_empty()));
        let hang_up = json!({ "type": "hangup", "version": "1.5", "payload": { "callsid": "CA1", "message": "x" } });
        assert_eq!(kind(hang_up), Ok(Message::HangUp { call: "CA1".into() }));
    }

    #[test]
    fn what_it_does_not_send_is_refused() {
        let with = |kind: &str, payload: Value| json!({ "type": kind, "version": "1.6", "payload": payload });
        for (message, fault) in [
            (json!([]), FaultKind::NotAMessage),
            (json!({ "type": "reject", "version": "2.0", "payload": { "callsid": "CA1" } }), FaultKind::Version),
            (json!({ "type": "reject", "payload": { "callsid": "CA1" } }), FaultKind::Version),
            (with("REJECT", json!({ "callsid": "CA1" })), FaultKind::UnknownType),
            (with("reject", json!({ "callSid": "CA1" })), FaultKind::Payload),
            (with("reject", json!({ "callsid": "CA1", "more": 1 })), FaultKind::Payload),
            (with("reject", json!({ "callsid": 7 })), FaultKind::Payload),
            (with("register", json!({ "media": { "audio": 1 } })), FaultKind::Payload),
            (with("dtmf", json!({ "callsid": "CA1", "dtmf": "12A" })), FaultKind::Payload),
            (with("listen", json!({ "token": "x", "browserinfo": {} })), FaultKind::Payload),
            (
                with("invite", json!({ "callsid": "x", "sdp": "x", "twilio": { "params": "To=+254 7" } })),
                FaultKind::Payload,
            ),
        ] {
            assert_eq!(kind(message.clone()), Err(fault), "{message}");
        }
    }
}
