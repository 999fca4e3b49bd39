//! One person's machine: sound card, keychain, and folders that nobody else uses.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{Environment, Keychain, SoundServer};

/// The name of a desk's microphone and speaker on its own sound server.
pub const SOUND_CARD: &str = "desk";

/// A machine of one's own. Two of them share nothing but the display and the network.
pub struct Desk {
    folder: PathBuf,
    sound: SoundServer,
    keychain: Keychain,
}

impl Desk {
    /// Makes one with its files in `folder`, which may outlive it: made again there, it is the same person's.
    pub fn set_up(folder: &Path) -> Result<Self> {
        Self::set_up_with(folder, &[SOUND_CARD])
    }

    /// The same with these sound cards, the first of which the system uses.
    pub fn set_up_with(folder: &Path, cards: &[&str]) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            sound: SoundServer::start(cards)?,
            keychain: Keychain::start(&folder.join("keychain"))?,
        })
    }

    /// Its sound card, whose microphone and speaker are the default ones.
    pub fn sound(&self) -> &SoundServer {
        &self.sound
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// For processes that shall run here. A display is not part of it.
    pub fn environment(&self) -> Environment {
        let mut environment = self.sound.environment();
        environment.extend(self.keychain.environment());
        environment.extend(own_folders(&self.folder));
        environment
    }
}

/// Variables that put a program's data, settings and caches under `folder`. HOME stays: toolchains live there.
pub fn own_folders(folder: &Path) -> Environment {
    [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state")]
        .map(|(name, part)| (name.to_owned(), folder.join(part).display().to_string()))
        .into()
}
