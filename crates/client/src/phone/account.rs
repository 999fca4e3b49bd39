//! Signing in and out.

use care4w_protocol::rest::{LoginRequest, RegisterRequest, User};

use super::Phone;
use crate::Problem;
use crate::credentials::CredentialError;
use crate::session::SignInError;

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
