//! Writes the history, one entry after another, so that a call's end never overtakes its beginning.

use std::sync::Arc;

use care4w_protocol::CallId;
use tokio::sync::{mpsc, oneshot};

use crate::store::{AccountId, NewCall, Store, StoreError, UntoldCall};

/// Entries that wait to be written. Beyond it they are left out of the history, and the log says so.
pub(super) const QUEUE: usize = 10_000;

#[derive(Debug)]
pub(super) enum Entry {
    Begun(NewCall),
    Answered(CallId, AccountId),
    Over {
        call: CallId,
        callee: AccountId,
        talked_secs: Option<u64>,
        told: bool,
    },
    Merged(CallId),
    Told(AccountId, CallId),
    /// Asks for the missed calls that a user has not heard of, as they are once all before this is written.
    Untold(AccountId, oneshot::Sender<Vec<UntoldCall>>),
}

pub(super) async fn write(store: Arc<dyn Store>, mut entries: mpsc::Receiver<Entry>) {
    while let Some(entry) = entries.recv().await {
        if let Err(error) = write_one(&*store, entry).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a call is missing in the history");
        }
    }
}

async fn write_one(store: &dyn Store, entry: Entry) -> Result<(), StoreError> {
    match entry {
        Entry::Begun(call) => store.call_started(&call).await,
        Entry::Answered(call, callee) => store.call_answered(call, callee).await,
        Entry::Over { call, callee, talked_secs, told } => store.call_over(call, callee, talked_secs, told).await,
        Entry::Merged(call) => store.call_merged(call).await,
        Entry::Told(account, call) => store.call_told(account, call).await,
        Entry::Untold(account, answer) => {
            // Who asked may be gone already.
            answer.send(store.untold_calls(account).await?).unwrap_or_default();
            Ok(())
        }
    }
}
