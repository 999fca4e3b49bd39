//! People who no longer reach or find this user, and cannot tell.

use care4w_phone::Care4wId;
use care4w_protocol::rest::{BlockRequest, BlockedAnswer};
use reqwest::Method;

use super::Phone;
use crate::Problem;
use crate::app_state::BlockedPerson;

impl Phone {
    /// Whom this user has blocked, newest first.
    ///
    /// # Errors
    /// `SIGNED_OUT`, `OFFLINE`, …
    pub async fn blocked(&self) -> Result<Vec<BlockedPerson>, Problem> {
        let answer: BlockedAnswer = self.inner.session.call(Method::GET, "users/blocks", &[], None::<&()>).await?;
        Ok(people(answer))
    }

    /// Blocks whoever has this Care4W ID; all that are blocked then. `name` is what this user calls them; without one, an
    /// earlier name stays. Blocking anew changes nothing else.
    ///
    /// # Errors
    /// `INVALID_ID`; `VALIDATION_ERROR` for one's own id, and when too many are blocked; `SIGNED_OUT`, `OFFLINE`, …
    pub async fn block(&self, care4w_id: &str, name: Option<String>) -> Result<Vec<BlockedPerson>, Problem> {
        let path = path(care4w_id)?;
        let body =
            BlockRequest { display_name: name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()) };
        let answer: BlockedAnswer = self.inner.session.call(Method::PUT, &path, &[], Some(&body)).await?;
        self.inner.blocked_changed();
        Ok(people(answer))
    }

    /// Lets whoever has this Care4W ID through again; all that are blocked then. Nothing happens to who was not blocked.
    ///
    /// # Errors
    /// `INVALID_ID`, `SIGNED_OUT`, `OFFLINE`, …
    pub async fn unblock(&self, care4w_id: &str) -> Result<Vec<BlockedPerson>, Problem> {
        let path = path(care4w_id)?;
        let answer: BlockedAnswer = self.inner.session.call(Method::DELETE, &path, &[], None::<&()>).await?;
        self.inner.blocked_changed();
        Ok(people(answer))
    }
}

impl super::Inner {
    pub(super) fn blocked_changed(&self) {
        self.state.send_modify(|state| state.blocked_revision = state.blocked_revision.wrapping_add(1));
    }
}

fn people(answer: BlockedAnswer) -> Vec<BlockedPerson> {
    answer.blocked.into_iter().map(BlockedPerson::from).collect()
}

fn path(care4w_id: &str) -> Result<String, Problem> {
    let id = Care4wId::parse(care4w_id).map_err(|error| Problem::new("INVALID_ID", error.to_string()))?;
    Ok(format!("users/blocks/{id}"))
}
