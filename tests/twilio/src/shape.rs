//! What of a message may be written down and compared: which fields it has and of what kind they are. Nothing of anybody's.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Fields whose text is one of few words of Twilio's own.
const WORDS: [&str; 8] = ["type", "version", "region", "edge", "home", "acktype", "contenttype", "messagetype"];

/// Fields whose number says something.
const NUMBERS: [&str; 2] = ["code", "retryAfter"];

/// A message with kinds in the place of values: `<token>`, `<CA>`, `<number>`, … Descriptions become their lines without
/// addresses, keys and identifiers. Codes of errors stay, and their texts with `#` for digits.
#[must_use]
pub fn shape(message: &Value) -> Value {
    field("", message)
}

fn field(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let shaped = fields.iter().map(|(name, value)| (name.clone(), field(name, value)));
            Value::Object(shaped.collect::<Map<_, _>>())
        }
        Value::Array(values) => values.iter().map(|value| field(name, value)).collect(),
        Value::Number(_) if NUMBERS.contains(&name) => value.clone(),
        Value::Number(_) => Value::from("<number of>"),
        Value::String(text) => match name {
            "sdp" => description(text),
            "params" | "Params" => form(text),
            _ => Value::from(kind(name, text)),
        },
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

fn kind(name: &str, text: &str) -> String {
    let is_hex = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sid = text.get(..2).filter(|_| text.get(2..).is_some_and(is_hex));
    if WORDS.contains(&name) {
        text.to_owned()
    } else if name == "message" {
        text.chars().map(|letter| if letter.is_ascii_digit() { '#' } else { letter }).collect()
    } else if name == "token" || name == "reconnect" {
        "<token>".to_owned()
    } else if let Some(sid) = sid {
        format!("<{sid}>")
    } else if text.starts_with("TJS") {
        "<TJS>".to_owned()
    } else if text.starts_with('+') {
        "<telephone>".to_owned()
    } else if text.starts_with("client:") {
        "<client>".to_owned()
    } else if text.is_empty() {
        String::new()
    } else {
        "<text>".to_owned()
    }
}

/// The names of a form's fields.
fn form(text: &str) -> Value {
    let names: BTreeSet<String> =
        url::form_urlencoded::parse(text.as_bytes()).map(|(name, _)| format!("{name}=<text>")).collect();
    names.into_iter().map(Value::from).collect()
}

/// The lines of a description, each kind once, in alphabetical order.
fn description(sdp: &str) -> Value {
    let lines: BTreeSet<String> = sdp.lines().map(line).collect();
    lines.into_iter().map(Value::from).collect()
}

fn line(line: &str) -> String {
    let (kind, rest) = line.split_once('=').unwrap_or((line, ""));
    let mut words = rest.split_whitespace();
    match kind {
        "s" => line.to_owned(),
        "m" => format!("m={} <port> {}", words.next().unwrap_or_default(), words.nth(1).unwrap_or_default()),
        "a" => attribute(rest),
        _ => format!("{kind}="),
    }
}

fn attribute(text: &str) -> String {
    let Some((name, value)) = text.split_once(':') else { return format!("a={text}") };
    let after_first = || value.split_once(' ').map_or("", |(_, rest)| rest);
    match name {
        "rtpmap" => format!("a=rtpmap:{}", after_first()),
        "fmtp" => {
            let names: BTreeSet<&str> =
                after_first().split(';').map(|one| one.split('=').next().unwrap_or_default().trim()).collect();
            format!("a=fmtp:{}", names.into_iter().collect::<Vec<_>>().join(";"))
        }
        "candidate" => {
            let words: Vec<&str> = value.split_whitespace().collect();
            let word = |index: usize| words.get(index).copied().unwrap_or_default();
            format!("a=candidate:component {} {} typ {}", word(1), word(2).to_lowercase(), word(7))
        }
        "ice-ufrag" | "ice-pwd" => format!("a={name}:<{} letters>", value.len()),
        "fingerprint" => format!("a=fingerprint:{}", value.split(' ').next().unwrap_or_default()),
        "setup" | "connection" | "ptime" | "maxptime" | "mid" | "group" | "rtcp-fb" => format!("a={name}:{value}"),
        _ => format!("a={name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_of_anybodys_is_left() {
        let sdp = "v=0\r\no=root 1 1 IN IP4 34.203.251.1\r\ns=Twilio Media Gateway\r\nc=IN IP4 34.203.251.1\r\n\
                   m=audio 14518 RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1;minptime=10\r\n\
                   a=candidate:H22cbfb01 1 UDP 2130706431 34.203.251.1 14518 typ host\r\na=ice-pwd:0123456789abcdef0123456789abcdef\r\n\
                   a=fingerprint:sha-256 AB:CD\r\na=ice-lite\r\na=ssrc:123 cname:amina@example.org\r\na=setup:active\r\n";
        let message = json!({"type": "answer", "version": "", "payload": {
            "callsid": format!("CA{}", "0f".repeat(16)), "sdp": sdp, "reconnect": "eyJhbGciOi.x.y", "gateway": "10.1.2.3",
            "parameters": {"From": "+254712345678", "To": "client:care4w_ABC1234", "Params": "name=Amina&id=care4w-ABC1234"},
            "error": {"code": 31205, "message": "token of +254712345678 expired"}}});
        let shaped = shape(&message);
        let text = shaped.to_string();
        for private in
            ["0f0f", "34.203", "0123456789abcdef", "AB:CD", "eyJ", "712345", "ABC1234", "Amina", "amina", "10.1.2.3"]
        {
            assert!(!text.contains(private), "{private} is in {text}");
        }
        let payload = &shaped["payload"];
        assert_eq!((&payload["callsid"], &payload["reconnect"]), (&json!("<CA>"), &json!("<token>")));
        assert_eq!(payload["parameters"]["Params"], json!(["id=<text>", "name=<text>"]));
        assert_eq!(payload["error"]["code"], 31_205);
        for line in [
            "s=Twilio Media Gateway",
            "m=audio <port> RTP/SAVPF",
            "a=ice-lite",
            "a=rtpmap:opus/48000/2",
            "a=setup:active",
        ] {
            assert!(payload["sdp"].as_array().unwrap().contains(&json!(line)), "{line}: {payload}");
        }
    }
}
