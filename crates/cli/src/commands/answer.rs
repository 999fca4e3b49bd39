//! Wait for calls and answer them.

use std::time::Duration;

use care4w_client::Phone;
use care4w_client::audio::DeviceSelector;
use care4w_client::calls::{CallDirection, CallEvent, CallState, EndReason};

use crate::arguments::Answer;
use crate::commands::call::{end, far_off, next, say, seconds};
use crate::commands::{shutdown, sound_files};
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::{Profile, sound_settings};

pub async fn run(profile: &Profile, arguments: Answer, output: Output) -> Result<(), Failure> {
    let time_limit = seconds(arguments.seconds)?;
    sound_files::check(&arguments.sound)?;
    let mut settings = sound_settings(&arguments.sound);
    if arguments.echo {
        (settings.microphone, settings.speaker) = (DeviceSelector::Echo, DeviceSelector::Echo);
    }
    let phone = profile.phone_for_calls(true, settings);
    let ended = wait(&phone, &arguments, time_limit, output).await;
    phone.shut_down().await;
    ended
}

async fn wait(phone: &Phone, arguments: &Answer, time_limit: Option<Duration>, output: Output) -> Result<(), Failure> {
    let limit = tokio::time::sleep_until(time_limit.map_or_else(far_off, |limit| tokio::time::Instant::now() + limit));
    tokio::pin!(limit);
    let stop = shutdown::requested();
    tokio::pin!(stop);
    let mut events = phone.call_events();
    tokio::select! {
        ready = super::online(phone) => ready?,
        () = &mut stop => return Ok(()),
        () = &mut limit => return Ok(()),
    }
    output.say(&serde_json::json!({"event": "ready"}), || "ready".into());

    let mut left = arguments.calls;
    let mut ending = false;
    let signed_out = super::signed_out(phone);
    tokio::pin!(signed_out);
    loop {
        let event = tokio::select! {
            event = next(&mut events) => event?,
            // A phone that nobody can call any more must not look as if it waited.
            failure = &mut signed_out => return Err(failure),
            () = &mut stop, if !ending => {
                ending = true;
                if phone.end_call(EndReason::ShutDown).await.is_err() { return Ok(()); }
                continue;
            }
            () = &mut limit, if !ending => {
                ending = true;
                if phone.end_call(EndReason::TimeUp).await.is_err() { return Ok(()); }
                continue;
            }
        };
        say(output, &event);
        match event {
            CallEvent::Call { state: CallState::Incoming, direction: CallDirection::Incoming, call_id, .. } => {
                // It may have been cancelled in the same instant; its end is an event of its own.
                drop(phone.accept(call_id).await);
            }
            CallEvent::Summary { reason, .. } => {
                // One that was taken elsewhere, or given up, was not answered here.
                let elsewhere =
                    matches!(reason, EndReason::AnsweredElsewhere | EndReason::DeclinedElsewhere | EndReason::Missed);
                if let (false, Some(left)) = (elsewhere, &mut left) {
                    *left = left.saturating_sub(1);
                }
                if ending || left == Some(0) {
                    end(phone, EndReason::ShutDown).await;
                    return Ok(());
                }
            }
            _ => {}
        }
    }
}
