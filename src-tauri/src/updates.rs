//! New versions: looked for at the start, once a day and when the person asks; installed when they say so, and never in a call.
//!
//! Fetching is the core's, which bounds it ([`care4w_client::fetch`]). Whether something is newer, for this computer, and signed by our
//! key is Tauri's updater's word, and so is the installing. A version that a package manager brought is that one's to replace:
//! the person is told, and led to a page.

pub mod channel;
mod refusal;

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use care4w_client::Problem;
use care4w_client::app_state::{AppState, CallState, RingState};
use care4w_client::defaults::{UPDATE_ASK, UPDATE_EVERY};
use care4w_client::fetch::fetch;
use care4w_client::store::Store;
use serde::Serialize;
use serde_json::Value;
use specta::Type;
use tauri::{AppHandle, Config, Manager};
use tauri_plugin_updater::{Error, Update, UpdaterExt};

use crate::being_called::BeingCalled;
use crate::core::Core;
use crate::notification::Notification;
use crate::{place, platform};
use channel::{Channel, list_bounds, version_bounds};

/// The store's key of the wish to look for new versions.
const LOOKS: &str = "updates/look";

/// The store's key of the version that the person was told of last.
const TOLD: &str = "updates/told";

/// A version that is newer than this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NewVersion {
    /// Its number.
    version: String,
    /// Whether the app can install it by itself; if not, it is installed as this one was.
    installs: bool,
}

/// What is known of new versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UpdatesState {
    /// Whether this build knows where to look, and by whose key.
    available: bool,
    /// Whether it looks by itself, at the start and once a day.
    looks: bool,
    /// Whether it has looked in this run, and was answered.
    looked: bool,
    /// What it found.
    found: Option<NewVersion>,
    /// Whether there is a page of new versions to be led to.
    page: bool,
}

/// Looks, installs, and remembers what was found.
pub struct Updates {
    store: Arc<dyn Store>,
    channel: Option<Channel>,
    /// One at a time looks or installs.
    work: tokio::sync::Mutex<()>,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    answered: bool,
    found: Option<NewVersion>,
    update: Option<Update>,
}

impl Updates {
    /// As it was chosen before in this profile.
    pub fn open(config: &Config, store: Arc<dyn Store>) -> Self {
        Self { store, channel: Channel::of(config), work: tokio::sync::Mutex::default(), last: Mutex::default() }
    }

    /// What is known.
    pub fn state(&self) -> UpdatesState {
        let last = self.last();
        UpdatesState {
            available: self.channel.is_some(),
            looks: self.looks(),
            looked: last.answered,
            found: last.found.clone(),
            page: self.channel.as_ref().is_some_and(|channel| channel.page.is_some()),
        }
    }

    fn looks(&self) -> bool {
        self.store.get(LOOKS).and_then(|value| value.as_bool()).unwrap_or(true)
    }

    /// Whether it looks by itself from now on.
    pub fn set_looks(&self, on: bool) -> Result<(), Problem> {
        self.store.set(LOOKS, on.into()).map_err(|error| Problem::new(error.code(), error.to_string()))
    }

    /// Opens the page of new versions in the browser. Which one was decided when the app was built.
    pub fn open_page(&self) -> Result<(), Problem> {
        let page = self.channel.as_ref().and_then(|channel| channel.page.as_ref());
        let page = page.ok_or_else(refusal::not_in_this_build)?;
        platform::open_in_browser(page.as_str()).map_err(|error| {
            tracing::warn!(%error, "no browser opened");
            Problem::new("NOT_AVAILABLE", "No browser could be opened.")
        })
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        self.last.lock().expect("no one panics with what was found locked")
    }
}

/// Looks for a new version now. Installs nothing.
///
/// # Errors
/// `UPDATES_NOT_AVAILABLE`, `LINE_BUSY`, and what [`refusal`] has of answers.
pub async fn look(app: &AppHandle) -> Result<UpdatesState, Problem> {
    let updates = app.state::<Updates>();
    let channel = updates.channel.clone().ok_or_else(refusal::not_in_this_build)?;
    let _alone = updates.work.try_lock().map_err(|_| refusal::under_way())?;
    if is_calling(&app.state::<Core>().state()) {
        return Err(refusal::in_a_call());
    }
    let bytes = fetch(&channel.list, list_bounds()).await.map_err(refusal::not_fetched)?;
    let list: Value = serde_json::from_slice(&bytes).map_err(|_| refusal::unreadable())?;
    let announced = list["version"].as_str().unwrap_or_default().trim_start_matches('v').to_owned();
    let updater = app.updater().map_err(|error| refusal::not_taken(&error))?;
    // It wants the version under the signature too, so that nobody passes an old one for a new one.
    let (found, update) = match updater.restore_update(list) {
        Ok(None) => (None, None),
        Ok(Some(update)) => {
            let installs = platform::replaces_itself(app);
            (Some(NewVersion { version: update.version.clone(), installs }), Some(update).filter(|_| installs))
        }
        // Newer, and there is nothing in the list that this kind of installation could take.
        Err(Error::TargetNotFound(_) | Error::TargetsNotFound(_)) => {
            (Some(NewVersion { version: announced, installs: false }), None)
        }
        Err(error) => return Err(refusal::not_taken(&error)),
    };
    *updates.last() = Last { answered: true, found, update };
    Ok(updates.state())
}

