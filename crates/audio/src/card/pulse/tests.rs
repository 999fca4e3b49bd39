use std::io::{BufReader, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use pulseaudio::protocol::{
    AuthReply, CommandReply, Descriptor, DescriptorFlags, MAX_VERSION, Request, SetClientNameReply,
    read_command_message, read_descriptor, write_command_message, write_descriptor, write_reply_message,
};
use rtrb::RingBuffer;

use super::connection::PulseError;
use super::stream::Served;
use super::*;
use crate::card::callback::{CaptureCallback, PlaybackCallback, Signal};
use crate::card::tests::allocations;
use crate::card::watched::{Seen, watched};

/// The server's end of a connection.
struct Server {
    socket: UnixStream,
    from: BufReader<UnixStream>,
}

impl Server {
    fn reply<R: CommandReply>(&mut self, reply: &R) -> Command {
        let (asked, command) = read_command_message(&mut self.from, MAX_VERSION).unwrap();
        write_reply_message(&mut self.socket, asked, reply, MAX_VERSION).unwrap();
        command
    }

    fn says(&mut self, command: &Command) {
        write_command_message(&mut self.socket, u32::MAX, command, MAX_VERSION).unwrap();
    }

    fn sends(&mut self, channel: u32, sound: &[f32]) {
        let length = size_of_val(sound) as u32;
        let descriptor = Descriptor { length, channel, offset: 0, flags: DescriptorFlags::empty() };
        write_descriptor(&mut self.socket, &descriptor).unwrap();
        // In one piece: a socket holds few of the smallest.
        let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.socket.write_all(&bytes).unwrap();
    }

    /// How much sound came, and on which channel.
    fn hears(&mut self) -> (u32, Vec<f32>) {
        use std::io::Read;
        let descriptor = read_descriptor(&mut self.from).unwrap();
        let mut body = vec![0; descriptor.length as usize];
        self.from.read_exact(&mut body).unwrap();
        let sound = body.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        (descriptor.channel, sound)
    }
}

fn connected() -> (Connection, Server) {
    let (here, there) = UnixStream::pair().unwrap();
    let greeting = thread::spawn(move || Connection::greet(here, vec![1; 256]));
    let mut server = Server { from: BufReader::new(there.try_clone().unwrap()), socket: there };
    let auth = server.reply(&AuthReply { version: MAX_VERSION, use_memfd: false, use_shm: false });
    assert!(matches!(auth, Command::Auth(auth) if !auth.supports_shm && auth.cookie.len() == 256));
    server.reply(&SetClientNameReply { client_id: 3 });
    (greeting.join().unwrap().unwrap(), server)
}

fn capture() -> (CaptureCallback, rtrb::Consumer<f32>, Arc<Signal>) {
    let (ring, heard) = RingBuffer::new(48_000);
    let signal = Arc::<Signal>::default();
    (CaptureCallback { ring, channels: 1, signal: signal.clone() }, heard, signal)
}

fn playback(sound: &[f32]) -> PlaybackCallback {
    let (mut from, ring) = RingBuffer::new(48_000);
    let _room = from.push_partial_slice(sound);
    PlaybackCallback { ring, channels: 1, signal: Arc::default(), most: usize::MAX }
}

#[test]
fn a_question_gets_its_own_answer_among_news_and_sound() {
    let (mut connection, mut server) = connected();
    let asking = thread::spawn(move || connection.ask::<ServerInfo>(&Command::GetServerInfo).unwrap());
    server.says(&Command::Started(4));
    server.sends(4, &[0.5; 480]);
    let name = Some(c"desk".to_owned());
    server.reply(&ServerInfo { default_sink_name: name.clone(), ..ServerInfo::default() });
    assert_eq!(asking.join().unwrap().default_sink_name, name);
}

#[test]
fn a_server_that_hangs_up_or_talks_nonsense_is_an_error() {
    let (mut connection, server) = connected();
    drop(server);
    assert!(matches!(connection.ask::<ServerInfo>(&Command::GetServerInfo), Err(PulseError::Gone(_))));
    let (mut connection, mut server) = connected();
    server.socket.write_all(&[0xff; 64]).unwrap();
    assert!(matches!(connection.ask::<ServerInfo>(&Command::GetServerInfo), Err(PulseError::Gone(_))));
}

#[test]
fn what_a_microphone_hears_comes_whole_however_it_is_cut() {
    let (connection, mut server) = connected();
    let (callback, mut heard, signal) = capture();
    let mut served = Served::new(connection, 7, Flow::Capture(callback));
    let sound: Vec<f32> = (0..12_000).map(|i| i as f32 / 12_000.0).collect();
    // A period, nothing, and more than is handed over at a time.
    server.sends(7, &sound[..480]);
    server.sends(7, &[]);
    let rest = sound.clone();
    let sending = thread::spawn(move || {
        server.sends(7, &rest[480..]);
        server
    });
    for _ in 0..3 {
        assert!(served.step());
    }
    let server = sending.join().unwrap();
    let mut got = vec![0.0; heard.slots()];
    heard.pop_entire_slice(&mut got).unwrap();
    assert_eq!(got, sound);
    assert_eq!(signal.calls.load(std::sync::atomic::Ordering::Relaxed), 4);
    drop(server);
    assert!(!served.step(), "the server is gone");
}

#[test]
fn a_speaker_gets_just_what_its_server_asks_for() {
    let (connection, mut server) = connected();
    let sound: Vec<f32> = (0..1_440).map(|i| i as f32 / 1_440.0).collect();
    let mut served = Served::new(connection, 9, Flow::Playback(playback(&sound), 2 * PERIOD));
    let (channel, first) = server.hears();
    assert_eq!((channel, &first[..]), (9, &sound[..960]));
    // Of another stream.
    server.says(&Command::Request(Request { channel: 8, length: PERIOD }));
    server.says(&Command::Request(Request { channel: 9, length: PERIOD }));
    assert!(served.step() && served.step());
    assert_eq!(server.hears(), (9, sound[960..].to_vec()));
    server.says(&Command::Request(Request { channel: 9, length: PERIOD }));
    assert!(served.step());
    assert_eq!(server.hears(), (9, vec![0.0; 480]), "silence where the ring has run dry");
}

#[test]
fn a_stream_whose_device_goes_away_is_over() {
    let (connection, mut server) = connected();
    let (lost, gone) = std::sync::mpsc::channel();
    let lost = Box::new(move || lost.send(()).unwrap());
    let stream = stream::serve(connection, 9, Flow::Playback(playback(&[]), 0), lost).unwrap();
    server.says(&Command::PlaybackStreamKilled(8));
    server.says(&Command::PlaybackStreamKilled(9));
    gone.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
    drop(stream);
}

#[test]
fn a_stream_that_is_closed_ends_its_thread_and_its_connection_and_tells_nobody() {
    let (connection, mut server) = connected();
    let (lost, gone) = std::sync::mpsc::channel::<()>();
    let (callback, ..) = capture();
    let lost = Box::new(move || lost.send(()).unwrap());
    drop(stream::serve(connection, 9, Flow::Capture(callback), lost).unwrap());
    assert!(gone.recv().is_err(), "its thread is over, and took what it would tell it with");
    assert!(read_descriptor(&mut server.from).is_err(), "the connection is closed");
}

#[test]
fn the_threads_of_the_streams_allocate_nothing() {
    let (connection, mut server) = connected();
    let (callback, mut heard, _) = capture();
    let mut microphone = Served::new(connection, 7, Flow::Capture(callback));
    let (connection, mut other) = connected();
    let mut speaker = Served::new(connection, 9, Flow::Playback(playback(&[0.1; 24_000]), 2 * PERIOD));
    for period in 0..200 {
        server.sends(7, &vec![0.1; 480 * (1 + period % 3)]);
        server.says(&Command::Started(7));
        other.says(&Command::Request(Request { channel: 9, length: PERIOD * (1 + period as u32 % 3) }));
        let count = allocations(|| {
            assert!(microphone.step() && microphone.step() && speaker.step());
        });
        assert_eq!(count, 0, "in period {period}");
        other.hears();
        let mut drained = vec![0.0; heard.slots()];
        heard.pop_entire_slice(&mut drained).unwrap();
    }
}

#[test]
fn the_threads_of_the_streams_wait_for_nothing_but_their_server_and_log_nothing() {
    let (connection, mut server) = connected();
    let (callback, ..) = capture();
    let mut microphone = Served::new(connection, 7, Flow::Capture(callback));
    let (connection, mut other) = connected();
    let mut speaker = Served::new(connection, 9, Flow::Playback(playback(&[0.1; 24_000]), 0));
    let server = [libc::SYS_read, libc::SYS_write, libc::SYS_recvfrom, libc::SYS_sendto].map(|call| {
        server.sends(7, &[0.1; 480]);
        other.says(&Command::Request(Request { channel: 9, length: PERIOD }));
        call
    });
    let seen = watched(&server, || {
        for _ in 0..4 {
            assert!(microphone.step() && speaker.step());
        }
    });
    assert_eq!(seen, Seen { calls: 0, events: 0 });
}
