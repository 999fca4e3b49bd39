use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::notice::Notice;
use crate::{Health, Levels, ReceiveStats};

/// What the engine and the call's face both hold.
#[derive(Debug, Default)]
pub struct Shared {
    pub muted: AtomicBool,
    /// Counts the devices that were opened.
    pub generation: AtomicU64,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
pub struct Told {
    pub levels: Levels,
    pub health: Health,
    pub stats: ReceiveStats,
    pub notices: Vec<Notice>,
}

impl Shared {
    pub fn publish(&self, stats: ReceiveStats, levels: Levels, health: Health) {
        let mut told = self.told();
        told.stats = stats;
        told.levels = levels;
        told.health = health;
    }

    pub fn notice(&self, notice: Option<Notice>) {
        self.told().notices.extend(notice);
    }

    /// What was published last.
    pub fn told(&self) -> MutexGuard<'_, Told> {
        // Plain data: whoever panicked while holding it left it whole.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
