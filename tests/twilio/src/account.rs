//! A Twilio account as the double plays it, and the access tokens that it takes (`TWILIO.md`, 8).

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

/// The longest life of a token, in seconds.
const LONGEST_LIFE: u64 = 24 * 3_600;

/// What `typ` and `cty` of a token's header say.
const CONTENT_TYPE: &str = "twilio-fpa;v=1";

/// Identifiers and secrets of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// `SK` and 32 hexadecimal digits.
    pub api_key: String,
    /// Signs access tokens.
    pub api_secret: String,
    /// Signs requests to webhooks.
    pub auth_token: String,
    /// `AP` and 32 hexadecimal digits: the TwiML application.
    pub application_sid: String,
    /// `VA` and 32 hexadecimal digits: the Verify service.
    pub verify_service: String,
}

impl Default for Account {
    /// The same in every run, so that a server can be configured for it beforehand. No secrets: nobody else has them.
    fn default() -> Self {
        Self {
            account_sid: format!("AC{}", "d0".repeat(16)),
            api_key: format!("SK{}", "d1".repeat(16)),
            api_secret: "double-api-secret-double-api-sec".to_owned(),
            auth_token: "d3".repeat(16),
            application_sid: format!("AP{}", "d4".repeat(16)),
            verify_service: format!("VA{}", "d5".repeat(16)),
        }
    }
}

impl Account {
    /// A token for `identity`, which may be changed before it is signed.
    pub fn token(&self, identity: &str) -> Token {
        Token {
            account: self.clone(),
            identity: identity.to_owned(),
            issued: now(),
            life: 3_600,
            incoming: true,
            outgoing: true,
            params: Value::Null,
            secret: self.api_secret.clone(),
        }
    }

    /// What a token grants, or the wire code of its refusal.
    pub(crate) fn verify(&self, token: &str) -> Result<Grant, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::INVALID)?;
        if header.alg != Algorithm::HS256 || header.cty.as_deref() != Some(CONTENT_TYPE) {
            return Err(Refused::INVALID);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(self.api_secret.as_bytes());
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => Refused::SIGNATURE,
            _ => Refused::INVALID,
        })?;
        self.judge(&claims.claims)
    }

    fn judge(&self, claims: &Value) -> Result<Grant, Refused> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if text(&claims["sub"]) != self.account_sid {
            return Err(Refused::ACCOUNT);
        }
        let (Some(issued), Some(expires)) = (claims["iat"].as_u64(), claims["exp"].as_u64()) else {
            return Err(Refused::INVALID);
        };
        let made = format!("{}-{issued}", self.api_key);
        if text(&claims["iss"]) != self.api_key || text(&claims["jti"]) != made {
            return Err(Refused::INVALID);
        }
        if expires.saturating_sub(issued) > LONGEST_LIFE {
            return Err(Refused::LIFE);
        }
        let now = now();
        if expires <= now {
            return Err(Refused::EXPIRED);
        }
        if claims["nbf"].as_u64().is_some_and(|from| from > now) {
            return Err(Refused::INVALID);
        }
        let grants = &claims["grants"];
        let identity = text(&grants["identity"]);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if identity.is_empty() || !identity.chars().all(plain) || !grants["voice"].is_object() {
            return Err(Refused::INVALID);
        }
        let outgoing = &grants["voice"]["outgoing"];
        Ok(Grant {
            identity,
            ttl: expires - now,
            incoming: grants["voice"]["incoming"]["allow"] == true,
            outgoing: text(&outgoing["application_sid"]) == self.application_sid,
            params: outgoing["params"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
                .collect(),
        })
    }
}

/// An access token in the making.
#[derive(Clone, Debug)]
pub struct Token {
    account: Account,
    identity: String,
    issued: u64,
    life: u64,
    incoming: bool,
    outgoing: bool,
    params: Value,
    secret: String,
}

impl Token {
    /// How long it lives from now, in seconds.
    pub fn lasting(mut self, seconds: u64) -> Self {
        self.life = seconds;
        self
    }

    /// Over since a minute.
    pub fn expired(mut self) -> Self {
        self.issued -= 3_660;
        self.life = 3_600;
        self
    }

    /// Signed by somebody who does not know the secret.
    pub fn forged(mut self) -> Self {
        self.secret = "somebody else's secret".to_owned();
        self
    }

    /// Without the right to be called.
    pub fn without_incoming(mut self) -> Self {
        self.incoming = false;
        self
    }

    /// Without the right to call.
    pub fn without_outgoing(mut self) -> Self {
        self.outgoing = false;
        self
    }

    /// Signed parameters for the webhook, an object of texts.
    pub fn with_params(mut self, params: Value) -> Self {
        self.params = params;
        self
    }

    /// Signs it.
    pub fn sign(self) -> String {
        let mut voice = json!({ "incoming": { "allow": self.incoming } });
        if self.outgoing {
            voice["outgoing"] = json!({ "application_sid": self.account.application_sid });
            if !self.params.is_null() {
                voice["outgoing"]["params"] = self.params;
            }
        }
        let claims = json!({
            "jti": format!("{}-{}", self.account.api_key, self.issued),
            "iss": self.account.api_key,
            "sub": self.account.account_sid,
            "iat": self.issued,
            "exp": self.issued + self.life,
            "grants": { "identity": self.identity, "voice": voice },
        });
        let header = Header { cty: Some(CONTENT_TYPE.to_owned()), ..Header::new(Algorithm::HS256) };
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        jsonwebtoken::encode(&header, &claims, &key).expect("claims made here are JSON")
    }
}

/// What a token allows.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub identity: String,
    /// Seconds that it still lives.
    pub ttl: u64,
    pub incoming: bool,
    pub outgoing: bool,
    pub params: Vec<(String, String)>,
}

/// Why a token is refused: the code that goes over the wire (`TWILIO.md`, 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub u32);

impl Refused {
    const SIGNATURE: Self = Self(31_202);
    const ACCOUNT: Self = Self(31_203);
    const INVALID: Self = Self(31_204);
    const EXPIRED: Self = Self(31_205);
    const LIFE: Self = Self(31_207);
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_made_for_the_account_is_taken_with_what_it_grants() {
        let account = Account::default();
        let token = account.token("care4w_ABC1234").with_params(json!({ "user": "7" })).sign();
        let grant = account.verify(&token).unwrap();
        assert_eq!(grant.identity, "care4w_ABC1234");
        assert_eq!(grant.params, [("user".to_owned(), "7".to_owned())]);
        assert!(grant.incoming && grant.outgoing && grant.ttl > 3_500);
        let grant = account.verify(&account.token("a").without_incoming().without_outgoing().sign()).unwrap();
        assert!(!grant.incoming && !grant.outgoing);
    }

    #[test]
    fn a_token_that_twilio_would_refuse_is_refused_with_twilios_code() {
        let account = Account::default();
        let other = Account { account_sid: format!("AC{}", "ee".repeat(16)), ..account.clone() };
        for (token, code) in [
            ("no token".to_owned(), 31_204),
            (account.token("a").forged().sign(), 31_202),
            (account.token("a").expired().sign(), 31_205),
            (account.token("a").lasting(LONGEST_LIFE + 1).sign(), 31_207),
            (account.token("care4w-ABC1234").sign(), 31_204),
            (other.token("a").sign(), 31_203),
        ] {
            assert_eq!(account.verify(&token).unwrap_err(), Refused(code));
        }
    }
}
