use std::sync::LazyLock;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use care4w_protocol::rest::{ServerConfig, Success};

use super::{Answer, document, ok};
use crate::app::App;

/// What a client must know before it signs in.
#[utoipa::path(get, path = "/config", tag = "server", responses((status = 200, body = Success<ServerConfig>)))]
pub async fn config(State(app): State<App>) -> Answer<ServerConfig> {
    ok(ServerConfig {
        default_region: app.config.default_region.to_string(),
        verification: app.config.verification,
        twilio_active: app.twilio.is_some(),
        echo_line: app.echo_line().await?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document().to_json().expect("the document holds only what JSON can say"));

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value, content_type = "application/json")))]
pub async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}
