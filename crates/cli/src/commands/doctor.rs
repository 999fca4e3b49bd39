//! A check of sound, server, ICE, TURN and Twilio with a plain verdict each.

use care4w_client::app_state::SessionStatus;
use care4w_client::audio::{Direction, devices};
use care4w_client::network::{Found, NetworkFindings, Udp};
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
        match phone.network_findings().await {
            Ok(found) => {
                let (verdict, message) = of_ice(found);
                say("ice", verdict, message.into());
                let (verdict, message) = of_turn(found);
                say("turn", verdict, message.into());
            }
            Err(problem) => say("ice", Verdict::Bad, problem.message),
        }
    }
    if let Some(config) = config {
        if config.twilio_active {
            match phone.twilio_ready(super::TWILIO_TIMEOUT).await {
                Ok(()) => {
                    let sentence = "Calls go over Twilio Voice. Not yet confirmed against the live service.";
                    say("twilio", Verdict::Good, sentence.into());
                }
                Err(problem) => say("twilio", Verdict::Bad, problem.message),
            }
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

/// Whether others can be found directly.
fn of_ice(found: NetworkFindings) -> (Verdict, &'static str) {
    match (found.direct, found.udp) {
        (Found::Works, _) => (Verdict::Good, "A STUN server answers. Most people can be reached directly."),
        (_, Udp::Blocked) => (Verdict::Bad, "This network blocks UDP. Calls to others won't connect from here."),
        (Found::Fails, Udp::Passes) => (Verdict::Limited, "No STUN server answers. Calls go through the relay."),
        (Found::Fails, Udp::Unknown) => {
            (Verdict::Bad, "No STUN server answers. It is away, or this network blocks UDP.")
        }
        (Found::NotOffered, Udp::Passes) => (Verdict::Good, "UDP gets through. The server names no STUN server."),
        (Found::NotOffered, Udp::Unknown) => match found.relay {
            Found::NotOffered => (Verdict::Limited, "No STUN or TURN server. Calls work within one network."),
            _ => (Verdict::Bad, "Nothing answers over UDP. The relay is away, or this network blocks UDP."),
        },
    }
}

/// Whether there is a relay where no direct way is found.
fn of_turn(found: NetworkFindings) -> (Verdict, &'static str) {
    match (found.relay, found.udp) {
        (Found::Works, _) => (Verdict::Good, "The relay was tried, and gave an address."),
        (Found::NotOffered, _) => (Verdict::Limited, "No relay. Calls between strict networks may fail."),
        (Found::Fails, Udp::Blocked) => (Verdict::Bad, "The relay can be reached over TCP alone. Allow UDP to it."),
        (Found::Fails, Udp::Passes) => {
            (Verdict::Bad, "The relay gives no address. Its secret may differ from the server's, or it is away.")
        }
        (Found::Fails, Udp::Unknown) => (Verdict::Bad, "The relay does not answer."),
    }
}
