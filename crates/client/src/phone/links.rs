//! What other programs ask to have called: links, and what stands behind the command.

use care4w_phone::Link;
use serde_json::Value;

use super::{Phone, read_region};
use crate::Problem;
use crate::app_state::OfferedDestination;
use crate::store::Store;

/// The store's key of the wish to have links dialled without being asked.
const CALL_AT_ONCE: &str = "links/callAtOnce";

/// Whether links are dialled without being asked.
pub(super) fn call_at_once(store: &dyn Store) -> bool {
    store.get(CALL_AT_ONCE).and_then(|value| value.as_bool()).unwrap_or(false)
}

impl Phone {
    /// Puts before the person what a link or the command line names. It is filled in, and rings nobody by itself unless
    /// the person wants that ([`Phone::set_call_links_at_once`]) and [`Link::may_ring_at_once`].
    pub fn offer_destination(&self, text: &str) {
        let region = read_region(&self.inner.state.borrow().country).ok();
        let link = Link::parse(text, region);
        if link.shown().is_empty() {
            return;
        }
        let refused = link.destination().err().map(|error| Problem::new(error.code(), error.to_string()));
        self.inner.state.send_modify(|state| {
            state.destination = Some(OfferedDestination {
                text: link.shown().to_owned(),
                at_once: state.call_links_at_once && link.may_ring_at_once(),
                premium: link.is_premium(),
                refused,
            });
        });
    }

    /// Puts somebody before the person whom they have asked to call back, to be called at once: the window says what goes
    /// wrong.
    pub fn call_back(&self, detail: &str) {
        let text = detail.to_owned();
        self.inner.state.send_modify(|state| {
            state.destination = Some(OfferedDestination { text, at_once: true, premium: false, refused: None });
        });
    }

    /// The window has filled it in.
    pub fn take_destination(&self) {
        self.inner.state.send_if_modified(|state| state.destination.take().is_some());
    }

    /// Whether links are dialled without being asked, from now on and in later runs.
    ///
    /// # Errors
    /// `STORE_NOT_WRITTEN` when it holds for this run alone.
    pub fn set_call_links_at_once(&self, at_once: bool) -> Result<(), Problem> {
        self.inner.state.send_modify(|state| state.call_links_at_once = at_once);
        let kept = self.inner.store.set(CALL_AT_ONCE, Value::from(at_once));
        kept.map_err(|error| Problem::new(error.code(), error.to_string()))
    }
}
