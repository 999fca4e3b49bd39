//! What this profile's sound is like: devices, volume, processing.

use std::str::FromStr;

use care4w_audio::DeviceSelector;
use care4w_calls::{Processing, SoundSettings, Volume};
use care4w_protocol::CallId;
use serde_json::Value;

use super::Phone;
use crate::Problem;
use crate::app_state::{CallStats, SoundChange, SoundState};
use crate::store::Store;

/// The store's key of the sound.
const SOUND: &str = "sound";

/// What was chosen before. What does not read is as if nothing had been chosen.
pub(super) fn kept(store: &dyn Store) -> SoundState {
    let mut whole = serde_json::to_value(SoundState::default()).unwrap_or_default();
    if let (Some(Value::Object(kept)), Some(whole)) = (store.get(SOUND), whole.as_object_mut()) {
        // A store of another version may know more or less.
        whole.extend(kept);
    }
    let kept: SoundState = serde_json::from_value(whole).unwrap_or_default();
    SoundState { volume: kept.volume.min(Volume::MOST), ..kept }
}

/// The line's settings: what a program chose itself goes before what the person chose in a window.
pub(super) fn settings(given: SoundSettings, kept: &SoundState) -> SoundSettings {
    let device = |given: DeviceSelector, kept: &Option<String>| match given {
        DeviceSelector::Default => selector(kept.as_deref()),
        given => given,
    };
    let processing = if given.processing == Processing::default() { processing(kept) } else { given.processing };
    SoundSettings {
        microphone: device(given.microphone, &kept.microphone),
        speaker: device(given.speaker, &kept.speaker),
        ringer: device(given.ringer, &kept.ringer),
        volume: Volume::percent(kept.volume),
        processing,
        dtx: given.dtx || kept.dtx,
        low_delay: given.low_delay || kept.low_delay,
    }
}

fn selector(id: Option<&str>) -> DeviceSelector {
    match id.map(DeviceSelector::from_str) {
        Some(Ok(card @ DeviceSelector::Id(_))) => card,
        // A window chooses among cards: no file of this computer is read or written because a store says so.
        _ => DeviceSelector::Default,
    }
}

fn processing(sound: &SoundState) -> Processing {
    Processing { echo: sound.echo, noise: sound.noise, gain: sound.gain }
}

impl Phone {
    /// Changes the sound, of a running call too, and keeps it with the profile.
    ///
    /// # Errors
    /// `DEVICE_FAILED` when a device cannot be opened: it stays as it was. `STORE_NOT_WRITTEN` when the change holds for
    /// this run alone.
    pub async fn set_sound(&self, change: SoundChange) -> Result<(), Problem> {
        let line = &self.inner.line;
        let mut sound = self.inner.state.borrow().sound.clone();
        if let Some(microphone) = change.microphone {
            line.set_microphone(selector(microphone.as_deref())).await?;
            sound.microphone = microphone;
        }
        if let Some(speaker) = change.speaker {
            line.set_speaker(selector(speaker.as_deref())).await?;
            sound.speaker = speaker;
        }
        if let Some(ringer) = change.ringer {
            line.set_ringer(selector(ringer.as_deref())).await?;
            sound.ringer = ringer;
        }
        if let Some(volume) = change.volume {
            let volume = volume.min(Volume::MOST);
            line.set_volume(Volume::percent(volume)).await?;
            sound.volume = volume;
        }
        sound.echo = change.echo.unwrap_or(sound.echo);
        sound.noise = change.noise.unwrap_or(sound.noise);
        sound.gain = change.gain.unwrap_or(sound.gain);
        line.set_processing(processing(&sound)).await?;
        sound.dtx = change.dtx.unwrap_or(sound.dtx);
        line.set_dtx(sound.dtx).await?;
        self.inner.p2p.set_dtx(sound.dtx);
        sound.low_delay = change.low_delay.unwrap_or(sound.low_delay);
        line.set_low_delay(sound.low_delay).await?;
        let kept = serde_json::to_value(&sound).expect("plain settings can always be written as JSON");
        self.inner.state.send_modify(|state| state.sound = sound);
        self.inner.store.set(SOUND, kept).map_err(|error| Problem::new(error.code(), error.to_string()))
    }

    /// Holds the connected call, or takes it up again.
    ///
    /// # Errors
    /// `NO_CALL`.
    pub async fn set_held(&self, call: CallId, held: bool) -> Result<(), Problem> {
        self.is_current(call)?;
        Ok(self.inner.line.set_held(held).await?)
    }

    /// The last figures of the call; `None` without one.
    pub async fn call_stats(&self) -> Option<CallStats> {
        self.inner.line.stats().await.map(CallStats::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn what_was_kept_is_used_unless_a_program_chose_for_itself() {
        let kept = SoundState { microphone: Some("usb".into()), echo: false, volume: 150, ..SoundState::default() };
        let line = settings(SoundSettings::default(), &kept);
        assert_eq!(line.microphone, DeviceSelector::Id("usb".into()));
        assert!(!line.processing.echo && line.processing.noise);
        assert_eq!(line.volume, Volume::percent(150));
        assert!(!line.dtx, "pauses are sent unless somebody wants otherwise");
        assert!(!line.low_delay, "data costs unless somebody says that it does not");
        assert!(settings(SoundSettings::default(), &SoundState { low_delay: true, ..SoundState::default() }).low_delay);
        let thrifty = SoundState { dtx: true, ..SoundState::default() };
        assert!(settings(SoundSettings::default(), &thrifty).dtx);
        assert!(settings(SoundSettings { dtx: true, ..SoundSettings::default() }, &kept).dtx);
        let given = SoundSettings { microphone: DeviceSelector::Silence, ..SoundSettings::default() };
        assert_eq!(settings(given, &kept).microphone, DeviceSelector::Silence);
    }

    #[test]
    fn a_store_makes_nobody_read_or_write_a_file() {
        for text in ["file:/tmp/secret.wav", "echo", "none", "default", ""] {
            assert_eq!(selector(Some(text)), DeviceSelector::Default, "{text}");
        }
    }

    #[test]
    fn settings_that_do_not_read_are_as_if_there_were_none() {
        let store = MemoryStore::default();
        assert_eq!(kept(&store), SoundState::default());
        for damaged in ["[]", "{\"volume\": 999}", "{\"echo\": 3}"] {
            store.set(SOUND, serde_json::from_str(damaged).unwrap()).unwrap();
            assert_eq!(kept(&store), SoundState::default(), "{damaged}");
        }
        store.set(SOUND, serde_json::from_str("{\"volume\": 250}").unwrap()).unwrap();
        assert_eq!(kept(&store).volume, 200);
    }

    #[test]
    fn null_chooses_the_default_and_what_is_left_out_stays() {
        let change: SoundChange = serde_json::from_str("{\"microphone\": null, \"volume\": 80}").unwrap();
        assert_eq!(change, SoundChange { microphone: Some(None), volume: Some(80), ..SoundChange::default() });
    }
}
