//! The REST interface: one file a subject. Every route is made by `routes!`, so that none can be missing from the
//! OpenAPI document.

mod auth;
mod blocks;
mod calls;
mod forgotten;
mod health;
mod ice;
mod lookup;
pub mod openapi;
mod phone;
mod refused;
mod server_config;
mod settings;
mod signal;
mod twilio;
mod twilio_webhooks;
mod verify;

use axum::extract::DefaultBodyLimit;
use axum::{Json, Router, middleware};
use care4w_protocol::limits::MAX_BODY_BYTES;
use care4w_protocol::rest::Success;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::error::Problem;

pub use health::metrics_router;

/// `{"success":true,"data":…}` or a [`Problem`].
type Answer<T> = Result<Json<Success<T>>, Problem>;

fn ok<T>(data: T) -> Answer<T> {
    Ok(Json(Success::new(data)))
}

/// All routes, documented.
fn documented() -> OpenApiRouter<App> {
    let api = OpenApiRouter::new()
        .routes(routes!(server_config::config))
        .routes(routes!(server_config::openapi))
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::logout_all))
        .routes(routes!(auth::password))
        .routes(routes!(forgotten::forgot))
        .routes(routes!(forgotten::reset))
        .routes(routes!(auth::delete_me))
        .routes(routes!(settings::get, settings::patch))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::block, blocks::unblock))
        .routes(routes!(phone::check))
        .routes(routes!(phone::get, phone::patch, phone::delete))
        .routes(routes!(verify::verify))
        .routes(routes!(verify::send))
        .routes(routes!(lookup::by_phone))
        .routes(routes!(lookup::by_id))
        .routes(routes!(ice::ice))
        .routes(routes!(calls::calls))
        .routes(routes!(twilio::token))
        .routes(routes!(twilio::begin))
        .routes(routes!(twilio::find, twilio::cancel))
        .routes(routes!(twilio_webhooks::voice))
        .routes(routes!(twilio_webhooks::status))
        .routes(routes!(signal::signal));
    OpenApiRouter::with_openapi(openapi::head())
        .nest("/api", api)
        .routes(routes!(forgotten::page))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// The OpenAPI document of all routes.
pub fn document() -> utoipa::openapi::OpenApi {
    openapi::complete(documented().into_openapi())
}

/// The whole server.
pub fn router(app: App) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .fallback(refused::not_found)
        .method_not_allowed_fallback(refused::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(refused::catch_panic))
        .layer(middleware::from_fn_with_state(app.clone(), refused::observe))
        .with_state(app)
}
