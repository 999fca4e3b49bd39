use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use care4w_protocol::ErrorCode;

use crate::app::App;
use crate::error::Problem;
use crate::extract::From;
use crate::signalling;

/// Signalling: a WebSocket of JSON text frames (crate `care4w-protocol`, module `signal`). The first frame carries the
/// access token; there is none in the URL or a header.
#[utoipa::path(get, path = "/signal", tag = "calls",
    responses((status = 101, description = "The socket is open"), (status = 400, description = "VALIDATION_ERROR: not a WebSocket handshake"),
        (status = 503, description = "UNAVAILABLE")))]
pub async fn signal(
    State(app): State<App>,
    From(from): From,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| Problem::validation("This path speaks WebSocket only."))?;
    if app.is_draining() || !app.exchange.has_room() {
        return Err(Problem::new(ErrorCode::Unavailable, "The server takes no more connections now."));
    }
    Ok(signalling::open(upgrade, app, from))
}
