//! The calls that were: shown, searched, cleared, written out.

use std::sync::Arc;

use super::{Inner, Phone};
use crate::Problem;
use crate::app_state::HistoryState;
use crate::defaults::HISTORY_PAGE;
use crate::history::{self, Begun, History, HistoryCall, HistoryCursor, KnownPeer};

/// So many calls are written out at a time.
const EXPORTED_AT_ONCE: u32 = 500;

impl Phone {
    /// A page of the calls of whoever is signed in, the newest first: those with `search` in name, number or id.
    ///
    /// # Errors
    /// `SIGNED_OUT`, `NOT_AVAILABLE` on a phone without history, `HISTORY_FAILED`.
    pub async fn history(&self, search: &str, before: Option<&HistoryCursor>) -> Result<Vec<HistoryCall>, Problem> {
        let (history, account) = self.inner.history()?;
        Ok(history.page(&account, search, before, HISTORY_PAGE).await?)
    }

    /// Whom somebody may mean who has typed this much.
    ///
    /// # Errors
    /// As [`Phone::history`].
    pub async fn suggest(&self, typed: &str) -> Result<Vec<KnownPeer>, Problem> {
        let (history, account) = self.inner.history()?;
        Ok(history.suggest(&account, typed).await?)
    }

    /// Somebody looks at the missed calls: they are no news any more.
    ///
    /// # Errors
    /// As [`Phone::history`].
    pub async fn history_seen(&self) -> Result<(), Problem> {
        let (history, account) = self.inner.history()?;
        if history.see(&account).await? {
            self.inner.history_changed().await;
        }
        Ok(())
    }

    /// Clears the list of calls, here and for good; the server's copy is the server's.
    ///
    /// # Errors
    /// As [`Phone::history`].
    pub async fn history_clear(&self) -> Result<(), Problem> {
        let (history, account) = self.inner.history()?;
        history.clear(&account, history::wall_clock()).await?;
        self.inner.history_changed().await;
        Ok(())
    }

    /// Asks the server for what was missed on other devices or while this one was away, which a connected phone does by
    /// itself. A server that cannot be asked changes nothing.
    pub async fn history_update(&self) {
        self.inner.merge_history().await;
    }

    /// Whether the file could not be read and was set aside, as `….damaged`; known once the history was asked for.
    pub fn history_was_damaged(&self) -> bool {
        self.inner.history().is_ok_and(|(history, _)| history.was_damaged())
    }

    /// All calls as a table for spreadsheets ([`history::table`]).
    ///
    /// # Errors
    /// As [`Phone::history`].
    pub async fn history_table(&self) -> Result<String, Problem> {
        let (history, account) = self.inner.history()?;
        let mut calls: Vec<HistoryCall> = Vec::new();
        loop {
            let before =
                calls.last().map(|call| HistoryCursor { started_at: call.started_at.clone(), id: call.id.clone() });
            let page = history.page(&account, "", before.as_ref(), EXPORTED_AT_ONCE).await?;
            let last = page.len() < EXPORTED_AT_ONCE as usize;
            calls.extend(page);
            if last {
                return Ok(history::table(&calls));
            }
        }
    }
}

impl Inner {
    pub(super) fn history(&self) -> Result<(Arc<History>, String), Problem> {
        let Some(history) = &self.history else {
            return Err(Problem::new("NOT_AVAILABLE", "This phone keeps no list of calls."));
        };
        let Some(account) = self.session.user().borrow().as_ref().map(|user| user.id.clone()) else {
            return Err(Problem::new("SIGNED_OUT", "Sign in to see your calls."));
        };
        Ok((history.clone(), account))
    }

    /// Has whoever shows the list ask for it again, and counts the missed calls anew.
    pub(super) async fn history_changed(&self) {
        let (missed, was_damaged) = match self.history() {
            Ok((history, account)) => {
                let missed = history.unseen(&account).await.unwrap_or_else(|error| {
                    tracing::warn!(code = error.code(), "the history could not be read");
                    0
                });
                (missed, history.was_damaged())
            }
            Err(_) => (0, false),
        };
        self.state.send_modify(|state| {
            let revision = state.history.revision.wrapping_add(1);
            state.history = HistoryState { revision, missed, was_damaged };
        });
    }

    /// Takes over what was missed elsewhere. A server that cannot be asked changes nothing.
    pub(super) async fn merge_history(&self) {
        let Ok((history, account)) = self.history() else { return };
        match history::merge(&history, &self.session, &account).await {
            Ok(news) => self.tell_missed(news).await,
            Err(problem) => tracing::debug!(code = problem.code, "the server's calls could not be taken over"),
        }
    }

    /// The server tells of a call that was missed while this user was away.
    pub(super) async fn note_missed(&self, call: Begun) {
        let Ok((history, account)) = self.history() else { return };
        match history.take_missed(&account, &[call], true).await {
            Ok(news) => self.tell_missed(news).await,
            Err(error) => tracing::warn!(code = error.code(), "a missed call is not in the history"),
        }
    }

    async fn tell_missed(&self, news: Vec<Begun>) {
        self.history_changed().await;
        for call in news {
            // Nobody listening is no fault.
            self.missed.send(call).ok();
        }
    }
}
