//! The thread of one stream: it sleeps until the server sends sound or asks for some. Its loop allocates, locks and logs
//! nothing; the tests run it under an allocator that tells, and under a log that does.

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use pulseaudio::protocol::{Command, DESCRIPTOR_SIZE, Descriptor, DescriptorFlags, encode_descriptor};

use super::connection::{Connection, PulseError};
use super::messages::CONTROL;
use crate::card::OnLost;
use crate::card::callback::{CaptureCallback, PlaybackCallback};
use crate::priority;

/// Sound that is handed over at a time, at most: 100 ms.
const PIECE: usize = 4_800;
const SAMPLE: usize = size_of::<f32>();

/// An open stream. Dropping it ends it.
#[derive(Debug)]
pub struct Stream {
    socket: UnixStream,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        // Its thread waits for the server, and wakes with this.
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

/// What a stream does with the card's callback.
pub enum Flow {
    Capture(CaptureCallback),
    /// And how many bytes the server wants to begin with.
    Playback(PlaybackCallback, u32),
}

/// Serves a stream that the server has just made on this connection.
pub fn serve(connection: Connection, channel: u32, flow: Flow, mut lost: OnLost) -> Result<Stream, PulseError> {
    // It may be long until the next sound: a card that is suspended is silent.
    connection.socket.set_read_timeout(None)?;
    let socket = connection.socket.try_clone()?;
    let closing = Arc::<AtomicBool>::default();
    let closed = closing.clone();
    let name = match flow {
        Flow::Capture(_) => "microphone",
        Flow::Playback(..) => "speaker",
    };
    let work = move || {
        priority::raise();
        let mut served = Served::new(connection, channel, flow);
        while served.step() {}
        if !closed.load(Ordering::Acquire) {
            tracing::debug!("a sound stream ended");
            lost();
        }
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(Stream { socket, closing, thread: Some(thread) })
}

/// The thread's own.
pub(super) struct Served {
    connection: Connection,
    channel: u32,
    flow: Flow,
    sound: [f32; PIECE],
    block: Vec<u8>,
}

impl Served {
    pub(super) fn new(connection: Connection, channel: u32, flow: Flow) -> Self {
        let block = vec![0; DESCRIPTOR_SIZE + PIECE * SAMPLE];
        let mut served = Self { connection, channel, flow, sound: [0.0; PIECE], block };
        if let Flow::Playback(_, wanted) = served.flow {
            // A server that is gone is noticed at the next step.
            let _ = served.play(wanted as usize);
        }
        served
    }

    /// Handles what the server sends next; `false` when the stream is over.
    pub(super) fn step(&mut self) -> bool {
        let version = self.connection.version;
        let Ok(message) = self.connection.messages.next() else {
            return false;
        };
        if message.channel != CONTROL {
            let Flow::Capture(callback) = &mut self.flow else {
                return true;
            };
            for piece in message.body().chunks(PIECE * SAMPLE) {
                let mut frames = 0;
                for (sample, bytes) in self.sound.iter_mut().zip(piece.chunks_exact(SAMPLE)) {
                    *sample = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                    frames += 1;
                }
                callback.run(&self.sound[..frames]);
            }
            return true;
        }
        match Command::read_tag_prefixed(&mut message.body(), version) {
            Ok((_, Command::Request(request))) if request.channel == self.channel => {
                self.play(request.length as usize).is_ok()
            }
            Ok((_, Command::PlaybackStreamKilled(channel) | Command::RecordStreamKilled(channel))) => {
                channel != self.channel
            }
            // All else is news of what the server does by itself.
            _ => true,
        }
    }

    fn play(&mut self, wanted: usize) -> std::io::Result<()> {
        let Flow::Playback(callback, _) = &mut self.flow else {
            return Ok(());
        };
        // A server may not ask for more than it can hold.
        let mut frames = wanted.min(pulseaudio::protocol::MAX_MEMBLOCKQ_LENGTH) / SAMPLE;
        while frames > 0 {
            let piece = frames.min(PIECE);
            callback.run(&mut self.sound[..piece]);
            let whole = DESCRIPTOR_SIZE + piece * SAMPLE;
            let (head, body) = self.block[..whole].split_at_mut(DESCRIPTOR_SIZE);
            let descriptor = Descriptor {
                length: (piece * SAMPLE) as u32,
                channel: self.channel,
                offset: 0,
                flags: DescriptorFlags::empty(),
            };
            if let Ok(head) = head.try_into() {
                encode_descriptor(head, &descriptor);
            }
            for (bytes, sample) in body.chunks_exact_mut(SAMPLE).zip(&self.sound) {
                bytes.copy_from_slice(&sample.to_le_bytes());
            }
            self.connection.socket.write_all(&self.block[..whole])?;
            frames -= piece;
        }
        Ok(())
    }
}
