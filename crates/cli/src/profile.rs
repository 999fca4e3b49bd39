//! The profile's folder: session, settings, server.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use care4w_client::audio::DeviceSelector;
use care4w_client::calls::{NativeSound, SoundSettings};
use care4w_client::credentials::{CredentialStore, FileCredentials, Keychain};
use care4w_client::session::WhenNotKept;
use care4w_client::store::{FileStore, Store};
use care4w_client::{Phone, PhoneOptions, ServerUrl, defaults, locale};

use crate::arguments::{Global, Sound};
use crate::failure::Failure;

/// The store's key of the server.
const SERVER: &str = "server";

/// One profile, opened.
pub struct Profile {
    directory: PathBuf,
    store: Arc<FileStore>,
    server: ServerUrl,
    insecure_file_credentials: bool,
}

impl Profile {
    /// Opens the folder, creating it when needed.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let directory = match &global.profile {
            Some(directory) => directory.clone(),
            None => dirs::data_dir()
                .ok_or_else(|| {
                    Failure::new("NO_PROFILE", "No folder for the profile was found. Give one with --profile.")
                })?
                .join("care4w-cli"),
        };
        let unusable =
            |error: std::io::Error| Failure::new("NO_PROFILE", format!("The profile's folder can't be used: {error}."));
        fs::create_dir_all(&directory).map_err(unusable)?;
        // The keychain entry is named after it: the same folder must have one name.
        let directory = directory.canonicalize().map_err(unusable)?;
        let store = Arc::new(FileStore::open(directory.join("store.json")));
        let remembered = store.get(SERVER).and_then(|value| value.as_str().map(ToOwned::to_owned));
        let server = global.server.clone().or(remembered).unwrap_or_else(|| defaults::SERVER.to_owned());
        let server = server.parse::<ServerUrl>().map_err(|error| Failure::usage(error.code(), error.to_string()))?;
        let insecure_file_credentials = global.insecure_file_credentials;
        if insecure_file_credentials {
            eprintln!("care4w-cli: the session is kept in session.json, readable by whoever may read your files.");
        }
        Ok(Self { directory, store, server, insecure_file_credentials })
    }

    /// Which server its commands go to.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// Later commands of this profile go to the same server.
    pub fn remember_server(&self) -> Result<(), Failure> {
        self.store
            .set(SERVER, self.server.as_str().into())
            .map_err(|error| Failure::new(error.code(), error.to_string()))
    }

    /// A phone of this profile that asks and does not call.
    pub fn phone(&self) -> Phone {
        self.start(false, SoundSettings::default(), false)
    }

    /// The same, with the calls that were.
    pub fn phone_with_history(&self) -> Phone {
        self.start(false, SoundSettings::default(), true)
    }

    /// A phone that calls with these devices, once it is told to connect. `takes_calls`: it rings for everybody.
    pub fn phone_for_calls(&self, takes_calls: bool, sound_settings: SoundSettings) -> Phone {
        self.start(takes_calls, sound_settings, true)
    }

    fn start(&self, takes_calls: bool, sound_settings: SoundSettings, history: bool) -> Phone {
        let credentials: Arc<dyn CredentialStore> = if self.insecure_file_credentials {
            Arc::new(FileCredentials::new(self.directory.join("session.json"), self.server.as_str()))
        } else {
            Arc::new(Keychain::new(&self.directory.to_string_lossy(), self.server.as_str()))
        };
        Phone::start(PhoneOptions {
            profile: self.directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            server: self.server.clone(),
            store: self.store.clone(),
            credentials,
            history: history.then(|| self.directory.join("history.sqlite")),
            lock_file: Some(self.directory.join("session.lock")),
            when_not_kept: WhenNotKept::Fail,
            sound: Arc::new(NativeSound),
            sound_settings,
            locale_region: locale::region(),
            connect: false,
            takes_calls,
        })
    }
}

/// How a call sounds; a script's phone rings for nobody.
pub fn sound_settings(sound: &Sound) -> SoundSettings {
    SoundSettings {
        microphone: sound.mic.clone(),
        speaker: sound.speaker.clone(),
        ringer: DeviceSelector::Silence,
        dtx: sound.dtx,
        low_delay: sound.low_delay,
        ..SoundSettings::default()
    }
}
