use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use care4w_protocol::rest::{
    Done, LoginRequest, PasswordRequest, RefreshRequest, Refreshed, RegisterRequest, SignedIn, Success,
};
use care4w_protocol::{ErrorCode, Secret};

use super::{Answer, ok};
use crate::accounts::{self, RefreshToken, TokenError, random_care4w_id};
use crate::app::App;
use crate::error::Problem;
use crate::extract::{Body, Caller, From};
use crate::store::{Account, CreateAccountError, NewAccount, RefreshHash, Rotation, SignInId, StoreError};
use crate::{clock, defaults};

impl std::convert::From<TokenError> for Problem {
    fn from(_: TokenError) -> Self {
        Problem::new(ErrorCode::Internal, "Something went wrong on the server.")
    }
}

fn email_exists() -> Problem {
    Problem::new(ErrorCode::EmailAlreadyExists, "An account with this e-mail address exists.")
}

/// None if the account is gone: it was deleted while its password was checked.
async fn sign_in(app: &App, account: &Account) -> Result<Option<(SignedIn, SignInId)>, Problem> {
    let now = clock::unix_ms();
    let refresh = RefreshToken::random();
    let sign_in = match app.store.sign_in(account.id, refresh.hash(), now).await {
        Err(StoreError::Gone(_)) => return Ok(None),
        sign_in => sign_in?,
    };
    let access_token = app.tokens.make(sign_in, now)?;
    let signed_in = SignedIn {
        user: account.user(),
        access_token,
        refresh_token: refresh.0,
        expires_in: defaults::ACCESS_TOKEN_SECS,
    };
    Ok(Some((signed_in, sign_in)))
}

/// Creates an account and signs it in.
#[utoipa::path(post, path = "/auth/register", tag = "accounts", request_body = RegisterRequest,
    responses((status = 201, body = Success<SignedIn>), (status = 409, description = "EMAIL_ALREADY_EXISTS"), (status = 429, description = "RATE_LIMITED")))]
pub async fn register(
    State(app): State<App>,
    From(from): From,
    Body(wanted): Body<RegisterRequest>,
) -> Result<(StatusCode, Json<Success<SignedIn>>), Problem> {
    let email = accounts::email(&wanted.email)?;
    let display_name = accounts::display_name(&wanted.display_name)?;
    accounts::new_password(&wanted.password)?;
    app.allow_register(from)?;
    if app.store.account_by_email(&email).await?.is_some() {
        return Err(email_exists());
    }
    let password_hash = app.passwords.hash(Secret::new(wanted.password)).await?;
    let account = loop {
        let new = NewAccount {
            email: email.clone(),
            password_hash: password_hash.clone(),
            display_name: display_name.clone(),
            care4w_id: random_care4w_id(),
            created_at: clock::unix_ms(),
        };
        match app.store.create_account(new).await {
            Ok(account) => break account,
            Err(CreateAccountError::IdTaken) => {}
            Err(CreateAccountError::EmailTaken) => return Err(email_exists()),
            Err(CreateAccountError::Store(error)) => return Err(error.into()),
        }
    };
    let (signed_in, _) = sign_in(&app, &account).await?.ok_or_else(Problem::session_revoked)?;
    Ok((StatusCode::CREATED, Json(Success::new(signed_in))))
}

/// Signs in. The answer to a wrong password and to an unknown address is the same and takes the same time.
#[utoipa::path(post, path = "/auth/login", tag = "accounts", request_body = LoginRequest,
    responses((status = 200, body = Success<SignedIn>), (status = 401, description = "INVALID_CREDENTIALS"), (status = 429, description = "RATE_LIMITED")))]
pub async fn login(State(app): State<App>, From(from): From, Body(given): Body<LoginRequest>) -> Answer<SignedIn> {
    app.allow_login(from)?;
    // What cannot be an address has no account: it is answered like any other unknown one.
    let email = accounts::email(&given.email).unwrap_or_default();
    app.allow_password(&email)?;
    let (account, hash) = app.store.account_by_email(&email).await?.unzip();
    let right = app.passwords.check(Secret::new(given.password), hash.clone()).await?;
    match account {
        Some(account) if right => {
            app.password_was_right(&email);
            let (signed_in, sign_in) = sign_in(&app, &account).await?.ok_or_else(Problem::invalid_credentials)?;
            // The check took its time: a password that was changed meanwhile has ended all sign-ins but this one.
            if app.store.password_hash(account.id).await? != hash {
                app.store.revoke(sign_in, clock::unix_ms()).await?;
                return Err(Problem::invalid_credentials());
            }
            ok(signed_in)
        }
        _ => Err(Problem::invalid_credentials()),
    }
}

