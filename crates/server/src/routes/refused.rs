//! What is said to requests that reach no handler, and what is noted of all.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use care4w_protocol::ErrorCode;
use futures_util::FutureExt;

use crate::app::App;
use crate::error::Problem;

pub async fn not_found() -> Problem {
    Problem::not_found()
}

pub async fn method_not_allowed() -> Problem {
    Problem::new(ErrorCode::MethodNotAllowed, "This path does not know that method.")
}

/// A panic is our bug: it costs one request, not the server.
pub async fn catch_panic(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a request panicked");
            Problem::new(ErrorCode::Internal, "Something went wrong on the server.").into_response()
        }
    }
}

/// Logs method, route (not the path: it could hold anything), status and time; counts; and forbids caches.
pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics.response(status);
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    // A made-up method is the sender's text.
    let method = if method.as_str().len() <= 7 { method.as_str() } else { "(other)" };
    tracing::info!(method, route, status, micros = begun.elapsed().as_micros() as u64, "request");
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
