use std::io::{self, Read};
use std::os::unix::net::UnixStream;

use pulseaudio::protocol::DESCRIPTOR_SIZE;

/// The channel of what is no sound.
pub const CONTROL: u32 = u32::MAX;
/// Room for some periods of sound; lists of devices make it larger.
const ROOM: usize = 16 * 1024;
/// Longer than any message of a sound server that is right in its mind.
const MESSAGE_MAX: usize = 4 * 1024 * 1024;

/// What came in one piece.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The stream that it is the sound of, or [`CONTROL`].
    pub channel: u32,
    /// With its descriptor.
    pub whole: &'a [u8],
}

impl<'a> Message<'a> {
    /// Without its descriptor.
    pub fn body(&self) -> &'a [u8] {
        &self.whole[DESCRIPTOR_SIZE..]
    }
}

/// Cuts what comes from the server into messages. Allocates only for a message that is longer than all before it.
#[derive(Debug)]
pub struct Messages {
    socket: UnixStream,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Messages {
    pub fn new(socket: UnixStream) -> Self {
        Self { socket, buffer: vec![0; ROOM], begin: 0, end: 0 }
    }

    /// Waits for the next message.
    pub fn next(&mut self) -> io::Result<Message<'_>> {
        self.hold(DESCRIPTOR_SIZE)?;
        let number = |at: usize| {
            let bytes = &self.buffer[self.begin + at..];
            u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
        };
        let (length, channel) = (number(0) as usize, number(4));
        if length > MESSAGE_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message without end"));
        }
        let whole = DESCRIPTOR_SIZE + length;
        self.hold(whole)?;
        let begin = self.begin;
        self.begin += whole;
        Ok(Message { channel, whole: &self.buffer[begin..begin + whole] })
    }

    /// Reads until so many bytes are there.
    fn hold(&mut self, bytes: usize) -> io::Result<()> {
        if self.begin + bytes > self.buffer.len() {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.end -= self.begin;
            self.begin = 0;
            if bytes > self.buffer.len() {
                self.buffer.resize(bytes, 0);
            }
        }
        if self.begin == self.end {
            (self.begin, self.end) = (0, 0);
        }
        while self.end - self.begin < bytes {
            match self.socket.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
