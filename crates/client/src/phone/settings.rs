//! What the server keeps of this user's wishes: the name that others read, and who may find the user by number.

use care4w_protocol::rest::{SettingsAnswer, SettingsChange};
use reqwest::Method;

use super::Phone;
use crate::Problem;
use crate::app_state::Discoverable;

impl Phone {
    /// Says who may find this user by their number; [`crate::app_state::PhoneState`] shows it from then on.
    ///
    /// # Errors
    /// `SIGNED_OUT`, `OFFLINE`, …
    pub async fn set_discoverable(&self, discoverable: Discoverable) -> Result<(), Problem> {
        let change = SettingsChange { discoverable_by_phone: Some(discoverable.into()), ..SettingsChange::default() };
        self.change_settings(&change).await
    }

    /// Changes the name that others read.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for a name that is none; `SIGNED_OUT`, `OFFLINE`, …
    pub async fn set_display_name(&self, name: &str) -> Result<(), Problem> {
        let change = SettingsChange { display_name: Some(name.trim().to_owned()), ..SettingsChange::default() };
        self.change_settings(&change).await
    }

    async fn change_settings(&self, change: &SettingsChange) -> Result<(), Problem> {
        let session = &self.inner.session;
        let answer: SettingsAnswer = session.call(Method::PATCH, "users/settings", &[], Some(change)).await?;
        self.inner.take_settings(&answer.settings).await;
        Ok(())
    }
}
