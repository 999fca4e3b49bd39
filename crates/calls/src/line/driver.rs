//! The line's task.

use tokio::sync::{broadcast, mpsc, watch};

use super::{Command, LineSetup};
use crate::{CallEvent, CallView};

pub(super) struct Driver {}

impl Driver {
    pub(super) fn new(
        _setup: LineSetup,
        _view: watch::Sender<Option<CallView>>,
        _events: broadcast::Sender<CallEvent>,
    ) -> Self {
        Self {}
    }

    pub(super) async fn run(self, mut commands: mpsc::UnboundedReceiver<Command>) {
        while commands.recv().await.is_some() {}
    }
}
