//! What the system tells for the app, outside of its windows: a call that comes in, and one that was missed. How it is
//! told is the system's affair ([`crate::platform`]); what its buttons do is said here.

use care4w_client::app_state::CallView;
use care4w_client::history::Begun;
use care4w_client::protocol::CallId;
use tauri::{AppHandle, Manager};

use crate::core::Core;
use crate::messages::say;
use crate::window;

/// What is told. There is one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A call that rings now.
    Call,
    /// Calls that were missed.
    Missed,
    /// A new version of the app.
    Version,
}

/// Something that the system tells.
#[derive(Clone)]
pub struct Notification {
    /// What about.
    pub topic: Topic,
    /// One line.
    pub title: String,
    /// One more; no markup.
    pub body: String,
    /// The buttons: what each is, and the words on it.
    pub choices: Vec<(Choice, &'static str)>,
    /// The call that rings, or the number or id of who is to be called back.
    pub about: String,
}

/// What a person chose on a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The notification itself was clicked.
    Open,
    /// Takes the call.
    Answer,
    /// Does not take it.
    Decline,
    /// Calls who was missed.
    CallBack,
}

impl Notification {
    /// Somebody is calling.
    pub fn of_call(call: &CallView) -> Self {
        let (title, body) = match &call.peer.name {
            Some(name) => (name.clone(), format!("{} · {}", say("ringing.calling"), call.peer.detail)),
            None => (call.peer.detail.clone(), say("ringing.calling").to_owned()),
        };
        Self {
            topic: Topic::Call,
            title,
            body,
            choices: vec![(Choice::Decline, say("call.decline")), (Choice::Answer, say("call.accept"))],
            about: call.id.clone(),
        }
    }

    /// A call was missed; `count` of them nobody has looked at.
    pub fn of_missed(call: &Begun, count: u32) -> Self {
        let title = match count {
            0 | 1 => say("missed.title").to_owned(),
            _ => say("tray.missed").replace("{count}", &count.to_string()),
        };
        Self {
            topic: Topic::Missed,
            title,
            body: call.name.clone().unwrap_or_else(|| call.detail.clone()),
            choices: vec![(Choice::CallBack, say("call.callBack"))],
            about: call.detail.clone(),
        }
    }

    /// There is a new version.
    pub fn of_version(version: &str) -> Self {
        Self {
            topic: Topic::Version,
            title: say("updates.found").replace("{version}", version),
            body: say("updates.told").to_owned(),
            choices: Vec::new(),
            about: String::new(),
        }
    }
}

/// Does what was chosen.
pub fn choose(app: &AppHandle, about: &str, choice: Choice) {
    let phone = app.state::<Core>().phone();
    match choice {
        Choice::Open => window::show(app),
        Choice::CallBack => {
            window::show(app);
            phone.call_back(about);
        }
        Choice::Answer | Choice::Decline => {
            let Ok(call) = about.parse::<CallId>() else { return };
            if choice == Choice::Answer {
                window::show(app);
            }
            tauri::async_runtime::spawn(async move {
                let done = if choice == Choice::Answer { phone.accept(call).await } else { phone.decline(call).await };
                if let Err(problem) = done {
                    tracing::debug!(code = problem.code, "the call was over when it was answered or declined");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_told_by_name_and_counted() {
        let call = |name: Option<&str>| Begun {
            id: "1".into(),
            direction: care4w_client::app_state::CallDirection::Incoming,
            name: name.map(ToOwned::to_owned),
            detail: "care4w-NEE2345".into(),
            care4w_id: None,
            at: 0,
        };
        let one = Notification::of_missed(&call(Some("Neema")), 1);
        assert_eq!((one.title.as_str(), one.body.as_str()), ("Missed call", "Neema"));
        assert_eq!(one.about, "care4w-NEE2345", "who is called back");
        let three = Notification::of_missed(&call(None), 3);
        assert_eq!((three.title.as_str(), three.body.as_str()), ("3 missed calls", "care4w-NEE2345"));
    }
}
