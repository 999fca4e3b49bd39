//! The phone of this window. Choosing another server starts a new one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use care4w_client::app_state::AppState;
use care4w_client::calls::{NativeSound, SoundSettings};
use care4w_client::credentials::Keychain;
use care4w_client::session::WhenNotKept;
use care4w_client::store::Store;
use care4w_client::{Phone, PhoneOptions, Problem, ServerUrl, defaults, locale};
use tauri::{AppHandle, Manager};
use tokio::sync::watch;

use crate::arguments::Arguments;
use crate::store::PluginStore;

/// The store's key of the server.
const SERVER: &str = "server";

/// What all commands reach the phone through.
pub struct Core {
    store: Arc<dyn Store>,
    profile: String,
    lock_file: PathBuf,
    history: PathBuf,
    phone: watch::Sender<Phone>,
}

impl Core {
    /// Starts the phone: server from the command line or environment, else as remembered, else the default.
    pub fn open(app: &AppHandle, arguments: &Arguments) -> Result<Self, Box<dyn std::error::Error>> {
        let store: Arc<dyn Store> = Arc::new(PluginStore::open(app)?);
        let remembered = || {
            let server = store.get(SERVER)?.as_str()?.parse();
            // Whoever changed the file finds the window open, and may choose another server there.
            server.inspect_err(|_| tracing::warn!("the remembered server is no server address")).ok()
        };
        let server = match arguments.server.clone().or_else(remembered) {
            Some(server) => server,
            None => defaults::SERVER.parse()?,
        };
        let profile = arguments.profile.as_ref().map_or("default", |profile| profile.as_str()).to_owned();
        let data = app.path().app_data_dir()?;
        let (lock_file, history) = (data.join("session.lock"), data.join("history.sqlite"));
        let phone = start(&store, &profile, &lock_file, &history, server);
        Ok(Self { store, profile, lock_file, history, phone: watch::Sender::new(phone) })
    }

    /// The phone as it is now.
    pub fn phone(&self) -> Phone {
        self.phone.borrow().clone()
    }

    /// The settings of the profile.
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// The phone, now and whenever it is another one.
    pub fn phones(&self) -> watch::Receiver<Phone> {
        self.phone.subscribe()
    }

    /// The picture, for a window that has just opened.
    pub fn state(&self) -> AppState {
        self.phone().state().borrow().clone()
    }

    /// Goes to another server, and remembers it.
    pub async fn set_server(&self, url: &str) -> Result<(), Problem> {
        let server: ServerUrl = url.parse().map_err(|error: care4w_client::server_url::ServerUrlError| {
            Problem::new(error.code(), error.to_string())
        })?;
        self.phone().shut_down().await;
        let kept = self.store.set(SERVER, server.as_str().into());
        self.phone.send_replace(start(&self.store, &self.profile, &self.lock_file, &self.history, server));
        kept.map_err(|error| Problem::new(error.code(), error.to_string()))
    }

    /// Hangs up and leaves the server.
    pub async fn shut_down(&self) {
        self.phone().shut_down().await;
    }
}

fn start(store: &Arc<dyn Store>, profile: &str, lock_file: &Path, history: &Path, server: ServerUrl) -> Phone {
    // The phone starts tasks of its own: they run on Tauri's runtime.
    let _runtime = tauri::async_runtime::handle().inner().enter();
    Phone::start(PhoneOptions {
        profile: profile.to_owned(),
        credentials: Arc::new(Keychain::new(profile, server.as_str())),
        server,
        store: store.clone(),
        lock_file: Some(lock_file.to_owned()),
        history: Some(history.to_owned()),
        when_not_kept: WhenNotKept::KeepInMemory,
        sound: Arc::new(NativeSound),
        sound_settings: SoundSettings::default(),
        locale_region: locale::region(),
        connect: true,
        takes_calls: true,
    })
}
