//! What the app shows through the session bus: notifications (`org.freedesktop.Notifications`, the Desktop Notifications
//! Specification 1.2) and a count on its icon (`com.canonical.Unity.LauncherEntry`, which docks of GNOME, KDE and others
//! read).
//!
//! With `zbus` alone, which is here for the tray and the keychain anyway: a notification must be taken back the moment a
//! call is over, which is a message, and `notify-rust` would bring another `zbus` and a thread for each.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use tauri::AppHandle;
use tokio::sync::mpsc;
use zbus::proxy::SignalStream;
use zbus::zvariant::Value;
use zbus::{Connection, Proxy};

use crate::notification::{self, Choice, Notification, Topic};

const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// The menu entry that the packages install, by which desktops know its icon.
const ENTRY: &str = "care4w";

/// A daemon that does not answer must not hold up the next notification for longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is shown outside of the windows. Everything is done in order, by a task of its own.
pub struct Desktop(mpsc::UnboundedSender<Order>);

enum Order {
    Tell(Notification),
    TakeBack(Topic),
    Badge(u32),
}

impl Desktop {
    /// Shows nothing yet.
    pub fn open(app: &AppHandle) -> Self {
        let (orders, waiting) = mpsc::unbounded_channel();
        tauri::async_runtime::spawn(run(app.clone(), waiting));
        Self(orders)
    }

    /// Has the system tell something, instead of what it tells of the same topic.
    pub fn tell(&self, notification: Notification) {
        self.order(Order::Tell(notification));
    }

    /// What is told of a topic holds no more.
    pub fn take_back(&self, topic: Topic) {
        self.order(Order::TakeBack(topic));
    }

    /// Shows a count on the app's icon; with 0 none.
    pub fn set_badge(&self, count: u32) {
        self.order(Order::Badge(count));
    }

    fn order(&self, order: Order) {
        if self.0.send(order).is_err() {
            tracing::debug!("nothing is shown on the desktop any more");
        }
    }
}

/// One connection, with what is told over it now.
struct Bus {
    daemon: Proxy<'static>,
    chosen: SignalStream<'static>,
    closed: SignalStream<'static>,
    told: Vec<(u32, Notification)>,
}

async fn run(app: AppHandle, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut bus = None;
    while let Some(order) = next(&app, &mut orders, &mut bus).await {
        if bus.is_none() {
            bus = connect().await.inspect_err(|error| tracing::debug!(%error, "no session bus")).ok();
        }
        let Some(bus) = &mut bus else { continue };
        match tokio::time::timeout(PATIENCE, bus.carry_out(order)).await {
            Ok(Ok(())) => {}
            // No daemon is no fault: the ring window and the tray are there.
            Ok(Err(error)) => tracing::debug!(%error, "the desktop shows no notification"),
            Err(_) => tracing::debug!("the desktop's notifications do not answer"),
        }
    }
}

/// The next order. Does meanwhile what is chosen on notifications.
async fn next(app: &AppHandle, orders: &mut mpsc::UnboundedReceiver<Order>, bus: &mut Option<Bus>) -> Option<Order> {
    loop {
        let Some(open) = bus else { return orders.recv().await };
        tokio::select! {
            order = orders.recv() => return order,
            Some(message) = open.chosen.next() => {
                let Ok((id, key)) = message.body().deserialize::<(u32, String)>() else { continue };
                let told = open.told.iter().find(|(told, _)| *told == id);
                if let (Some((_, notification)), Some(choice)) = (told, choice_of(&key)) {
                    notification::choose(app, &notification.about, choice);
                }
            }
            Some(message) = open.closed.next() => {
                let Ok((id, _reason)) = message.body().deserialize::<(u32, u32)>() else { continue };
                open.told.retain(|(told, _)| *told != id);
            }
            // The bus is gone, and the session with it.
            else => *bus = None,
        }
    }
}

