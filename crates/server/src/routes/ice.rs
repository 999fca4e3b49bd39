use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use care4w_protocol::rest::{IceAnswer, IceServer, Success};
use hmac::{Hmac, Mac};
use rand::Rng;
use sha1::Sha1;

use super::{Answer, ok};
use crate::app::App;
use crate::clock;
use crate::config::Ice;
use crate::extract::Caller;
use crate::store::UnixMs;

/// STUN and TURN servers, with credentials that work for `ttl` seconds. Empty on a server without any.
#[utoipa::path(get, path = "/ice", tag = "calls", security(("bearer" = [])),
    responses((status = 200, body = Success<IceAnswer>)))]
pub async fn ice(State(app): State<App>, _caller: Caller) -> Answer<IceAnswer> {
    // Not the account: a relay need not know who uses it.
    let user = format!("{:016x}", rand::rng().random::<u64>());
    ok(answer(&app.config.ice, clock::unix_ms(), &user))
}

fn answer(ice: &Ice, now: UnixMs, user: &str) -> IceAnswer {
    let mut ice_servers = Vec::new();
    if !ice.stun.is_empty() {
        ice_servers.push(IceServer { urls: ice.stun.clone(), username: None, credential: None });
    }
    if let Some(secret) = ice.secret.as_deref().filter(|_| !ice.turn.is_empty()) {
        let until = u64::try_from(now / 1000).unwrap_or(0).saturating_add(ice.ttl_secs);
        let username = format!("{until}:{user}");
        let credential = turn_password(secret, &username);
        ice_servers.push(IceServer { urls: ice.turn.clone(), username: Some(username), credential: Some(credential) });
    }
    IceAnswer { ice_servers, ttl: ice.ttl_secs }
}

/// The password that a TURN server with the same secret works out for itself
/// (draft-uberti-behave-turn-rest-00: base64 of HMAC-SHA-1 of the user name).
fn turn_password(secret: &str, username: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(username.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn turn_credentials_are_what_coturn_works_out_from_the_same_secret() {
        let ice = Ice {
            stun: vec!["stun:stun.example.org".into()],
            turn: vec!["turn:turn.example.org".into()],
            secret: Some("north".into()),
            ttl_secs: 600,
        };
        let answer = answer(&ice, 1_400_000_000_000, "u");
        let turn = answer.ice_servers.last().unwrap();
        assert_eq!(turn.username.as_deref(), Some("1400000600:u"));
        // printf 1400000600:u | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(turn.credential.as_deref(), Some("5LUgRhTDmxm53o+gxf60Iy7n1dM="));
        assert!(answer.ice_servers[0].credential.is_none());
    }

    #[test]
    fn a_server_without_turn_answers_an_empty_list() {
        assert!(answer(&Ice::default(), 0, "u").ice_servers.is_empty());
    }
}
