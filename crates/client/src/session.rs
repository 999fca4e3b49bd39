//! Who is signed in, and the tokens that prove it.
//!
//! Access tokens are short; a new pair is fetched before one ends, without the user noticing. Refresh tokens work
//! once, and two processes may share a profile (a waiting `answer` and a quick `whoami`): whoever refreshes takes
//! the profile's lock file first and reads what is stored again, so that no token is ever used twice.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use care4w_phone::Care4wId;
use care4w_protocol::ErrorCode;
use care4w_protocol::rest::{Done, LoginRequest, RefreshRequest, Refreshed, RegisterRequest, SignedIn, User};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, watch};

use crate::Problem;
use crate::api::{Api, RequestError};
use crate::credentials::{CredentialError, CredentialStore, StoredSession};
use crate::defaults::REFRESH_BEFORE;

/// Why a sign-in did not work.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The server could not be asked, or said no.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The session could not be kept. Its reason is the error's.
    #[error(transparent)]
    NotKept(#[from] CredentialError),
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Request(error) => error.into(),
            SignInError::NotKept(error) => error.into(),
        }
    }
}

impl From<CredentialError> for Problem {
    fn from(error: CredentialError) -> Self {
        Problem::new(error.code(), error.to_string())
    }
}

/// What to do when the session cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenNotKept {
    /// Go on in memory and say so (the window).
    KeepInMemory,
    /// Fail with the reason (the command line: the next command would be signed out).
    Fail,
}

/// The session of one profile with one server.
pub struct Session {
    api: Api,
    credentials: Arc<dyn CredentialStore>,
    lock_file: Option<PathBuf>,
    when_not_kept: WhenNotKept,
    current: Mutex<Option<StoredSession>>,
    user: watch::Sender<Option<User>>,
}

impl Session {
    /// A session that has not been looked for yet: call [`Session::restore`]. `lock_file` guards refreshing between
    /// processes that share a profile.
    pub fn new(
        api: Api,
        credentials: Arc<dyn CredentialStore>,
        lock_file: Option<PathBuf>,
        when_not_kept: WhenNotKept,
    ) -> Self {
        Self { api, credentials, lock_file, when_not_kept, current: Mutex::new(None), user: watch::Sender::new(None) }
    }

    /// The server that is asked.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Who is signed in; changes are told.
    pub fn user(&self) -> watch::Receiver<Option<User>> {
        self.user.subscribe()
    }

    /// Reads the session that was kept. `Ok(None)`: nobody is signed in.
    ///
    /// # Errors
    /// When the keychain cannot be reached.
    pub async fn restore(&self) -> Result<Option<User>, CredentialError> {
        let mut current = self.current.lock().await;
        *current = self.load().await?;
        let user = current.as_ref().map(|session| session.user.clone());
        self.user.send_replace(user.clone());
        Ok(user)
    }