async fn connect() -> zbus::Result<Bus> {
    let connection = Connection::session().await?;
    let daemon = Proxy::new_owned(connection, NOTIFICATIONS, "/org/freedesktop/Notifications", NOTIFICATIONS).await?;
    let chosen = daemon.receive_signal("ActionInvoked").await?;
    let closed = daemon.receive_signal("NotificationClosed").await?;
    Ok(Bus { daemon, chosen, closed, told: Vec::new() })
}

impl Bus {
    async fn carry_out(&mut self, order: Order) -> zbus::Result<()> {
        match order {
            Order::Tell(notification) => self.tell(notification).await,
            Order::TakeBack(topic) => self.take_back(topic).await,
            Order::Badge(count) => self.badge(count).await,
        }
    }

    async fn tell(&mut self, notification: Notification) -> zbus::Result<()> {
        let can: Vec<String> = self.daemon.call("GetCapabilities", &()).await?;
        let can = |what: &str| can.iter().any(|can| can == what);
        let mut actions = Vec::new();
        if can("actions") {
            actions.extend([key_of(Choice::Open), ""]);
            actions.extend(notification.choices.iter().flat_map(|(choice, words)| [key_of(*choice), *words]));
        }
        let body = if can("body-markup") { escaped(&notification.body) } else { notification.body.clone() };
        let rings = notification.topic == Topic::Call;
        let (category, urgency) = match notification.topic {
            Topic::Call => ("call.incoming", 2_u8),
            Topic::Missed => ("call.unanswered", 1),
            Topic::Version => ("x-care4w.version", 0),
        };
        let hints = HashMap::from([
            ("category", Value::from(category)),
            ("urgency", Value::from(urgency)),
            ("desktop-entry", Value::from(ENTRY)),
            // It rings already, on the device that was chosen.
            ("suppress-sound", Value::from(true)),
        ]);
        // What rings stands there until it rings no more.
        let expires_ms: i32 = if rings { 0 } else { -1 };
        let instead_of = self.id_of(notification.topic).unwrap_or(0);
        let asked = ("Care4W", instead_of, "care4w", notification.title.as_str(), body, actions, hints, expires_ms);
        let id: u32 = self.daemon.call("Notify", &asked).await?;
        self.told.retain(|(_, told)| told.topic != notification.topic);
        self.told.push((id, notification));
        Ok(())
    }

    async fn take_back(&mut self, topic: Topic) -> zbus::Result<()> {
        let Some(id) = self.id_of(topic) else { return Ok(()) };
        self.told.retain(|(told, _)| *told != id);
        self.daemon.call("CloseNotification", &(id)).await
    }

    fn id_of(&self, topic: Topic) -> Option<u32> {
        self.told.iter().find(|(_, told)| told.topic == topic).map(|(id, _)| *id)
    }

    async fn badge(&self, count: u32) -> zbus::Result<()> {
        let properties =
            HashMap::from([("count", Value::from(i64::from(count))), ("count-visible", Value::from(count > 0))]);
        let body = (format!("application://{ENTRY}.desktop"), properties);
        let launcher = "com.canonical.Unity.LauncherEntry";
        self.daemon.connection().emit_signal(None::<&str>, "/org/care4w/desktop", launcher, "Update", &body).await
    }
}

/// What a choice is called on the bus.
fn key_of(choice: Choice) -> &'static str {
    match choice {
        Choice::Open => "default",
        Choice::Answer => "answer",
        Choice::Decline => "decline",
        Choice::CallBack => "call-back",
    }
}

fn choice_of(key: &str) -> Option<Choice> {
    [Choice::Open, Choice::Answer, Choice::Decline, Choice::CallBack].into_iter().find(|choice| key_of(*choice) == key)
}

/// A text among markup: whatever somebody calls themselves is shown as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(escaped("<b>A & B</b>"), "&lt;b&gt;A &amp; B&lt;/b&gt;");
    }
}
