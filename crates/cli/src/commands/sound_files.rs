//! Sound files that cannot be used are said before anybody is called or can call.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use care4w_client::audio::{CallAudio, CallAudioConfig, DeviceSelector, OpenAudioError};

use crate::arguments::Sound;
use crate::failure::Failure;

/// Looks at the files among the devices of a call. Devices themselves are opened by the call: that takes time.
pub fn check(sound: &Sound) -> Result<(), Failure> {
    if let DeviceSelector::File(_) = &sound.mic {
        let config = CallAudioConfig {
            microphone: sound.mic.clone(),
            speaker: DeviceSelector::Silence,
            ..CallAudioConfig::default()
        };
        CallAudio::open(config, Box::new(|_| {})).map_err(failure)?.close();
    }
    if let DeviceSelector::File(path) = &sound.speaker {
        // Not emptied before there is something to write.
        let new = !path.exists();
        let given = path.display().to_string();
        if !new && matches!(&sound.mic, DeviceSelector::File(mic) if is_same(mic, path)) {
            let reason = "it is what the microphone reads, and would be overwritten".into();
            return Err(failure(OpenAudioError::FileFailed { path: given, reason }));
        }
        OpenOptions::new().append(true).create(true).open(path).map_err(|error| {
            failure(match error.kind() {
                ErrorKind::NotFound => OpenAudioError::FileNotFound { path: given.clone() },
                _ => OpenAudioError::FileFailed { path: given.clone(), reason: error.to_string() },
            })
        })?;
        if new && let Err(error) = fs::remove_file(path) {
            return Err(failure(OpenAudioError::FileFailed { path: given, reason: error.to_string() }));
        }
    }
    Ok(())
}

/// By whichever ways the two are named.
fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn failure(error: OpenAudioError) -> Failure {
    let sentence = error.to_string();
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    Failure::new(error.code(), format!("{first}{}.", letters.as_str()))
}