/// Installs what was found last, and starts it. Comes back only when that fails.
///
/// # Errors
/// `NO_UPDATE`, `LINE_BUSY` (also when a call begins meanwhile), and what [`refusal`] has of answers.
pub async fn install(app: &AppHandle) -> Result<(), Problem> {
    let updates = app.state::<Updates>();
    if updates.channel.is_none() {
        return Err(refusal::not_in_this_build());
    }
    let _alone = updates.work.try_lock().map_err(|_| refusal::under_way())?;
    let update = updates.last().update.clone().ok_or_else(refusal::nothing_there)?;
    if is_calling(&app.state::<Core>().state()) {
        return Err(refusal::in_a_call());
    }
    let bytes = tokio::select! {
        fetched = fetch(&update.download_url, version_bounds()) => fetched.map_err(refusal::not_fetched)?,
        // What it takes of the network belongs to the call.
        () = calling(app, true) => return Err(refusal::in_a_call()),
    };
    let handle = app.clone();
    let installed = tauri::async_runtime::spawn_blocking(move || {
        update.verify(&bytes).map_err(|error| refusal::not_taken(&error))?;
        if is_calling(&handle.state::<Core>().state()) {
            return Err(refusal::in_a_call());
        }
        place::keep(&handle);
        // On Windows the installer takes over here, and nothing after this is done.
        update.install(&bytes).map_err(|error| {
            tracing::warn!(%error, "a new version was not installed");
            refusal::not_installed()
        })
    });
    installed.await.map_err(|_| refusal::not_installed())??;
    tracing::info!("a new version is installed");
    app.restart();
}

/// Looks right away and from then on every day, where there is somebody to ask.
pub fn look_by_itself(app: &AppHandle) {
    if app.state::<Updates>().channel.is_some() {
        tauri::async_runtime::spawn(look_daily(app.clone()));
    }
}

/// Looks where that is wished, and waits for a call to end before. What it finds is told once.
async fn look_daily(app: AppHandle) {
    let mut last: Option<SystemTime> = None;
    loop {
        let due = last.and_then(|last| last.elapsed().ok()).is_none_or(|since| since >= UPDATE_EVERY);
        if due && app.state::<Updates>().looks() {
            calling(&app, false).await;
            last = Some(SystemTime::now());
            match look(&app).await {
                Ok(state) => tell(&app, state.found.as_ref()),
                // The settings say why when the person asks; nobody is troubled with it otherwise.
                Err(problem) => tracing::debug!(code = problem.code, "no look for a new version"),
            }
        }
        tokio::time::sleep(UPDATE_ASK).await;
    }
}

/// Has the system tell of a version, once.
fn tell(app: &AppHandle, found: Option<&NewVersion>) {
    let (updates, Some(found)) = (app.state::<Updates>(), found) else { return };
    if updates.store.get(TOLD).is_some_and(|told| told == found.version.as_str()) {
        return;
    }
    app.state::<BeingCalled>().tell(Notification::of_version(&found.version));
    if let Err(error) = updates.store.set(TOLD, found.version.as_str().into()) {
        tracing::debug!(code = error.code(), "it will be told again");
    }
}

/// Whether anything rings or talks.
fn is_calling(state: &AppState) -> bool {
    let call = state.call.as_ref().is_some_and(|call| call.state != CallState::Ended);
    call || state.ring.as_ref().is_some_and(|ring| ring.state != RingState::Ended)
}

/// Waits until somebody is in a call, or until nobody is.
async fn calling(app: &AppHandle, wanted: bool) {
    let mut phones = app.state::<Core>().phones();
    loop {
        let mut state = phones.borrow_and_update().state();
        tokio::select! {
            Ok(_) = state.wait_for(|state| is_calling(state) == wanted) => return,
            // This phone is no more; another one is there.
            changed = phones.changed() => if changed.is_err() { return },
        }
    }
}

/// The plugin, which is given nothing to the page: what it can do, the commands here do.
pub fn plugin() -> tauri::plugin::TauriPlugin<tauri::Wry, tauri_plugin_updater::Config> {
    tauri_plugin_updater::Builder::new().build()
}
