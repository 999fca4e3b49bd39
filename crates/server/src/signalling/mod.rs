//! placeholder
use crate::{
    app::App,
    limits::AddressKey,
    metrics::Metrics,
    store::{AccountId, SignInId, Store},
};
use std::sync::Arc;
/// placeholder
pub struct Exchange;
#[allow(missing_docs)]
impl Exchange {
    pub(crate) fn start(_: Arc<dyn Store>, _: Arc<Metrics>) -> Self {
        Self
    }
    pub fn sign_in_ended(&self, _: SignInId) {}
    pub fn settings_changed(&self, _: AccountId, _: SignInId) {}
    pub fn has_room(&self) -> bool {
        true
    }
    pub fn close_all(&self) {}
    pub async fn finish(&self) {}
}
pub(crate) fn open(u: axum::extract::ws::WebSocketUpgrade, _: App, _: AddressKey) -> axum::response::Response {
    u.on_upgrade(|_| async {})
}
