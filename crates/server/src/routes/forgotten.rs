//! A new password for whoever has none or forgot it, by a one-time link.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use care4w_protocol::rest::{Done, ForgotRequest, ResetRequest, Success};
use care4w_protocol::{ErrorCode, Secret};
use sha2::{Digest, Sha256};

use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Body, From};
use crate::store::LinkHash;
use crate::{accounts, clock, password_links};

const PAGE: &str = include_str!("reset.html");

/// Nothing but the page's own style and script, by their hashes; it talks to this server alone and in no frame.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |element: &str| {
        let inside =
            PAGE.split_once(&format!("<{element}>")).and_then(|(_, rest)| rest.split_once(&format!("</{element}>")));
        let (text, _) = inside.expect("the page has one such element");
        STANDARD.encode(Sha256::digest(text.as_bytes()))
    };
    HeaderValue::from_str(&format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash("style"),
        hash("script")
    ))
    .expect("a policy is ASCII")
});

fn gone() -> Problem {
    Problem::new(ErrorCode::CodeExpired, "This link was used or is too old. Ask for a new one.")
}

/// Sends a one-time link to a new password by mail. The answer is the same, and takes as long, whether or not the address
/// has an account.
#[utoipa::path(post, path = "/auth/forgot", tag = "accounts", request_body = ForgotRequest,
    responses((status = 200, body = Success<Done>), (status = 429, description = "RATE_LIMITED")))]
pub async fn forgot(State(app): State<App>, From(from): From, Body(given): Body<ForgotRequest>) -> Answer<Done> {
    let email = accounts::email(&given.email)?;
    app.password_links.ask(from, email)?;
    ok(Done { message: "If this address has an account, a letter with a link is on its way.".into() })
}

/// Sets a new password by the token of a link, and ends all the account's sign-ins. A token works once, within an hour.
#[utoipa::path(post, path = "/auth/reset", tag = "accounts", request_body = ResetRequest,
    responses((status = 200, body = Success<Done>), (status = 410, description = "CODE_EXPIRED"), (status = 429, description = "RATE_LIMITED")))]
pub async fn reset(State(app): State<App>, From(from): From, Body(given): Body<ResetRequest>) -> Answer<Done> {
    accounts::new_password(&given.password)?;
    app.allow_login(from)?;
    let now = clock::unix_ms();
    let (link, oldest) = (LinkHash::of(&given.token), password_links::oldest(now));
    // Asked first, so that a made-up token does not cost a password's hash.
    if !app.store.password_link_works(link, oldest).await? {
        return Err(gone());
    }
    let hash = app.passwords.hash(Secret::new(given.password)).await?;
    let used = app.store.use_password_link(link, oldest, &hash, now).await?.ok_or_else(gone)?;
    for ended in used.ended {
        app.exchange.sign_in_ended(ended);
    }
    app.password_was_right(&used.account.email);
    ok(Done { message: "The password was set. Sign in with it.".into() })
}

/// The page to which a link leads. The token stands behind the `#`, which no browser sends.
#[utoipa::path(get, path = "/reset", tag = "accounts",
    responses((status = 200, description = "A page that asks for the new password", body = String, content_type = "text/html")))]
pub async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (headers, Html(PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_nothing_from_elsewhere_and_nothing_that_its_policy_forbids() {
        for forbidden in ["http:", "https:", "//", " src=", " style=", " onclick=", " onsubmit=", "@import", "url("] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        let policy = POLICY.to_str().unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"));
    }
}