/// Exchanges a refresh token for the next pair. Each works once: one that is used again ends its sign-in.
#[utoipa::path(post, path = "/auth/refresh", tag = "accounts", request_body = RefreshRequest,
    responses((status = 200, body = Success<Refreshed>), (status = 401, description = "SESSION_REVOKED")))]
pub async fn refresh(State(app): State<App>, Body(given): Body<RefreshRequest>) -> Answer<Refreshed> {
    let now = clock::unix_ms();
    let next = RefreshToken::random();
    match app
        .store
        .rotate(RefreshHash::of(&given.refresh_token), next.hash(), now, accounts::oldest_refresh(now))
        .await?
    {
        Rotation::Rotated(sign_in, _) => ok(Refreshed {
            access_token: app.tokens.make(sign_in, now)?,
            refresh_token: next.0,
            expires_in: defaults::ACCESS_TOKEN_SECS,
        }),
        Rotation::Reused(sign_in) => {
            tracing::warn!("a refresh token was used twice: its sign-in is ended");
            app.exchange.sign_in_ended(sign_in);
            Err(Problem::session_revoked())
        }
        Rotation::Refused => Err(Problem::session_revoked()),
    }
}

/// Ends the sign-in of the access token. A body is not needed and not read.
#[utoipa::path(post, path = "/auth/logout", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = Success<Done>)))]
pub async fn logout(State(app): State<App>, caller: Caller) -> Answer<Done> {
    app.store.revoke(caller.sign_in, clock::unix_ms()).await?;
    app.exchange.sign_in_ended(caller.sign_in);
    ok(Done { message: "Signed out.".into() })
}

/// Ends all sign-ins of the account, this one too.
#[utoipa::path(post, path = "/auth/logout-all", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = Success<Done>)))]
pub async fn logout_all(State(app): State<App>, caller: Caller) -> Answer<Done> {
    for ended in app.store.revoke_all(caller.account.id, None, clock::unix_ms()).await? {
        app.exchange.sign_in_ended(ended);
    }
    ok(Done { message: "Signed out everywhere.".into() })
}

/// Changes the password and ends the account's other sign-ins.
#[utoipa::path(post, path = "/auth/password", tag = "accounts", security(("bearer" = [])), request_body = PasswordRequest,
    responses((status = 200, body = Success<Done>), (status = 401, description = "INVALID_CREDENTIALS"), (status = 429, description = "RATE_LIMITED")))]
pub async fn password(State(app): State<App>, caller: Caller, Body(given): Body<PasswordRequest>) -> Answer<Done> {
    let Caller { account, sign_in } = caller;
    accounts::new_password(&given.next)?;
    app.allow_password(&account.email)?;
    let wrong = || Problem::new(ErrorCode::InvalidCredentials, "The current password is wrong.");
    let old = app.store.password_hash(account.id).await?;
    if !app.passwords.check(Secret::new(given.current), old.clone()).await? {
        return Err(wrong());
    }
    app.password_was_right(&account.email);
    let new = app.passwords.hash(Secret::new(given.next)).await?;
    // Of two changes at once one is too late: what it calls the current password is so no more.
    let old = old.unwrap_or_default();
    let ended =
        app.store.change_password(account.id, &old, &new, sign_in, clock::unix_ms()).await?.ok_or_else(wrong)?;
    for ended in ended {
        app.exchange.sign_in_ended(ended);
    }
    ok(Done { message: "The password was changed.".into() })
}

/// Deletes the account and all that belongs to it. Its e-mail address and number are free at once.
#[utoipa::path(delete, path = "/users/me", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = Success<Done>)))]
pub async fn delete_me(State(app): State<App>, caller: Caller) -> Answer<Done> {
    app.store.delete_account(caller.account.id).await?;
    app.exchange.account_gone(caller.account.id);
    ok(Done { message: "The account was deleted.".into() })
}
