//! Ring my phone: the sound is on the telephone, and this program tells how the call goes on.

use std::time::Instant;

use care4w_client::Phone;
use care4w_client::app_state::{RingState, RingView};
use serde::Serialize;

use crate::arguments::Call;
use crate::commands::shutdown;
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::{Profile, sound_settings};

/// One step, on stdout.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    event: &'static str,
    state: RingState,
    call_id: Option<&'a str>,
    peer: &'a care4w_client::app_state::CallPeer,
    since_start_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

pub async fn run(profile: &Profile, arguments: &Call, output: Output) -> Result<(), Failure> {
    let phone = profile.phone_for_calls(false, sound_settings(&arguments.sound));
    let ended = tokio::select! {
        ended = ring(&phone, arguments, output) => ended,
        failure = super::call::signed_out_later(&phone) => Err(failure),
    };
    phone.shut_down().await;
    ended
}

async fn ring(phone: &Phone, arguments: &Call, output: Output) -> Result<(), Failure> {
    let start = Instant::now();
    super::signed_in(phone).await?;
    super::reachable(phone).await?;
    let mut state = phone.state();
    state.mark_unchanged();
    let stop = shutdown::requested();
    tokio::pin!(stop);
    let mut stopping = false;
    let begin = phone.ring_my_phone(&arguments.destination, arguments.country.as_deref());
    tokio::pin!(begin);
    let mut begun = false;
    let mut said: Option<RingView> = None;
    loop {
        tokio::select! {
            result = &mut begin, if !begun => {
                result?;
                begun = true;
            }
            changed = state.changed() => if changed.is_err() {
                return Err(Failure::new("INTERNAL", "The phone stopped."));
            },
            () = &mut stop, if !stopping => {
                stopping = true;
                if let Err(problem) = phone.ring_cancel().await && begun {
                    return Err(problem.into());
                }
            }
        }
        let ring = state.borrow_and_update().ring.clone();
        // A step is told once it is known of which call.
        let Some(ring) = ring.filter(|ring| ring.id.is_some()) else { continue };
        if said.as_ref().is_none_or(|said| said.state != ring.state) {
            say(output, &ring, start);
        }
        if let Some(reason) = &ring.reason {
            return match reason.code.as_str() {
                "FINISHED" => Ok(()),
                "CANCELLED" if stopping => Ok(()),
                _ => Err(Failure::new(reason.code.clone(), reason.sentence.clone())),
            };
        }
        said = Some(ring);
    }
}

fn say(output: Output, ring: &RingView, start: Instant) {
    let step = Step {
        event: "phoneCall",
        state: ring.state,
        call_id: ring.id.as_deref(),
        peer: &ring.peer,
        since_start_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        reason: ring.reason.as_ref().map(|reason| reason.code.as_str()),
    };
    output.say(&step, || {
        let peer = ring.peer.name.as_deref().unwrap_or(&ring.peer.detail);
        match ring.state {
            RingState::CallingYou => "calling your phone".to_owned(),
            RingState::RingingYou => "your phone rings: answer it".to_owned(),
            RingState::CallingThem => format!("calling {peer}"),
            RingState::RingingThem => format!("ringing {peer}"),
            RingState::Connected => format!("connected with {peer}, on your phone"),
            RingState::Ended => ring.reason.as_ref().map_or_else(String::new, |reason| reason.sentence.clone()),
        }
    });
}
