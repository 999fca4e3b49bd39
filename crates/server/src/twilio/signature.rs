//! `X-Twilio-Signature`: that a request is Twilio's, and nobody's in between (TWILIO.md §9).
//!
//! Twilio signs the address that it was given, which a proxy in front of this server may have changed, so what is checked
//! is the public address, with and without its port.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use care4w_protocol::Secret;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

/// A request's body, as it is signed.
#[derive(Clone, Copy, Debug)]
pub enum Signed<'a> {
    /// A form: its fields are signed with the address.
    Form(&'a [(String, String)]),
    /// Anything else: its SHA-256 stands in the address as `bodySHA256`.
    Bytes(&'a [u8]),
}

/// What Twilio signs an address and a form with.
fn signing(auth_token: &Secret<String>, url: &str, form: &[(String, String)]) -> Hmac<Sha1> {
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // A field that comes twice with one value counts once, as in Twilio's own libraries.
    fields.sort_unstable();
    fields.dedup();
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac
}

/// The signature that Twilio sends with a form to this address.
pub fn sign(auth_token: &Secret<String>, url: &str, form: &[(String, String)]) -> String {
    STANDARD.encode(signing(auth_token, url, form).finalize().into_bytes())
}

/// Whether a signature is Twilio's for one of these addresses. In constant time for each.
pub fn is_genuine(auth_token: &Secret<String>, signature: &str, addresses: &[String], body: Signed<'_>) -> bool {
    let Ok(given) = STANDARD.decode(signature) else { return false };
    addresses.iter().flat_map(|url| with_and_without_port(url)).any(|url| {
        let form = match body {
            Signed::Form(form) => form,
            Signed::Bytes(bytes) if is_hash_of(&url, bytes) => &[],
            Signed::Bytes(_) => return false,
        };
        signing(auth_token, &url, form).verify_slice(&given).is_ok()
    })
}

/// Whether the address names the body's SHA-256. The address is signed, so this needs no secret.
fn is_hash_of(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "bodySHA256");
    named.next().is_some_and(|(_, value)| value.eq_ignore_ascii_case(&hash)) && named.next().is_none()
}

/// The address as it is, and with the other way to write its port. It is never written anew but there: Twilio signs the
/// letters that it was given.
fn with_and_without_port(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return all };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // The colon of a port stands behind an IPv6 address' bracket.
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[after_host..].find(':') {
        Some(colon) => all.push(format!("{scheme}://{}{path}", &authority[..after_host + colon])),
        None => {
            let port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
            all.push(format!("{scheme}://{authority}:{port}{path}"));
        }
    }
    all
}

/// The addresses that Twilio may have asked for when a request for `path_and_query` came: below the public address and,
/// if a trusted proxy said how it was asked itself, there.
pub fn addresses(public_url: &str, forwarded: Option<(&str, &str)>, path_and_query: &str) -> Vec<String> {
    let mut all = vec![format!("{public_url}{path_and_query}")];
    if let Some((scheme, host)) = forwarded
        && matches!(scheme, "http" | "https")
        && Url::parse(&format!("{scheme}://{host}/")).is_ok_and(|url| is_bare(&url))
    {
        all.push(format!("{scheme}://{host}{path_and_query}"));
    }
    all
}

/// Whether it is a place and nothing else.
fn is_bare(url: &Url) -> bool {
    url.path() == "/" && url.username().is_empty() && url.query().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const URL: &str = "https://care4w.example.org/api/webhooks/twilio/voice?a=1";

    fn token() -> Secret<String> {
        "12345".to_owned().into()
    }

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn genuine(signature: &str, url: &str, body: Signed<'_>) -> bool {
        is_genuine(&token(), signature, &[url.to_owned()], body)
    }

    #[test]
    fn the_example_of_twilios_documentation_is_genuine_and_any_change_of_it_is_not() {
        // https://www.twilio.com/docs/usage/security#validating-signatures-from-twilio
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let fields = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("Digits", "1234"),
            ("From", "+14158675310"),
            ("To", "+18005551212"),
        ]);
        let signature = sign(&token(), url, &fields);
        assert_eq!(signature, "GvWf1cFY/Q7PnoempGyD5oXAezc=");
        assert!(genuine(&signature, url, Signed::Form(&fields)));
        let other = "other".to_owned().into();
        assert!(!is_genuine(&other, &signature, &[url.into()], Signed::Form(&fields)));
        assert!(!genuine(&signature, "https://mycompany.com/myapp.php?foo=1&bar=3", Signed::Form(&fields)));
        for at in 0..fields.len() {
            let mut changed = fields.clone();
            changed[at].1.push('0');
            assert!(!genuine(&signature, url, Signed::Form(&changed)));
            changed.remove(at);
            assert!(!genuine(&signature, url, Signed::Form(&changed)));
        }
        for wrong in ["", "GvWf1cFY/Q7PnoempGyD5oXAezc", "GvWf1cFY", "not base64 €", &"A".repeat(10_000)] {
            assert!(!genuine(wrong, url, Signed::Form(&fields)), "{wrong}");
        }
    }

    #[test]
    fn the_port_may_be_named_or_not() {
        for (signed, asked) in [
            ("https://h.org:443/x?y=1", "https://h.org/x?y=1"),
            ("https://h.org/x", "https://h.org:443/x"),
            ("http://[::1]/x:1", "http://[::1]:80/x:1"),
            ("http://127.0.0.1/x", "http://127.0.0.1:4780/x"),
        ] {
            assert!(genuine(&sign(&token(), signed, &[]), asked, Signed::Form(&[])), "{signed} {asked}");
        }
        assert!(!genuine(&sign(&token(), "https://h.org:444/x", &[]), "https://h.org/x", Signed::Form(&[])));
        assert!(!genuine(&sign(&token(), "http://h.org/x", &[]), "https://h.org/x", Signed::Form(&[])));
    }

    #[test]
    fn a_body_that_is_no_form_is_known_by_its_hash() {
        let body = br#"{"a":1}"#;
        let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        let url = format!("{URL}&bodySHA256={hash}");
        let signature = sign(&token(), &url, &[]);
        assert!(genuine(&signature, &url, Signed::Bytes(body)));
        assert!(!genuine(&signature, &url, Signed::Bytes(br#"{"a":2}"#)));
        assert!(!genuine(&sign(&token(), URL, &[]), URL, Signed::Bytes(body)), "without a hash no body is signed");
        let twice = format!("{url}&bodySHA256={hash}");
        assert!(!genuine(&sign(&token(), &twice, &[]), &twice, Signed::Bytes(body)));
    }

    #[test]
    fn a_proxys_word_is_an_address_or_nothing() {
        let public = "https://care4w.example.org";
        let at = |forwarded| addresses(public, forwarded, "/x?y");
        assert_eq!(at(None), ["https://care4w.example.org/x?y"]);
        assert_eq!(at(Some(("https", "h.org:8443")))[1], "https://h.org:8443/x?y");
        for wrong in [("ftp", "h.org"), ("https", "h.org/z"), ("https", "u@h.org"), ("https", "h.org?z"), ("https", "")]
        {
            assert_eq!(at(Some(wrong)).len(), 1, "{wrong:?}");
        }
    }
}
