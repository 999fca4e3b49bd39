//! Signing in and out, the password, and the end of the account.

use std::sync::atomic::Ordering;

use care4w_protocol::rest::{Done, ForgotRequest, LoginRequest, PasswordRequest, RegisterRequest, User};
use reqwest::Method;

use super::Phone;
use crate::api::RequestError;
use crate::credentials::CredentialError;
use crate::session::SignInError;
use crate::{Problem, history};

impl Phone {
    /// Creates an account and signs in.
    ///
    /// # Errors
    /// `EMAIL_ALREADY_EXISTS`, `VALIDATION_ERROR`, `RATE_LIMITED`, `OFFLINE`, `NO_KEYCHAIN`, …
    pub async fn register(&self, email: &str, password: String, display_name: &str) -> Result<User, Problem> {
        let request =
            RegisterRequest { email: email.trim().to_owned(), password, display_name: display_name.trim().to_owned() };
        let signed_in = self.inner.session.register(&request).await;
        self.signed_in(signed_in)
    }

    /// Signs in.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS`, `RATE_LIMITED`, `OFFLINE`, `NO_KEYCHAIN`, …
    pub async fn sign_in(&self, email: &str, password: String) -> Result<User, Problem> {
        let request = LoginRequest { email: email.trim().to_owned(), password };
        let signed_in = self.inner.session.sign_in(&request).await;
        self.signed_in(signed_in)
    }

    /// Signs out here.
    ///
    /// # Errors
    /// When the keychain cannot be reached: the sign-in is then still in it.
    pub async fn sign_out(&self) -> Result<(), Problem> {
        self.inner.state.send_modify(|state| state.session.notice = None);
        Ok(self.inner.session.sign_out().await?)
    }

    /// Changes the password. This user's other sign-ins end.
    ///
    /// # Errors
    /// `INVALID_CREDENTIALS` when `current` is wrong, `VALIDATION_ERROR` when `next` is too short or too long,
    /// `RATE_LIMITED`, `SIGNED_OUT`, `OFFLINE`, …
    pub async fn change_password(&self, current: String, next: String) -> Result<(), Problem> {
        let body = PasswordRequest { current, next };
        let _done: Done = self.inner.session.call(Method::POST, "auth/password", &[], Some(&body)).await?;
        Ok(())
    }

    /// Has a one-time link to a new password sent by mail. The answer's sentence is the same whether or not the address
    /// has an account.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for what is no address, `RATE_LIMITED`, `OFFLINE`, …
    pub async fn forgot_password(&self, email: &str) -> Result<Done, Problem> {
        let body = ForgotRequest { email: email.trim().to_owned() };
        Ok(self.inner.session.api().call(Method::POST, "auth/forgot", &[], Some(&body), None).await?)
    }

    /// Ends all of this user's sign-ins, on every device, and signs out here.
    ///
    /// # Errors
    /// `SIGNED_OUT`, `OFFLINE`, …: then nothing ended.
    pub async fn sign_out_everywhere(&self) -> Result<(), Problem> {
        self.leave(Method::POST, "auth/logout-all").await
    }

    /// Deletes the account with all that belongs to it, at once and for good, and signs out here. The server asks for
    /// no password: who shows this asks the person first.
    ///
    /// # Errors
    /// `SIGNED_OUT`, `OFFLINE`, …: then nothing was deleted.
    pub async fn delete_account(&self) -> Result<(), Problem> {
        let kept = self.inner.history().ok();
        self.leave(Method::DELETE, "users/me").await?;
        if let Some((history, account)) = kept
            && let Err(error) = history.clear(&account, history::wall_clock()).await
        {
            tracing::warn!(code = error.code(), "the calls of a deleted account are still in the history");
        }
        Ok(())
    }

    async fn leave(&self, method: Method, path: &str) -> Result<(), Problem> {
        // The socket may hear of it before the answer is here.
        self.inner.leaving.store(true, Ordering::SeqCst);
        let left: Result<Done, RequestError> = self.inner.session.call(method, path, &[], None::<&()>).await;
        if let Err(error) = left {
            self.inner.leaving.store(false, Ordering::SeqCst);
            return Err(error.into());
        }
        self.inner.state.send_modify(|state| state.session.notice = None);
        if let Err(error) = self.inner.session.forget().await {
            // What is left in the keychain opens nothing any more.
            tracing::warn!(code = error.code(), "an ended session could not be removed from the keychain");
        }
        Ok(())
    }

    /// Who is signed in, once the keychain has answered.
    ///
    /// # Errors
    /// When the keychain cannot be reached.
    pub async fn who_am_i(&self) -> Result<Option<User>, Problem> {
        if let Some(user) = self.inner.session.user().borrow().clone() {
            return Ok(Some(user));
        }
        Ok(self.inner.session.restore().await?)
    }

    fn signed_in(&self, signed_in: Result<(User, Option<CredentialError>), SignInError>) -> Result<User, Problem> {
        let (user, not_kept) = signed_in?;
        let notice = not_kept.map(|error| {
            let why = Problem::from(error);
            Problem::new(why.code, format!("You're signed in until you close Care4W. {}", why.message))
        });
        self.inner.state.send_modify(|state| state.session.notice = notice);
        Ok(user)
    }
}
