//! What the gateway sends (`TWILIO.md`, 3). Its envelopes name no version.

use serde_json::{Value, json};

use crate::account::Grant;

fn message(kind: &str, payload: Value) -> Value {
    json!({ "type": kind, "version": "", "payload": payload })
}

/// The token was accepted.
pub(crate) fn connected(grant: &Grant) -> Value {
    message(
        "connected",
        json!({
            "token": { "identity": grant.identity, "ttl": grant.ttl },
            "region": "EU_IRELAND",
            "edge": "dublin",
            "home": "us1",
            "gateway": "double",
        }),
    )
}

pub(crate) fn ready() -> Value {
    message("ready", json!({}))
}

pub(crate) fn close() -> Value {
    message("close", json!({}))
}

/// Something is refused. `retry_after` in seconds.
pub(crate) fn error(code: u32, call: Option<&str>, retry_after: Option<u64>) -> Value {
    let mut payload = json!({ "error": { "code": code, "message": sentence(code) } });
    if let Some(call) = call {
        payload["callsid"] = json!(call);
    }
    if let Some(seconds) = retry_after {
        payload["error"]["retryAfter"] = json!(seconds);
    }
    message("error", payload)
}

pub(crate) fn invite(call: &str, sdp: &str, parameters: &Value) -> Value {
    message("invite", json!({ "callsid": call, "sdp": sdp, "parameters": parameters }))
}

/// With a description it is early media.
pub(crate) fn ringing(call: &str, sdp: Option<&str>) -> Value {
    let mut payload = json!({ "callsid": call });
    if let Some(sdp) = sdp {
        payload["sdp"] = json!(sdp);
    }
    message("ringing", payload)
}

pub(crate) fn answer(call: &str, sdp: Option<&str>, reconnect: Option<&str>) -> Value {
    let mut payload = json!({ "callsid": call });
    for (name, value) in [("sdp", sdp), ("reconnect", reconnect)] {
        if let Some(value) = value {
            payload[name] = json!(value);
        }
    }
    message("answer", payload)
}

pub(crate) fn hang_up(call: &str, code: Option<u32>) -> Value {
    let mut payload = json!({ "callsid": call });
    if let Some(code) = code {
        payload["error"] = json!({ "code": code, "message": sentence(code) });
    }
    message("hangup", payload)
}

pub(crate) fn cancel(call: &str) -> Value {
    message("cancel", json!({ "callsid": call }))
}

pub(crate) fn ack(call: &str, event: &str) -> Value {
    message("ack", json!({ "acktype": "message", "callsid": call, "voiceeventsid": event }))
}

pub(crate) fn user_message(call: &str, event: &str, content: &Value) -> Value {
    message(
        "message",
        json!({
            "callsid": call,
            "content": content,
            "contenttype": "application/json",
            "messagetype": "user-defined-message",
            "voiceeventsid": event,
        }),
    )
}

fn sentence(code: u32) -> &'static str {
    match code {
        31_002 => "Connection declined",
        31_100 => "Malformed request",
        31_107 => "Reconnect token invalid",
        31_202 => "Signature validation failed",
        31_203 => "No valid account",
        31_204 => "Invalid JWT token",
        31_205 => "JWT token expired",
        31_206 => "Rate exceeded",
        31_207 => "JWT token lifetime too long",
        31_400 => "Bad request",
        31_404 => "Not found",
        31_480 => "Temporarily unavailable",
        31_486 => "Busy here",
        31_603 => "Decline",
        _ => "Error",
    }
}
