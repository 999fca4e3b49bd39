//! Access tokens for Twilio Voice (TWILIO.md §8): what a client shows Twilio's gateway.

use std::collections::BTreeMap;

use care4w_phone::Care4wId;
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use sha2::Sha256;

use super::settings::VoiceSettings;
use crate::store::UnixMs;

/// The signed parameter that names the caller.
pub const CALLER: &str = "Care4wId";

/// The signed parameter that shows that `CALLER` was written here. What a client adds to its call arrives beside it, and
/// which of two with one name Twilio keeps is not known: nobody but this server can make this one.
pub const PROOF: &str = "Care4wProof";

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    iss: &'a str,
    sub: &'a str,
    iat: u64,
    exp: u64,
    grants: Grants<'a>,
}

#[derive(Serialize)]
struct Grants<'a> {
    identity: &'a str,
    voice: Voice<'a>,
}

#[derive(Serialize)]
struct Voice<'a> {
    incoming: Incoming,
    outgoing: Outgoing<'a>,
}

#[derive(Serialize)]
struct Incoming {
    allow: bool,
}

#[derive(Serialize)]
struct Outgoing<'a> {
    application_sid: &'a str,
    params: BTreeMap<&'static str, String>,
}

/// Whom Twilio knows a user as: letters, digits and underscores.
pub fn identity(id: &Care4wId) -> String {
    id.as_str().replace('-', "_")
}

/// The user of an identity.
pub fn user_of(identity: &str) -> Option<Care4wId> {
    Care4wId::parse(&identity.replacen('_', "-", 1)).ok()
}

/// A token with which this user may call and be called for as long as the settings say.
pub fn make(settings: &VoiceSettings, user: &Care4wId, now: UnixMs) -> Result<String, jsonwebtoken::errors::Error> {
    let iat = u64::try_from(now / 1000).unwrap_or(0);
    let claims = Claims {
        jti: format!("{}-{iat}", settings.key),
        iss: &settings.key,
        sub: &settings.account,
        iat,
        exp: iat + settings.token_seconds,
        grants: Grants {
            identity: &identity(user),
            voice: Voice {
                incoming: Incoming { allow: true },
                outgoing: Outgoing {
                    application_sid: &settings.application,
                    params: BTreeMap::from([(CALLER, user.as_str().to_owned()), (PROOF, proof(settings, user))]),
                },
            },
        },
    };
    let mut header = Header::new(Algorithm::HS256);
    header.cty = Some("twilio-fpa;v=1".into());
    if let Some(region) = &settings.region {
        header.extras.insert("twr", region.clone());
    }
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(settings.secret.expose().as_bytes()))
}

fn proving(settings: &VoiceSettings, user: &Care4wId) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(settings.secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"care4w caller\0");
    mac.update(user.as_str().as_bytes());
    mac
}

fn proof(settings: &VoiceSettings, user: &Care4wId) -> String {
    proving(settings, user).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether this was written here for this user. In constant time.
pub fn proves(settings: &VoiceSettings, user: &Care4wId, proof: &str) -> bool {
    let digit = |at: usize| char::from(proof.as_bytes()[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if proof.len() != 64 {
        return false;
    }
    let bytes: Option<Vec<u8>> = (0..32).map(|at| Some(digit(2 * at)? << 4 | digit(2 * at + 1)?)).collect();
    bytes.is_some_and(|bytes| proving(settings, user).verify_slice(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::twilio::settings_for_tests;

    #[test]
    fn an_identity_is_read_back_as_the_user() {
        let id = Care4wId::parse("care4w-ABC1234").unwrap();
        assert_eq!(identity(&id), "care4w_ABC1234");
        assert_eq!(user_of("care4w_ABC1234"), Some(id));
        for nobody in ["", "care4w", "alice", "care4w__ABC1234", "client:care4w_ABC1234"] {
            assert_eq!(user_of(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn nobody_proves_to_be_somebody_else() {
        let settings = settings_for_tests();
        let (amina, baraka) = (Care4wId::parse("care4w-AAAA").unwrap(), Care4wId::parse("care4w-BBBB").unwrap());
        let proof = proof(&settings, &amina);
        assert!(proves(&settings, &amina, &proof));
        assert!(!proves(&settings, &baraka, &proof));
        let other = VoiceSettings { secret: "another".to_owned().into(), ..settings_for_tests() };
        assert!(!proves(&other, &amina, &proof));
        for wrong in ["", "00", &proof[..63], &format!("{proof}0"), &"g".repeat(64), &"€".repeat(21), &"é".repeat(32)]
        {
            assert!(!proves(&settings, &amina, wrong), "{wrong}");
        }
    }
}
