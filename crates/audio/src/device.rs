use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

/// Where a call's sound comes from or goes to.
///
/// Written and read as text: `default`, `none`, `echo`, `file:PATH.wav`, and anything else is a device's id as
/// [`Device::id`] shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum DeviceSelector {
    /// What the system calls its default.
    #[default]
    Default,
    /// A device by its id (`pulseaudio:NAME`, `coreaudio:…`, `wasapi:…`).
    Id(String),
    /// A WAV file: any rate, mono or stereo to read; 48 kHz mono 16 bit when written.
    File(PathBuf),
    /// No device: a microphone that hears nothing, a speaker that is not there.
    Silence,
    /// As a microphone: a greeting, then whatever the speaker plays. The echo line is a call with this microphone and
    /// a silent speaker. As a speaker it is [`DeviceSelector::Silence`].
    Echo,
}

impl FromStr for DeviceSelector {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "" | "default" => Self::Default,
            "none" => Self::Silence,
            "echo" => Self::Echo,
            _ => match text.strip_prefix("file:") {
                Some(path) => Self::File(PathBuf::from(path)),
                None => Self::Id(text.to_owned()),
            },
        })
    }
}

impl fmt::Display for DeviceSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Id(id) => f.write_str(id),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Silence => f.write_str("none"),
            Self::Echo => f.write_str("echo"),
        }
    }
}

/// Which way a device's sound flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// A microphone.
    Input,
    /// A speaker.
    Output,
}

/// A sound device that a call can use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Stable across restarts; what [`DeviceSelector::Id`] takes.
    pub id: String,
    /// For people.
    pub name: String,
    /// Microphone or speaker.
    pub direction: Direction,
    /// Whether the system uses it when nothing is chosen.
    pub is_default: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_reads_back_what_it_writes() {
        for text in ["default", "none", "echo", "file:out dir/a.wav", "pulseaudio:a_mic"] {
            let selector: DeviceSelector = text.parse().unwrap();
            assert_eq!(selector.to_string(), text);
        }
    }
}
