use axum::extract::State;
use care4w_protocol::rest::{SettingsAnswer, SettingsChange, Success};

use super::{Answer, ok};
use crate::accounts;
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Body, Caller};

/// The user's settings.
#[utoipa::path(get, path = "/users/settings", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = Success<SettingsAnswer>)))]
pub async fn get(State(app): State<App>, caller: Caller) -> Answer<SettingsAnswer> {
    ok(SettingsAnswer { settings: caller.account.settings(app.config.verification) })
}

/// Changes what is named and leaves the rest.
#[utoipa::path(patch, path = "/users/settings", tag = "settings", security(("bearer" = [])), request_body = SettingsChange,
    responses((status = 200, body = Success<SettingsAnswer>)))]
pub async fn patch(
    State(app): State<App>,
    caller: Caller,
    Body(mut change): Body<SettingsChange>,
) -> Answer<SettingsAnswer> {
    change.display_name = change.display_name.as_deref().map(accounts::display_name).transpose()?;
    let account = app.store.change_settings(caller.account.id, &change).await?.ok_or_else(Problem::session_revoked)?;
    app.exchange.renamed(account.id, account.party());
    app.exchange.settings_changed(account.id, caller.sign_in);
    ok(SettingsAnswer { settings: account.settings(app.config.verification) })
}
