//! Twilio's REST interfaces as far as the product uses them, with state: calls (2010-04-01) and Verify (v2). What is asked
//! and answered keeps to Twilio's own OpenAPI document (`tests/tests/twilio_calls/openapi.rs`).

pub(crate) mod calls;
mod course;
pub(crate) mod placed;
pub(crate) mod verify;

use axum::{
    Json, Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::Engine as _;
use serde_json::json;

use crate::Account;

/// Fields of a form, in their order; a name may come more than once.
pub(crate) type Fields = Vec<(String, String)>;

/// What a test wants refused: HTTP status, Twilio's code, `Retry-After` in seconds.
pub(crate) type Refusal = (u16, u32, Option<u64>);

/// An answer that says no, in Twilio's form.
pub(crate) fn refusal((status, code, retry_after): Refusal, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({ "code": code, "message": message, "more_info": more_info, "status": status.as_u16() });
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        let realm = HeaderValue::from_static("Basic realm=\"Twilio API\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    }
    response
}

/// Who asks must know the account's key (or its auth token).
pub(crate) fn is_known(account: &Account, headers: &HeaderMap) -> bool {
    let basic = |user: &str, password: &str| {
        let pair = format!("{user}:{password}");
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    };
    let known = [basic(&account.api_key, &account.api_secret), basic(&account.account_sid, &account.auth_token)];
    headers.get(header::AUTHORIZATION).is_some_and(|given| known.iter().any(|known| given == known.as_str()))
}

/// The form of a request; `None`: it is none.
pub(crate) fn form(headers: &HeaderMap, body: &str) -> Option<Fields> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let is_form = kind.split(';').next()?.trim() == "application/x-www-form-urlencoded";
    is_form.then(|| url::form_urlencoded::parse(body.as_bytes()).into_owned().collect())
}

/// Serves until the process or the runtime ends; where.
pub(crate) async fn serve(
    router: Router,
    ip: std::net::IpAddr,
) -> std::io::Result<(String, tokio::task::JoinHandle<()>)> {
    let listener = tokio::net::TcpListener::bind((ip, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let serving = tokio::spawn(async move {
        axum::serve(listener, router).await.ok();
    });
    Ok((url, serving))
}
