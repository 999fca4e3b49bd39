//! Whom a user has blocked: they no longer reach or find the blocker, and cannot tell (docs/blocking.md).

use axum::extract::State;
use care4w_phone::Care4wId;
use care4w_protocol::rest::{BlockRequest, BlockedAnswer, BlockedPerson, Success};

use super::{Answer, ok};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Body, Caller, PathText};
use crate::store::AccountId;
use crate::{accounts, clock, defaults};

/// Whom the user has blocked, newest first.
#[utoipa::path(get, path = "/users/blocks", tag = "blocks", security(("bearer" = [])),
    responses((status = 200, body = Success<BlockedAnswer>)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Answer<BlockedAnswer> {
    blocked(&app, caller.account.id).await
}

/// Blocks whoever has this id, also if nobody has it: the answer does not tell. Done anew it changes the name, if one is
/// given, and nothing else. At most 1,000 are blocked at once; one's own id is refused.
#[utoipa::path(put, path = "/users/blocks/{care4wId}", tag = "blocks", security(("bearer" = [])),
    params(("care4wId" = String, Path, description = "care4w- and 4 to 16 letters or digits, in any case",
        pattern = "^[cC][aA][rR][eE]4[wW]-[0-9a-zA-Z]{4,16}$")), request_body = BlockRequest,
    responses((status = 200, body = Success<BlockedAnswer>)))]
pub async fn block(
    State(app): State<App>,
    caller: Caller,
    PathText(id): PathText,
    Body(wanted): Body<BlockRequest>,
) -> Answer<BlockedAnswer> {
    let (id, account) = (read(&id)?, &caller.account);
    let name = wanted.display_name.as_deref().map(accounts::display_name).transpose()?;
    if id == account.care4w_id {
        return Err(Problem::validation("This is your own id."));
    }
    if !app.store.block(account.id, &id, name.as_deref(), clock::unix_ms(), defaults::BLOCKS).await? {
        return Err(Problem::validation(
            "You have blocked as many people as can be. Let somebody through again first.",
        ));
    }
    app.exchange.blocked(account.id, id);
    app.exchange.settings_changed(account.id, caller.sign_in);
    blocked(&app, account.id).await
}

/// Lets whoever has this id through again. Nothing happens if they were not blocked.
#[utoipa::path(delete, path = "/users/blocks/{care4wId}", tag = "blocks", security(("bearer" = [])),
    params(("care4wId" = String, Path, description = "care4w- and 4 to 16 letters or digits, in any case",
        pattern = "^[cC][aA][rR][eE]4[wW]-[0-9a-zA-Z]{4,16}$")),
    responses((status = 200, body = Success<BlockedAnswer>)))]
pub async fn unblock(State(app): State<App>, caller: Caller, PathText(id): PathText) -> Answer<BlockedAnswer> {
    let (id, account) = (read(&id)?, caller.account.id);
    app.store.unblock(account, &id).await?;
    app.exchange.unblocked(account, id);
    app.exchange.settings_changed(account, caller.sign_in);
    blocked(&app, account).await
}

fn read(id: &str) -> Result<Care4wId, Problem> {
    Care4wId::parse(id)
        .map_err(|_| Problem::validation("A Care4W id is care4w- followed by 4 to 16 letters or digits."))
}

async fn blocked(app: &App, account: AccountId) -> Answer<BlockedAnswer> {
    let blocked = app.store.blocked(account).await?.into_iter().map(|blocked| BlockedPerson {
        care4w_id: blocked.care4w_id,
        display_name: blocked.name,
        blocked_at: clock::rfc3339(blocked.blocked_at),
    });
    ok(BlockedAnswer { blocked: blocked.collect() })
}
