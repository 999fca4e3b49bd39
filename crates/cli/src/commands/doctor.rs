//! A check of sound, server, ICE, TURN and Twilio with a plain verdict each.

use care4w_client::app_state::SessionStatus;
use care4w_client::audio::{Direction, devices};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// Works.
    Good,
    /// Calls work, with a limit that the words name.
    Limited,
    /// Calls do not work until this is mended.
    Bad,
}

#[derive(Serialize)]
struct Check {
    check: &'static str,
    verdict: Verdict,
    message: String,
}

pub async fn run(profile: &Profile, output: Output) -> Result<(), Failure> {
    let mut bad = 0;
    let mut say = |check: &'static str, verdict: Verdict, message: String| {
        bad += u32::from(verdict == Verdict::Bad);
        let found = Check { check, verdict, message };
        output.say(&found, || {
            let mark = match found.verdict {
                Verdict::Good => "ok",
                Verdict::Limited => "limited",
                Verdict::Bad => "bad",
            };
            format!("{:<10} {mark:<8} {}", found.check, found.message)
        });
    };

    match devices::list() {
        Ok(devices) => {
            for (check, direction, missing) in [
                ("microphone", Direction::Input, "No microphone was found. Others won't hear you."),
                ("speaker", Direction::Output, "No speaker was found. You won't hear anything."),
            ] {
                match devices.iter().filter(|device| device.direction == direction).count() {
                    0 => say(check, Verdict::Bad, missing.into()),
                    count => say(check, Verdict::Good, format!("{count} found.")),
                }
            }
        }
        Err(error) => say("sound", Verdict::Bad, error.to_string()),
    }

    let phone = profile.phone();
    let config = match phone.server_config().await {
        Ok(config) => {
            say("server", Verdict::Good, format!("Answers, version {}.", config.version));
            Some(config)
        }
        Err(problem) => {
            say("server", Verdict::Bad, problem.message);
            None
        }
    };
    let session = super::signed_in(&phone).await;
    let signed_in = phone.state().borrow().session.status == SessionStatus::SignedIn && session.is_ok();
    if signed_in {
        say("sign-in", Verdict::Good, "Somebody is signed in.".into());
    } else {
        say("sign-in", Verdict::Limited, "Nobody is signed in. ICE and TURN were not asked for.".into());
    }
    if signed_in && config.is_some() {
        match phone.ice_servers().await {
            Ok(servers) => {
                let has =
                    |scheme: &str| servers.iter().flat_map(|server| &server.urls).any(|url| url.starts_with(scheme));
                if has("stun:") || has("turn:") {
                    say("ice", Verdict::Good, "The server names servers to find a path with.".into());
                } else {
                    say("ice", Verdict::Limited, "No STUN or TURN server. Calls work within one network.".into());
                }
                if has("turn:") || has("turns:") {
                    say("turn", Verdict::Good, "A relay is named. It was not tried.".into());
                } else {
                    say("turn", Verdict::Limited, "No relay. Calls between strict networks may fail.".into());
                }
            }
            Err(problem) => say("ice", Verdict::Bad, problem.message),
        }
    }
    if let Some(config) = config {
        if config.twilio_active {
            say("twilio", Verdict::Bad, "Active on the server, and not available in this version.".into());
        } else {
            say("twilio", Verdict::Good, "Not active. Calls go peer to peer.".into());
        }
    }
    phone.shut_down().await;
    match bad {
        0 => Ok(()),
        1 => Err(Failure::new("DOCTOR", "One thing needs mending.")),
        bad => Err(Failure::new("DOCTOR", format!("{bad} things need mending."))),
    }
}
