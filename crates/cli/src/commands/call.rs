//! Dial, talk, hang up.

use std::time::Duration;

use care4w_client::Phone;
use care4w_client::calls::{CallEvent, CallState, EndReason, Line, LineError};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::arguments::Call;
use crate::commands::{shutdown, sound_files};
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::{Profile, sound_settings};

pub async fn run(profile: &Profile, arguments: Call, output: Output) -> Result<(), Failure> {
    let time_limit = seconds(arguments.seconds)?;
    if arguments.digits.as_deref().is_some_and(|digits| !Line::takes_digits(digits)) {
        return Err(Failure::usage("INVALID_DIGITS", LineError::InvalidDigits.to_string()));
    }
    sound_files::check(&arguments.sound)?;
    let phone = profile.phone_for_calls(false, sound_settings(&arguments.sound));
    if arguments.free {
        phone.free_calls_for_now();
    }
    let ended = tokio::select! {
        ended = talk(&phone, &arguments, time_limit, output) => ended,
        failure = signed_out_later(&phone) => Err(failure),
    };
    phone.shut_down().await;
    ended
}

/// The sign-in that ends while the call is set up or runs; one that was never there is told by the call itself.
pub async fn signed_out_later(phone: &Phone) -> Failure {
    if super::signed_in(phone).await.is_err() {
        std::future::pending::<()>().await;
    }
    super::signed_out(phone).await
}

async fn talk(phone: &Phone, arguments: &Call, time_limit: Option<Duration>, output: Output) -> Result<(), Failure> {
    let mut events = phone.call_events();
    tokio::select! {
        ready = reach(phone, arguments) => ready?,
        () = shutdown::requested() => return Ok(()),
    }
    let mut peer = String::new();
    let mut connected = false;
    let limit = tokio::time::sleep_until(far_off());
    tokio::pin!(limit);
    let stop = shutdown::requested();
    tokio::pin!(stop);
    let mut stopping = false;
    loop {
        let event = tokio::select! {
            event = next(&mut events) => event?,
            () = &mut limit => {
                limit.as_mut().reset(far_off());
                if phone.end_call(EndReason::TimeUp).await.is_err() {
                    return Err(Failure::new(EndReason::Unreachable.code(), EndReason::Unreachable.sentence(&peer)));
                }
                continue;
            }
            () = &mut stop, if !stopping => {
                stopping = true;
                end(phone, if connected { EndReason::HungUp } else { EndReason::Cancelled }).await;
                continue;
            }
        };
        say(output, &event);
        match event {
            // Both called at once and this call gave way, or theirs came first: it is the call that was wanted.
            CallEvent::Call { state: CallState::Incoming, call_id, .. } => drop(phone.accept(call_id).await),
            CallEvent::Call { state: CallState::Connected, call_id, .. } if !connected => {
                connected = true;
                limit.as_mut().reset(time_limit.map_or_else(far_off, |limit| tokio::time::Instant::now() + limit));
                if let Some(digits) = &arguments.digits {
                    phone.send_digits(call_id, digits).await?;
                }
            }
            CallEvent::Call { state: CallState::Ended, peer: other, .. } => peer = other.name,
            CallEvent::Summary { reason: EndReason::GaveWay, .. } if !stopping => {
                limit.as_mut().reset(tokio::time::Instant::now() + THEIR_CALL);
            }
            CallEvent::Summary { reason, .. } => {
                let as_meant = matches!(
                    reason,
                    EndReason::HungUp | EndReason::RemoteHungUp | EndReason::TimeUp | EndReason::ShutDown
                );
                return if stopping || (connected && as_meant) {
                    Ok(())
                } else {
                    Err(Failure::new(reason.code(), reason.sentence(&peer)))
                };
            }
            _ => {}
        }
    }
}

/// How long the other one's call may take to come after ours gave way to it.
const THEIR_CALL: Duration = Duration::from_secs(10);

/// Finds out who it is, connects and dials. Who calls us in the same moment is who we want: their call is taken.
async fn reach(phone: &Phone, arguments: &Call) -> Result<(), Failure> {
    super::signed_in(phone).await?;
    let country = arguments.country.as_deref();
    if let Some(person) = phone.lookup(&arguments.destination, country).await?.person {
        phone.expect(&person.care4w_id);
    }
    super::online(phone).await?;
    match phone.dial(&arguments.destination, country, arguments.yes).await {
        Err(problem) if problem.code == LineError::Busy.code() => Ok(()),
        dialled => Ok(dialled.map(drop)?),
    }
}

/// Ends the call; that it had ended already is what was wanted.
pub async fn end(phone: &Phone, reason: EndReason) {
    drop(phone.end_call(reason).await);
}

/// A time that does not come.
pub fn far_off() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(365 * 24 * 60 * 60)
}

/// The next event; what was lost because stdout stood still is skipped.
pub async fn next(events: &mut broadcast::Receiver<CallEvent>) -> Result<CallEvent, Failure> {
    loop {
        match events.recv().await {
            Ok(event) => return Ok(event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(Failure::new("INTERNAL", "The phone stopped.")),
        }
    }
}

/// Seconds from the command line: not negative, and not longer than a year.
pub fn seconds(given: Option<f64>) -> Result<Option<Duration>, Failure> {
    match given {
        None => Ok(None),
        Some(seconds) if (0.0..=31_536_000.0).contains(&seconds) => Ok(Some(Duration::from_secs_f64(seconds))),
        Some(_) => Err(Failure::usage("INVALID_SECONDS", "--seconds takes a number from 0 to 31536000.")),
    }
}

/// One event on stdout. Scripts know five states: a call that rings here is `ringing` too, and the moment between answer
/// and sound is none.
pub fn say(output: Output, event: &CallEvent) {
    let mut shown = event.clone();
    if let CallEvent::Call { state, .. } = &mut shown {
        match state {
            CallState::Connecting => return,
            CallState::Incoming => *state = CallState::Ringing,
            _ => {}
        }
    }
    output.say(&shown, || plain(event));
}

fn plain(event: &CallEvent) -> String {
    let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    match event {
        CallEvent::Call { state, peer, reason, .. } => {
            let state = serde_json::to_value(state).ok().and_then(|state| state.as_str().map(ToOwned::to_owned));
            let why = reason.map(|reason| format!(": {}", reason.sentence(&peer.name))).unwrap_or_default();
            format!("{} {}{why}", state.unwrap_or_default(), peer.name)
        }
        CallEvent::Media { first_audio_ms, .. } => format!("first sound after {first_audio_ms} ms"),
        CallEvent::Stats { stats, .. } => format!(
            "rtt {} ms  jitter {} ms  loss {} %  buffer {} ms",
            figure(stats.rtt_ms),
            figure(stats.jitter_ms),
            figure(stats.loss_percent),
            figure(stats.buffer_ms)
        ),
        CallEvent::Sound { .. } => "a sound device changed".into(),
        CallEvent::Hold { here, there, .. } => match (here, there) {
            (true, true) => "both hold the call",
            (true, false) => "on hold",
            (false, true) => "the other end put you on hold",
            (false, false) => "no longer on hold",
        }
        .into(),
        CallEvent::Quality { quality, .. } => match (quality.cause, quality.side) {
            (Some(cause), Some(side)) => format!("quality {:?}: {cause:?}, {side:?}", quality.level),
            _ => format!("quality {:?}", quality.level),
        }
        .to_lowercase(),
        CallEvent::Digit { digit, .. } => format!("the other end pressed {digit}"),
        CallEvent::Summary { duration_ms, reason, .. } => format!("{} s, {reason}", duration_ms / 1000),
    }
}
