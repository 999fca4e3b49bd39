use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::get;
use care4w_protocol::ErrorCode;
use care4w_protocol::rest::{Done, Success};

use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Success<Done>)))]
pub async fn healthz() -> Answer<Done> {
    ok(Done { message: "The server runs.".into() })
}

/// The server takes requests: its database answers and it is not about to stop.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, body = Success<Done>), (status = 503, description = "UNAVAILABLE")))]
pub async fn readyz(State(app): State<App>) -> Answer<Done> {
    if app.is_draining() {
        return Err(Problem::new(ErrorCode::Unavailable, "The server is stopping."));
    }
    if app.store.ping().await.is_err() {
        return Err(Problem::new(ErrorCode::Unavailable, "The database does not answer."));
    }
    ok(Done { message: "The server is ready.".into() })
}

/// Figures for Prometheus, to this machine alone.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "Prometheus text format 0.0.4", body = String, content_type = "text/plain"), (status = 403, description = "FORBIDDEN")))]
pub async fn metrics(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    // Through a proxy on this machine everybody seems to come from loopback.
    let forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    if !peer.ip().to_canonical().is_loopback() || forwarded {
        return Err(Problem::new(ErrorCode::Forbidden, "Figures are given to the server's own machine only."));
    }
    Ok(text(&app))
}

fn text(app: &App) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.text())
}

/// `/metrics` alone, for the second listen address.
pub fn metrics_router(app: App) -> Router {
    Router::new().route("/metrics", get(|State(app): State<App>| async move { text(&app) })).with_state(app)
}
