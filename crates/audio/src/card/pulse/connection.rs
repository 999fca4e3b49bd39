use std::ffi::CString;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, MAX_VERSION, Prop, Props, ProtocolError, SetClientNameReply,
    encode_command_message, read_reply_message,
};
use thiserror::Error;

use super::messages::{CONTROL, Messages};

/// How long a sound server may take for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Why the sound server did not do what it was asked.
#[derive(Debug, Error)]
pub enum PulseError {
    #[error("there is no sound server")]
    NoServer,
    #[error("the sound server did not answer: {0}")]
    Gone(#[from] io::Error),
    /// It refused, or said what nobody understands.
    #[error("the sound server refused: {0}")]
    Refused(#[from] ProtocolError),
}

/// A connection to the sound server, asked one thing at a time.
#[derive(Debug)]
pub struct Connection {
    pub socket: UnixStream,
    pub messages: Messages,
    /// What both ends speak.
    pub version: u16,
    asked: u32,
}

impl Connection {
    /// To the server that the environment names.
    pub fn open() -> Result<Self, PulseError> {
        let path = pulseaudio::socket_path_from_env().ok_or(PulseError::NoServer)?;
        let socket = UnixStream::connect(path).map_err(|_| PulseError::NoServer)?;
        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        Self::greet(socket, cookie)
    }

    /// Over a socket that is connected.
    pub fn greet(socket: UnixStream, cookie: Vec<u8>) -> Result<Self, PulseError> {
        socket.set_read_timeout(Some(ANSWER_TIME))?;
        socket.set_write_timeout(Some(ANSWER_TIME))?;
        let messages = Messages::new(socket.try_clone()?);
        let mut connection = Self { socket, messages, version: MAX_VERSION, asked: 0 };
        // Shared memory is worth it for music, and more than a voice needs.
        let auth = AuthParams { version: MAX_VERSION, supports_shm: false, supports_memfd: false, cookie };
        let reply: AuthReply = connection.ask(&Command::Auth(auth))?;
        connection.version = reply.version.min(MAX_VERSION);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"Care4W");
        let process = CString::new(std::process::id().to_string()).unwrap_or_default();
        props.set(Prop::ApplicationProcessId, process);
        let _: SetClientNameReply = connection.ask(&Command::SetClientName(props))?;
        Ok(connection)
    }

    /// Asks, and waits for what is answered.
    pub fn ask<R: CommandReply>(&mut self, command: &Command) -> Result<R, PulseError> {
        let version = self.version;
        self.exchange(command, |mut whole| read_reply_message::<R>(&mut whole, version))
    }

    fn exchange<R>(
        &mut self,
        command: &Command,
        read: impl Fn(&[u8]) -> Result<(u32, R), ProtocolError>,
    ) -> Result<R, PulseError> {
        self.asked = self.asked.wrapping_add(1);
        let mut bytes = Vec::new();
        encode_command_message(&mut bytes, self.asked, command, self.version)?;
        self.socket.write_all(&bytes)?;
        loop {
            let message = self.messages.next()?;
            if message.channel != CONTROL {
                continue;
            }
            match read(message.whole) {
                Ok((asked, reply)) if asked == self.asked => return Ok(reply),
                // News that nobody waits for, and answers to what was given up.
                Ok(_) | Err(ProtocolError::UnexpectedCommand(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
