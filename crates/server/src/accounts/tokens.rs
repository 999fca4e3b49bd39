use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::store::{RefreshHash, SignInId, UnixMs};
use crate::{clock, defaults};

/// The access token is no good.
#[derive(Debug, thiserror::Error)]
#[error("the access token is wrong or too old")]
pub struct TokenError;

/// Makes and checks access tokens: JWTs (RFC 7519) signed with HMAC-SHA-256, whose key stands in the database.
pub struct AccessTokens {
    sign: EncodingKey,
    check: DecodingKey,
    validation: Validation,
    /// Tokens that were found genuine, with what they say: a client asks many times with the same. Whether the sign-in has
    /// ended is not among it, and is looked up each time.
    genuine: RwLock<HashMap<Box<str>, (SignInId, u64)>>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The sign-in. Whose it is, and whether it was ended, the store knows.
    sid: SignInId,
    exp: u64,
    iat: u64,
}

impl AccessTokens {
    /// With the key from the store.
    pub fn new(key: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_required_spec_claims(&["exp"]);
        Self {
            sign: EncodingKey::from_secret(key),
            check: DecodingKey::from_secret(key),
            validation,
            genuine: RwLock::default(),
        }
    }

    /// A token of this sign-in that works for 15 minutes.
    pub fn make(&self, sign_in: SignInId, now: UnixMs) -> Result<String, TokenError> {
        let iat = u64::try_from(now / 1000).unwrap_or(0);
        let claims = Claims { sid: sign_in, exp: iat + defaults::ACCESS_TOKEN_SECS, iat };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign).map_err(|_| TokenError)
    }

    /// The sign-in of a token that is genuine and not too old.
    pub fn read(&self, token: &str) -> Result<SignInId, TokenError> {
        self.read_at(token, u64::try_from(clock::unix_ms() / 1000).unwrap_or(0))
    }

    /// `now` in seconds since 1970, for what was found genuine before.
    fn read_at(&self, token: &str, now: u64) -> Result<SignInId, TokenError> {
        const LONGEST: usize = 1024;
        if token.len() > LONGEST {
            return Err(TokenError);
        }
        let known = self.genuine.read().unwrap_or_else(PoisonError::into_inner).get(token).copied();
        if let Some((sign_in, expires)) = known {
            return if expires >= now { Ok(sign_in) } else { Err(TokenError) };
        }
        let Claims { sid, exp, .. } =
            jsonwebtoken::decode::<Claims>(token, &self.check, &self.validation).map_err(|_| TokenError)?.claims;
        let mut genuine = self.genuine.write().unwrap_or_else(PoisonError::into_inner);
        if genuine.len() >= defaults::GENUINE_TOKENS {
            genuine.clear();
        }
        genuine.insert(token.into(), (sid, exp));
        Ok(sid)
    }
}

/// The creation time of the oldest refresh token that still works.
pub fn oldest_refresh(now: UnixMs) -> UnixMs {
    let days = UnixMs::try_from(defaults::REFRESH_TOKEN_DAYS).unwrap_or(UnixMs::MAX);
    now.saturating_sub(days.saturating_mul(86_400_000))
}

/// 256 random bits as text that can stand in a URL.
pub fn random_token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A refresh token: 256 random bits, of which only the hash is kept.
pub struct RefreshToken(pub String);

impl RefreshToken {
    /// A new one.
    pub fn random() -> Self {
        Self(random_token())
    }

    /// What is kept of it.
    pub fn hash(&self) -> RefreshHash {
        RefreshHash::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_names_its_sign_in_until_it_is_too_old() {
        let tokens = AccessTokens::new(&[7; 32]);
        let sign_in = SignInId::random();
        let now = clock::unix_ms();
        assert_eq!(tokens.read(&tokens.make(sign_in, now).unwrap()).unwrap(), sign_in);
        let old = tokens.make(sign_in, now - 16 * 60 * 1000).unwrap();
        assert!(tokens.read(&old).is_err(), "15 minutes have passed");
    }

    #[test]
    fn a_token_that_was_good_is_refused_when_its_time_is_over_and_one_like_it_never_was() {
        let tokens = AccessTokens::new(&[7; 32]);
        let (sign_in, now) = (SignInId::random(), clock::unix_ms());
        let token = tokens.make(sign_in, now).unwrap();
        let seconds = u64::try_from(now / 1000).unwrap();
        for _ in 0..2 {
            assert_eq!(tokens.read_at(&token, seconds).unwrap(), sign_in);
        }
        assert!(tokens.read_at(&token, seconds + defaults::ACCESS_TOKEN_SECS).is_ok());
        assert!(tokens.read_at(&token, seconds + defaults::ACCESS_TOKEN_SECS + 1).is_err());
        let forged = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'E' } else { 'A' });
        assert!(tokens.read_at(&forged, seconds).is_err());
    }

    #[test]
    fn no_more_tokens_are_remembered_than_there_is_room_for() {
        let tokens = AccessTokens::new(&[7; 32]);
        let now = clock::unix_ms();
        for _ in 0..defaults::GENUINE_TOKENS + 10 {
            tokens.read(&tokens.make(SignInId::random(), now).unwrap()).unwrap();
        }
        assert!(tokens.genuine.read().unwrap().len() <= defaults::GENUINE_TOKENS);
    }

    #[test]
    fn a_token_of_another_key_or_without_a_signature_is_refused() {
        let tokens = AccessTokens::new(&[7; 32]);
        let sign_in = SignInId::random();
        let foreign = AccessTokens::new(&[8; 32]).make(sign_in, clock::unix_ms()).unwrap();
        assert!(tokens.read(&foreign).is_err());
        let genuine = tokens.make(sign_in, clock::unix_ms()).unwrap();
        let mut parts = genuine.split('.');
        let (_, claims) = (parts.next().unwrap(), parts.next().unwrap());
        let unsigned = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(br#"{"alg":"none","typ":"JWT"}"#));
        assert!(tokens.read(&unsigned).is_err(), "alg none is refused");
        for garbage in ["", ".", "a.b.c", &"x".repeat(100_000)] {
            assert!(tokens.read(garbage).is_err());
        }
    }
}
