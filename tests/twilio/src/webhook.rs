//! Requests to our own server, as Twilio makes them (`TWILIO.md`, 9): forms, signed.

use std::{collections::BTreeMap, time::Duration};

use base64::Engine as _;
use hmac::{Hmac, Mac};
use reqwest::header;
use sha1::Sha1;
use url::Url;

use crate::{
    FaultKind,
    house::House,
    twiml::{self, Verb},
};

/// How long Twilio waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Fields of a form.
pub(crate) type Form = BTreeMap<String, String>;

/// `X-Twilio-Signature` of a form that is sent to `url`.
#[must_use]
pub fn signature(auth_token: &str, url: &str, form: &BTreeMap<String, String>) -> String {
    let mut hmac: Hmac<Sha1> = Hmac::new_from_slice(auth_token.as_bytes()).expect("a key of any length will do");
    hmac.update(url.as_bytes());
    for (name, value) in form {
        hmac.update(name.as_bytes());
        hmac.update(value.as_bytes());
    }
    base64::engine::general_purpose::STANDARD.encode(hmac.finalize().into_bytes())
}

/// Asks a URL, which may be relative to the voice URL, what to do; `None` when it does not say, which is recorded as a fault
/// of our server's.
pub(crate) async fn ask(house: &House, url: &str, form: Form) -> Option<Vec<Verb>> {
    let (status, body) = match post(house, url, &form).await {
        Ok(answer) => answer,
        Err(reason) => {
            house.fault(0, FaultKind::Webhook, reason);
            return None;
        }
    };
    if status != 200 {
        house.fault(0, FaultKind::Webhook, format!("{status}"));
        return None;
    }
    match twiml::read(&body) {
        Ok(verbs) => Some(verbs),
        Err(reason) => {
            house.fault(0, FaultKind::Webhook, reason);
            None
        }
    }
}

/// Tells a URL something; any answer of 2xx will do.
pub(crate) async fn tell(house: &House, url: &str, form: Form) {
    if house.look().mute {
        return;
    }
    match post(house, url, &form).await {
        Ok((200..=299, _)) => {}
        Ok((status, _)) => house.fault(0, FaultKind::Webhook, format!("a callback was answered with {status}")),
        Err(reason) => house.fault(0, FaultKind::Webhook, reason),
    }
}

async fn post(house: &House, url: &str, form: &Form) -> Result<(u16, String), String> {
    let (voice, origin) = house.look().voice.clone().ok_or("there is no voice URL")?;
    let public = Url::parse(&voice).and_then(|base| base.join(url)).map_err(|error| format!("{url}: {error}"))?;
    let mut target = public.clone();
    let mut request_headers = header::HeaderMap::new();
    if let Some(origin) = &origin {
        let origin = Url::parse(origin).map_err(|error| error.to_string())?;
        let text = |text: &str| header::HeaderValue::from_str(text).map_err(|error| error.to_string());
        let host = public.host_str().unwrap_or_default();
        let host = public.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        // What a proxy in between says.
        request_headers.insert("x-forwarded-proto", text(public.scheme())?);
        request_headers.insert("x-forwarded-host", text(&host)?);
        request_headers.insert(header::HOST, text(&host)?);
        target.set_scheme(origin.scheme()).map_err(|()| "the origin has another kind of address")?;
        target.set_host(origin.host_str()).map_err(|error| error.to_string())?;
        target.set_port(origin.port()).map_err(|()| "the origin has no port")?;
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let response = house
        .agent
        .post(target)
        .headers(request_headers)
        .header("x-twilio-signature", signature(&house.account().auth_token, public.as_str(), form))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .header(header::USER_AGENT, "TwilioProxy/1.1")
        .timeout(PATIENCE)
        .body(body)
        .send()
        .await
        // Not the error's own text, which has the address.
        .map_err(|error| if error.is_timeout() { "no answer in time" } else { "the webhook was not reached" })?;
    let status = response.status().as_u16();
    let body = response.text().await.map_err(|_| "the answer broke off")?;
    Ok((status, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Twilio's own libraries' tests (URL, parameters and signature; the token is 12345).
    #[test]
    fn a_form_is_signed_as_in_twilios_example() {
        let form = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ];
        let form = form.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(signature("12345", url, &form), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }
}