    /// Creates an account and signs in. The second value says why the session will not outlast this run, if so.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn register(&self, request: &RegisterRequest) -> Result<(User, Option<CredentialError>), SignInError> {
        self.sign_in_with("auth/register", request).await
    }

    /// Signs in. The second value says why the session will not outlast this run, if so.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(&self, request: &LoginRequest) -> Result<(User, Option<CredentialError>), SignInError> {
        self.sign_in_with("auth/login", request).await
    }

    async fn sign_in_with(
        &self,
        path: &str,
        request: &(impl Serialize + Sync),
    ) -> Result<(User, Option<CredentialError>), SignInError> {
        if self.when_not_kept == WhenNotKept::Fail {
            // Asked before the account is made: an account without a sign-in would be a puzzle.
            match self.load().await {
                // What is damaged was set aside, and the new sign-in takes its place.
                Ok(_) | Err(CredentialError::Damaged) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let answer: SignedIn = self.api.call(Method::POST, path, &[], Some(request), None).await?;
        let session = StoredSession {
            user: answer.user.clone(),
            access_token: answer.access_token,
            expires_at: expiry(answer.expires_in),
            refresh_token: answer.refresh_token,
        };
        let mut current = self.current.lock().await;
        let kept = self.save(session.clone()).await;
        *current = Some(session);
        let not_kept = match (kept, self.when_not_kept) {
            (Ok(()), _) => None,
            (Err(error), WhenNotKept::KeepInMemory) => Some(error),
            (Err(error), WhenNotKept::Fail) => return Err(error.into()),
        };
        self.user.send_replace(Some(answer.user.clone()));
        Ok((answer.user, not_kept))
    }

    /// Signs out here: the keychain forgets, and the server is told as well as it can be.
    ///
    /// # Errors
    /// When the keychain cannot be reached: the session is then still in it.
    pub async fn sign_out(&self) -> Result<(), CredentialError> {
        let session = {
            let mut current = self.current.lock().await;
            let cleared = self.clear().await;
            let session = current.take();
            self.user.send_replace(None);
            cleared?;
            session
        };
        if let Some(session) = session {
            let body = RefreshRequest { refresh_token: session.refresh_token.clone() };
            let told: Result<Done, _> =
                self.api.call(Method::POST, "auth/logout", &[], Some(&body), Some(&session.access_token)).await;
            if told.is_err() {
                tracing::debug!("the server was not told of the sign-out; its tokens end by themselves");
            }
        }
        Ok(())
    }

    /// Takes the name that the signed-in user has now, if it is still this one who is signed in.
    pub async fn rename(&self, care4w_id: &Care4wId, name: &str) {
        let mut current = self.current.lock().await;
        let Some(session) = current.as_mut().filter(|session| session.user.care4w_id == *care4w_id) else { return };
        if session.user.display_name == name {
            return;
        }
        let _guard = self.lock_profile().await;
        // Another process may have renewed the tokens meanwhile; what is stored counts.
        if let Ok(Some(stored)) = self.load().await
            && stored.user.id == session.user.id
        {
            *session = stored;
        }
        name.clone_into(&mut session.user.display_name);
        let renamed = session.clone();
        self.user.send_replace(Some(renamed.user.clone()));
        if let Err(error) = self.save(renamed).await {
            tracing::warn!(code = error.code(), "the new name is kept for this run alone");
        }
    }

    /// Forgets a session that the server has ended.
    ///
    /// # Errors
    /// When the keychain cannot be reached.
    pub async fn forget(&self) -> Result<(), CredentialError> {
        let mut current = self.current.lock().await;
        *current = None;
        self.user.send_replace(None);
        self.clear().await
    }

    /// A call as the signed-in user. A token that has ended is renewed once on the way.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, RequestError> {
        let token = self.access_token().await?;
        match self.api.call(method.clone(), path, query, body, Some(&token)).await {
            Err(error) if error.is(ErrorCode::Unauthorized) || error.is(ErrorCode::SessionRevoked) => {
                let token = self.renew(&token).await?;
                self.api.call(method, path, query, body, Some(&token)).await
            }
            other => other,
        }
    }

    /// A token that is good for half a minute at least.
    ///
    /// # Errors
    /// [`RequestError::SignedOut`] when nobody is signed in; else what became of the renewal.
    pub async fn access_token(&self) -> Result<String, RequestError> {
        let stale = {
            let current = self.current.lock().await;
            let session = current.as_ref().ok_or(RequestError::SignedOut)?;
            if session.is_fresh(REFRESH_BEFORE) {
                return Ok(session.access_token.clone());
            }
            session.access_token.clone()
        };
        self.renew(&stale).await
    }

    /// A new token in place of the one that the server has just refused.
    ///
    /// # Errors
    /// As [`Session::access_token`].
    pub async fn renewed_token(&self) -> Result<String, RequestError> {
        let stale = self.current.lock().await.as_ref().ok_or(RequestError::SignedOut)?.access_token.clone();
        self.renew(&stale).await
    }

    /// Gets a new token in place of one that was found wanting. Whoever comes second gets what the first one got.
    async fn renew(&self, stale: &str) -> Result<String, RequestError> {
        let mut current = self.current.lock().await;
        let session = current.as_ref().ok_or(RequestError::SignedOut)?;
        if session.access_token != stale {
            return Ok(session.access_token.clone());
        }
        let _guard = self.lock_profile().await;
        // Another process may have renewed meanwhile; its pair is in the store.
        if let Ok(Some(stored)) = self.load().await
            && stored.user.id == session.user.id
            && stored.access_token != stale
        {
            let token = stored.access_token.clone();
            let fresh = stored.is_fresh(REFRESH_BEFORE);
            *current = Some(stored);
            if fresh {
                return Ok(token);
            }
        }
        let session = current.as_ref().ok_or(RequestError::SignedOut)?;
        let body = RefreshRequest { refresh_token: session.refresh_token.clone() };
        match self.api.call::<Refreshed>(Method::POST, "auth/refresh", &[], Some(&body), None).await {
            Ok(answer) => {
                let renewed = StoredSession {
                    user: session.user.clone(),
                    access_token: answer.access_token.clone(),
                    expires_at: expiry(answer.expires_in),
                    refresh_token: answer.refresh_token,
                };
                if let Err(error) = self.save(renewed.clone()).await {
                    tracing::warn!(code = error.code(), "the renewed session is kept in memory only");
                }
                *current = Some(renewed);
                Ok(answer.access_token)
            }
            Err(RequestError::Refused { error, .. }) if error.code.status() == 401 || error.code.status() == 400 => {
                if let Err(error) = self.clear().await {
                    tracing::warn!(code = error.code(), "an ended session could not be removed from the keychain");
                }
                *current = None;
                self.user.send_replace(None);
                Err(RequestError::SignedOut)
            }
            Err(error) => Err(error),
        }
    }

    async fn lock_profile(&self) -> Option<File> {
        let path = self.lock_file.clone()?;
        tokio::task::spawn_blocking(move || {
            if let Some(directory) = path.parent() {
                std::fs::create_dir_all(directory).ok()?;
            }
            let file = File::create(path).ok()?;
            file.lock().ok()?;
            Some(file)
        })
        .await
        .ok()
        .flatten()
    }

    async fn load(&self) -> Result<Option<StoredSession>, CredentialError> {
        let credentials = self.credentials.clone();
        blocking(move || credentials.load()).await
    }

    async fn save(&self, session: StoredSession) -> Result<(), CredentialError> {
        let credentials = self.credentials.clone();
        blocking(move || credentials.save(&session)).await
    }

    async fn clear(&self) -> Result<(), CredentialError> {
        let credentials = self.credentials.clone();
        blocking(move || credentials.clear()).await
    }
}

async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, CredentialError> + Send + 'static,
) -> Result<T, CredentialError> {
    tokio::task::spawn_blocking(call).await.unwrap_or(Err(CredentialError::Refused))
}

fn expiry(expires_in: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    now.as_secs().saturating_add(expires_in)
}
