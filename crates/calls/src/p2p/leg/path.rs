//! Whether packets arrive at the other end, and what is done when they do not.

use std::sync::atomic::Ordering;
use std::time::Instant;

use webrtc::peer_connection::RTCPeerConnectionState;

use super::Leg;
use crate::BackendEvent;
use crate::defaults::SEARCH_GRACE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// Not up yet.
    New,
    Up,
    /// Both ends look for a new one; the old one is not used any more.
    Sought,
    Lost,
}

/// Where the path of one call stands.
#[derive(Debug)]
pub(super) struct PathWatch {
    pub path: Path,
    /// When a path that is sought counts as lost.
    lost_at: Option<Instant>,
    /// When a lost path is looked for anew, in case nothing came of it.
    pub restart_at: Option<Instant>,
}

impl Default for PathWatch {
    fn default() -> Self {
        Self { path: Path::New, lost_at: None, restart_at: None }
    }
}

impl PathWatch {
    /// When [`Leg::look_at_path`] is due.
    pub fn due(&self) -> Option<Instant> {
        [self.lost_at, self.restart_at].into_iter().flatten().min()
    }
}

impl Leg {
    pub(super) fn on_connection_state(&mut self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected => self.on_path_up(),
            RTCPeerConnectionState::Disconnected | RTCPeerConnectionState::Failed => self.on_path_lost(),
            RTCPeerConnectionState::Connecting => self.on_search(),
            _ => {}
        }
    }

    fn on_path_up(&mut self) {
        self.watch.restart_at = None;
        self.watch.lost_at = None;
        self.flow.up.store(true, Ordering::Relaxed);
        match std::mem::replace(&mut self.watch.path, Path::Up) {
            Path::New => self.tell(BackendEvent::PathUp { call: self.call }),
            Path::Lost => self.tell(BackendEvent::PathRestored { call: self.call }),
            Path::Up | Path::Sought => {}
        }
    }

    fn on_path_lost(&mut self) {
        if matches!(self.watch.path, Path::Up | Path::Sought) {
            self.watch.path = Path::Lost;
            self.watch.lost_at = None;
            self.tell(BackendEvent::PathLost { call: self.call });
        }
    }

    /// The library forgets the old path when a new one is looked for, and tells of its loss no more: who heard of it from
    /// the other end first would take a dead path to be up for ever.
    fn on_search(&mut self) {
        if self.watch.path == Path::Up {
            self.watch.path = Path::Sought;
            self.watch.lost_at = Some(Instant::now() + SEARCH_GRACE);
        }
    }

    /// Time went by.
    pub(super) async fn look_at_path(&mut self) {
        let now = Instant::now();
        if self.watch.lost_at.is_some_and(|at| at <= now) {
            self.on_path_lost();
        }
        if self.watch.restart_at.is_some_and(|at| at <= now) {
            self.watch.restart_at = None;
            if self.watch.path == Path::Lost
                && let Err(error) = self.restart().await
            {
                tracing::debug!(%error, "the path was not restarted");
            }
        }
    }
}
