//! A tray: a status-notifier host on a session bus, as a panel has one, that tells what its icons say and clicks in
//! their menus.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use care4w_tests::{
    Environment,
    wait::{self, PATIENCE},
};
use zbus::blocking::{Connection, Proxy, connection};
use zbus::message::Header;
use zbus::zvariant::{Dict, OwnedObjectPath, OwnedValue, Structure, Value};

/// An entry of `com.canonical.dbusmenu`: its id, its properties, the entries below it.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

type Items = Arc<Mutex<Vec<(String, String)>>>;

struct Watcher(Items);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, #[zbus(header)] header: Header<'_>, service: &str) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        self.0.lock().unwrap().push((sender, service.to_owned()));
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(sender, path)| format!("{sender}{path}")).collect()
    }
}

/// The tray of one desk. Dropped, the desk has none.
pub struct Tray {
    bus: Connection,
    items: Items,
}

impl Tray {
    pub fn show(environment: &Environment) -> Self {
        let address = &environment.iter().find(|(name, _)| name == "DBUS_SESSION_BUS_ADDRESS").unwrap().1;
        let items = Items::default();
        let bus = connection::Builder::address(address.as_str())
            .unwrap()
            .serve_at("/StatusNotifierWatcher", Watcher(items.clone()))
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .build()
            .unwrap();
        Self { bus, items }
    }

    /// The menu of the newest icon: ids and words.
    fn menu(&self) -> Result<(Proxy<'_>, Vec<(i32, String)>)> {
        let (sender, path) = self.items.lock().unwrap().last().cloned().context("no icon")?;
        let item = Proxy::new(&self.bus, sender.clone(), path, "org.kde.StatusNotifierItem")?;
        let menu: OwnedObjectPath = item.get_property("Menu")?;
        let menu = Proxy::new(&self.bus, sender, menu, "com.canonical.dbusmenu")?;
        let (_, (_, _, entries)): (u32, Layout) = menu.call("GetLayout", &(0, -1, Vec::<&str>::new()))?;
        Ok((menu, entries.iter().filter_map(|entry| words(entry)).collect()))
    }

    /// Waits until the icon says how the phone is in these words.
    pub fn says(&self, wanted: &str) {
        let mut last = Vec::new();
        let said = wait::until(PATIENCE, "the tray", || {
            last = self.menu().map(|(_, entries)| entries).unwrap_or_default();
            Ok(last.iter().any(|(_, words)| words == wanted).then_some(()))
        });
        said.unwrap_or_else(|error| panic!("{error} to say “{wanted}”; it says {last:?}"));
    }

    /// Clicks in the icon's menu.
    pub fn clicks(&self, wanted: &str) {
        let (menu, entries) = self.menu().unwrap();
        let (id, _) = entries.iter().find(|(_, words)| words == wanted).unwrap_or_else(|| panic!("{entries:?}"));
        // An app that ends by it may not answer any more.
        let _ = menu.call::<_, _, ()>("Event", &(*id, "clicked", Value::from(0), 0_u32));
    }

    /// The file that the icon's picture is in, which changes with what it says.
    pub fn picture(&self) -> String {
        let (sender, path) = self.items.lock().unwrap().last().cloned().unwrap();
        let item = Proxy::new(&self.bus, sender, path, "org.kde.StatusNotifierItem").unwrap();
        item.get_property("IconName").unwrap()
    }
}

/// The id and the words of a menu's entry; none for a line.
fn words(entry: &Value<'_>) -> Option<(i32, String)> {
    let entry: &Structure<'_> = entry.downcast_ref().ok()?;
    let [id, properties, ..] = entry.fields() else { return None };
    let properties: &Dict<'_, '_> = properties.downcast_ref().ok()?;
    let label: String = properties.get(&"label").ok()??;
    // An underline marks the next letter as a key.
    Some((id.downcast_ref().ok()?, label.replace('_', "")))
}
