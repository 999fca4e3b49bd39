//! A notification daemon on a desk's session bus (dunst), whose buttons are pressed by what would press them: its context
//! menu. What it was asked to show is read off the bus.
// Each test program uses its part.
#![allow(dead_code)]

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use care4w_tests::{
    Environment, Person, Process,
    wait::{self, PATIENCE},
};
use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, MessageIterator, Proxy};
use zbus::message::Type;
use zbus::zvariant::OwnedValue;

/// What `Notify` is given: name, id to replace, icon, title, body, actions, hints, time.
type Notify = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedValue>, i32);

/// A notification as it was asked for.
#[derive(Clone, Debug)]
pub struct Told {
    pub title: String,
    pub body: String,
    /// The words on its buttons, with their keys before them.
    pub actions: Vec<String>,
    pub category: String,
    /// The menu entry of whoever tells it.
    pub entry: String,
    /// Whether the daemon is to make no sound of its own.
    pub silent: bool,
}

/// What a dock shows on an icon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// The file of the menu entry whose icon it is.
    pub entry: String,
    /// `None` where nothing is to be seen.
    pub count: Option<i64>,
}

#[derive(Default)]
struct Seen {
    told: Vec<Told>,
    badge: Option<Badge>,
}

impl Badge {
    /// As `com.canonical.Unity.LauncherEntry.Update` tells it.
    fn of(uri: &str, properties: &HashMap<String, OwnedValue>) -> Self {
        let property = |name: &str| properties.get(name).cloned();
        let visible = property("count-visible").is_some_and(|visible| bool::try_from(visible) == Ok(true));
        let count = property("count").and_then(|count| i64::try_from(count).ok());
        Self { entry: uri.trim_start_matches("application://").to_owned(), count: count.filter(|_| visible) }
    }
}

/// The daemon, and what passed by on its bus.
pub struct Notifications {
    _daemon: Process,
    bus: Connection,
    environment: Environment,
    /// What the context menu chooses.
    choice: PathBuf,
    seen: Arc<Mutex<Seen>>,
}

impl Notifications {
    pub fn show(person: &Person) -> Self {
        let folder = person.folder();
        let (choice, menu, settings) = (folder.join("choice"), folder.join("menu.sh"), folder.join("dunstrc"));
        let script = format!("#!/bin/sh\ngrep -m 1 -F -f '{}'\n", choice.display());
        std::fs::write(&menu, script).unwrap();
        std::fs::set_permissions(&menu, std::fs::Permissions::from_mode(0o700)).unwrap();
        let text = format!("[global]\n    origin = bottom-left\n    offset = 10x10\n    dmenu = {}\n", menu.display());
        std::fs::write(&settings, text).unwrap();

        let environment = person.environment();
        let address = &environment.iter().find(|(name, _)| name == "DBUS_SESSION_BUS_ADDRESS").unwrap().1;
        let seen = watch(address);
        let mut dunst = Command::new("dunst");
        dunst.arg("-conf").arg(settings).envs(environment.clone());
        let daemon = Process::start_logged("dunst", &mut dunst, &folder.join("dunst.log")).unwrap();
        let bus = Builder::address(address.as_str()).unwrap().build().unwrap();
        let notifications = Self { _daemon: daemon, bus, environment, choice, seen };
        wait::until(PATIENCE, "the notification daemon", || Ok(notifications.number().ok())).unwrap();
        notifications
    }

    /// How many are to be seen now.
    fn number(&self) -> zbus::Result<u32> {
        let path = "/org/freedesktop/Notifications";
        let dunst = Proxy::new(&self.bus, "org.freedesktop.Notifications", path, "org.dunstproject.cmd0")?;
        dunst.get_property("displayedLength")
    }

    /// Waits until one of this category is to be seen, and gives it.
    pub fn comes(&self, category: &str) -> Told {
        wait::until(PATIENCE, &format!("a notification of {category}"), || {
            let told = self.seen.lock().unwrap().told.last().cloned().filter(|told| told.category == category);
            Ok(told.filter(|_| self.number().is_ok_and(|number| number > 0)))
        })
        .unwrap()
    }

    /// Waits until none is to be seen.
    pub fn all_go(&self) {
        wait::until(PATIENCE, "every notification to go", || Ok((self.number()? == 0).then_some(()))).unwrap();
    }

    /// All that were asked for so far.
    pub fn told(&self) -> Vec<Told> {
        self.seen.lock().unwrap().told.clone()
    }

    /// Waits until the icon of an app shows this count, and gives the file of the app's menu entry.
    pub fn badge_is(&self, count: Option<i64>) -> String {
        let shown = || Ok(self.seen.lock().unwrap().badge.clone().filter(|badge| badge.count == count));
        wait::until(PATIENCE, &format!("a badge of {count:?}"), shown).unwrap().entry
    }

    /// Presses a button by the words on it.
    pub fn press(&self, words: &str) {
        std::fs::write(&self.choice, format!("{words} ")).unwrap();
        let status = Command::new("dunstctl")
            .arg("context")
            .envs(self.environment.clone())
            .stdin(Stdio::null())
            .status()
            .expect("dunstctl starts");
        assert!(status.success(), "{status}");
    }
}

/// Reads what passes by on a bus for as long as it lives.
fn watch(address: &str) -> Arc<Mutex<Seen>> {
    let bus = Builder::address(address).unwrap().build().unwrap();
    let rules = [
        "type='method_call',interface='org.freedesktop.Notifications',member='Notify'",
        "type='signal',interface='com.canonical.Unity.LauncherEntry'",
    ];
    let monitoring = "org.freedesktop.DBus.Monitoring";
    bus.call_method(
        Some("org.freedesktop.DBus"),
        "/org/freedesktop/DBus",
        Some(monitoring),
        "BecomeMonitor",
        &(&rules[..], 0_u32),
    )
    .unwrap();
    let seen = Arc::<Mutex<Seen>>::default();
    let kept = Arc::clone(&seen);
    std::thread::spawn(move || {
        for message in MessageIterator::from(bus).map_while(Result::ok) {
            let body = message.body();
            if message.message_type() == Type::MethodCall {
                let Ok((_, _, _, title, body, actions, hints, _)) = body.deserialize::<Notify>() else { continue };
                let hint = |name: &str| hints.get(name).and_then(|hint| String::try_from(hint.clone()).ok());
                let [category, entry] = ["category", "desktop-entry"].map(|name| hint(name).unwrap_or_default());
                let silent = hints.get("suppress-sound").is_some_and(|hint| bool::try_from(hint.clone()) == Ok(true));
                kept.lock().unwrap().told.push(Told { title, body, actions, category, entry, silent });
            } else if let Ok((uri, properties)) = body.deserialize::<(String, HashMap<String, OwnedValue>)>() {
                kept.lock().unwrap().badge = Some(Badge::of(&uri, &properties));
            }
        }
    });
    seen
}
