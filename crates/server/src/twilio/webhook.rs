//! A request of Twilio's: read, and believed only with its signature.

use std::borrow::Cow;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequest, OriginalUri, Request};
use axum::http::{HeaderMap, header};
use care4w_protocol::{CallId, ErrorCode};
use url::form_urlencoded;

use super::signature::{self, Signed};
use super::{CALL, LEG, TwilioVoice};
use crate::app::App;
use crate::error::Problem;
use crate::extract::whole_body;
use crate::store::{Leg, LegEvent, LegStatus};

/// What Twilio asks or tells. Names and values are those of TWILIO.md §9. `Debug` shows nothing.
pub struct Webhook {
    form: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("fields", &self.form.len()).finish_non_exhaustive()
    }
}

impl Webhook {
    /// A field that is there and not empty: once, or several times alike. A client's own parameters stand beside Twilio's
    /// fields, and of two that differ nobody knows who wrote which.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.form.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let mut values = values.by_ref().filter(|value| !value.is_empty());
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// What stands behind the question mark of the address that this server gave out.
    fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The call whose callback it is.
    pub fn call(&self) -> Option<CallId> {
        self.asked(CALL)?.parse().ok()
    }

    /// Whether it is how a `<Dial>` of ours went, and of which call.
    pub fn dialled(&self) -> Option<CallId> {
        self.call().filter(|_| self.asked(LEG) == Some("dialled"))
    }

    /// What a `<Dial>` of ours came to.
    pub fn dial_event(&self) -> Option<LegEvent> {
        Some(LegEvent {
            leg: Leg::Far,
            status: LegStatus::parse(self.field("DialCallStatus")?)?,
            secs: self.field("DialCallDuration").and_then(|secs| secs.parse().ok()),
            sid: self.field("CallSid").map(str::to_owned),
        })
    }

    /// How one end is, where the address does not say which: the one that the call began with, unless it names another as
    /// its parent.
    pub fn leg_event(&self) -> Option<LegEvent> {
        let parent = self.field("ParentCallSid");
        let leg = match self.asked(LEG) {
            Some("near") => Leg::Near,
            Some("far") => Leg::Far,
            _ if parent.is_some() => Leg::Far,
            _ => Leg::Near,
        };
        let sid = if leg == Leg::Near { self.field("CallSid") } else { parent };
        Some(LegEvent {
            leg,
            status: LegStatus::parse(self.field("CallStatus")?)?,
            secs: self.field("CallDuration").and_then(|secs| secs.parse().ok()),
            sid: sid.map(str::to_owned),
        })
    }
}

impl FromRequest<App> for Webhook {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let twilio = app.twilio.as_ref().ok_or_else(Problem::twilio_not_active)?;
        let headers = request.headers().clone();
        // Below `/api` the address is that of what is nested there.
        let uri = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let bytes = whole_body(request, app).await?;
        let is_form = content_type(&headers) == "application/x-www-form-urlencoded";
        let form: Vec<(String, String)> =
            if is_form { form_urlencoded::parse(&bytes).into_owned().collect() } else { json_fields(&bytes) };
        let asked = uri.path_and_query().map_or("", |asked| asked.as_str());
        let forwarded = peer.filter(|peer| app.proxies.is_trusted(*peer)).and_then(|_| forwarded(&headers));
        let forwarded = forwarded.as_ref().map(|(scheme, host)| (scheme.as_ref(), host.as_ref()));
        let addresses = signature::addresses(twilio.public_url(), forwarded, asked);
        let body = if is_form { Signed::Form(&form) } else { Signed::Bytes(&bytes) };
        let given = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !signature::is_genuine(&twilio.settings().auth_token, given, &addresses, body) {
            return Err(not_twilios());
        }
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let webhook = Self { form, query };
        is_about_ours(&webhook, twilio)?;
        Ok(webhook)
    }
}

/// An auth token may be a sub-account's too.
fn is_about_ours(webhook: &Webhook, twilio: &TwilioVoice) -> Result<(), Problem> {
    if webhook.field("AccountSid") == Some(&twilio.settings().account) { Ok(()) } else { Err(not_twilios()) }
}

fn not_twilios() -> Problem {
    Problem::new(ErrorCode::Forbidden, "This is not signed by Twilio.")
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The fields of a JSON object, such as Twilio sends with `bodySHA256`.
fn json_fields(bytes: &[u8]) -> Vec<(String, String)> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes).unwrap_or_default();
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    object.into_iter().map(|(name, value)| (name, text(value))).collect()
}

/// How the proxy was asked: scheme and host with port, each said once.
fn forwarded(headers: &HeaderMap) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let once = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        (values.next().is_none() && !value.contains(',')).then(|| Cow::from(value.trim()))
    };
    Some((once("x-forwarded-proto")?, once("x-forwarded-host").or_else(|| once("host"))?))
}
