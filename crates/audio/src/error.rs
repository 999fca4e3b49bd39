use thiserror::Error;

/// Why a microphone or a speaker could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenAudioError {
    /// The WAV file to read, or the folder of the one to write, is not there.
    #[error("the sound file does not exist: {path}")]
    FileNotFound {
        /// As it was given.
        path: String,
    },
    /// The file is there and cannot be opened or written.
    #[error("the sound file cannot be used: {path}: {reason}")]
    FileFailed {
        /// As it was given.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file is no WAV file, or one of a kind that is not read.
    #[error("not a WAV file that can be played: {path}: {reason}")]
    InvalidWav {
        /// As it was given.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The computer has no sound device of this kind, or no sound server runs.
    #[error("no {0} was found")]
    NoDevice(&'static str),
    /// There is no device with this id (any more).
    #[error("there is no {kind} with the id {id}")]
    DeviceNotFound {
        /// `microphone` or `speaker`.
        kind: &'static str,
        /// As it was given.
        id: String,
    },
    /// The device is there and refuses to work.
    #[error("the {kind} does not work: {reason}")]
    DeviceFailed {
        /// `microphone` or `speaker`.
        kind: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The codec or the thread of the call could not be made: out of memory.
    #[error("the sound of the call could not be started: {0}")]
    Engine(String),
}

impl OpenAudioError {
    /// A code that does not change between releases.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FileNotFound { .. } => "FILE_NOT_FOUND",
            Self::FileFailed { .. } => "FILE_FAILED",
            Self::InvalidWav { .. } => "INVALID_WAV",
            Self::NoDevice(_) => "NO_DEVICE",
            Self::DeviceNotFound { .. } => "DEVICE_NOT_FOUND",
            Self::DeviceFailed { .. } => "DEVICE_FAILED",
            Self::Engine(_) => "AUDIO_FAILED",
        }
    }
}
