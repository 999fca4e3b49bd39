//! How a request is read: every way in which it can be malformed ends in an enveloped error that echoes nothing.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use care4w_protocol::ErrorCode;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::connections::BodyDue;
use crate::error::Problem;
use crate::limits::AddressKey;
use crate::store::{Account, SignInId};

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(ErrorCode::UnsupportedMediaType, "Send JSON with content type application/json."));
        }
        let bytes = whole_body(request, state).await?;
        let wrong = || Problem::validation("The body is not the JSON that belongs here.");
        // serde would read an array as a struct's fields in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(wrong());
        }
        serde_json::from_slice(&bytes).map(Body).map_err(|_| wrong())
    }
}

/// The bytes of a body, if they come in time and are not too many.
pub(crate) async fn whole_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let due = request.extensions().get::<BodyDue>().copied();
    let bytes = Bytes::from_request(request, state);
    match due {
        Some(BodyDue(due)) => tokio::time::timeout_at(due, bytes).await.map_err(|_| late())?,
        None => bytes.await,
    }
    .map_err(unreadable)
}

fn late() -> Problem {
    Problem::new(ErrorCode::RequestTimeout, "The body of the request did not come in time.")
}

fn unreadable(rejection: BytesRejection) -> Problem {
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ErrorCode::TooLarge, "The body is too large."),
        _ => Problem::validation("The body could not be read."),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// What stands after the question mark.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri)
            .map(|query| Query(query.0))
            .map_err(|_| Problem::validation("The query is missing something or holds what does not belong there."))
    }
}

/// The one part of a path that is not fixed.
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<String>::from_request_parts(parts, state)
            .await
            .map(|path| PathText(path.0))
            .map_err(|_| Problem::validation("The path holds what is no text."))
    }
}

/// Where a request comes from, for budgets.
pub struct From(pub AddressKey);

impl FromRequestParts<App> for From {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|info| info.0.ip())
            .ok_or_else(|| Problem::new(ErrorCode::Internal, "Something went wrong on the server."))?;
        Ok(Self(app.proxies.sender(peer, &parts.headers).into()))
    }
}

/// Who asks: the account and the sign-in of the bearer token.
pub struct Caller {
    /// The account, as it stands now.
    pub account: Account,
    /// The sign-in.
    pub sign_in: SignInId,
}

impl Caller {
    /// Who a token belongs to.
    pub async fn of_token(app: &App, token: &str) -> Result<Self, Problem> {
        let sign_in = app.tokens.read(token).map_err(|_| Problem::unauthorized())?;
        let account = app.store.signed_in(sign_in).await?.ok_or_else(Problem::session_revoked)?;
        Ok(Self { account, sign_in })
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(Problem::unauthorized)?;
        Self::of_token(app, token).await
    }
}
