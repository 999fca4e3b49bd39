//! The settings store of the window, through `tauri-plugin-store`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use care4w_client::store::{Store, StoreError, set_damaged_aside};
use serde_json::Value;
use tauri::{AppHandle, Manager, Wry};
use tauri_plugin_store::{StoreBuilder, resolve_store_path};

const FILE: &str = "settings.json";

/// The plugin writes its file in place: a crash in the middle would leave half a file. What was there before is
/// copied first, and a half file is set aside and replaced by the copy at the next start.
pub struct PluginStore {
    store: Arc<tauri_plugin_store::Store<Wry>>,
    path: PathBuf,
}

impl PluginStore {
    /// Opens the profile's store.
    pub fn open(app: &AppHandle) -> tauri::Result<Self> {
        fs::create_dir_all(app.path().app_data_dir()?)?;
        let path = resolve_store_path(app, FILE).map_err(|error| tauri::Error::Anyhow(error.into()))?;
        let backup = path.with_extension("json.backup");
        if set_damaged_aside(&path) && backup.exists() {
            fs::copy(&backup, &path)?;
            set_damaged_aside(&path);
        }
        let store = StoreBuilder::new(app, FILE)
            .disable_auto_save()
            .build()
            .map_err(|error| tauri::Error::Anyhow(error.into()))?;
        Ok(Self { store, path })
    }
}

impl Store for PluginStore {
    fn get(&self, key: &str) -> Option<Value> {
        self.store.get(key)
    }

    fn set(&self, key: &str, value: Value) -> Result<(), StoreError> {
        self.store.set(key, value);
        if self.path.exists() {
            fs::copy(&self.path, self.path.with_extension("json.backup")).map_err(StoreError::Write)?;
        }
        self.store.save().map_err(|error| StoreError::Write(std::io::Error::other(error.to_string())))
    }
}
