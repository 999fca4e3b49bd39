//! Every time and budget of a call, with its source.

use std::time::Duration;

/// How long it rings before the caller gives up (NUMBERS: fixed budgets, "ring 60 s").
pub const RING_TIME: Duration = Duration::from_secs(60);

/// How much longer than the caller the callee's phone waits for the caller's word that it gave up: it covers a
/// reconnect of the signalling (its longest pause is 20 s), so that a phone never rings for ever.
pub const RING_GRACE: Duration = Duration::from_secs(25);

/// How long a caller waits for the server to say that it rings. Longer than the signalling's longest pause between
/// two attempts (20 s).
pub const DIAL_TIME: Duration = Duration::from_secs(25);

/// How long a call waits for its list of ICE servers before it goes on without: a server that is reached answers in
/// less, and a call on one network needs none.
pub const ICE_SERVERS_TIME: Duration = Duration::from_secs(2);

/// How long opening the sound may take. A sound server that starts on demand takes one to three seconds.
pub const SOUND_OPEN_TIME: Duration = Duration::from_secs(10);

/// From the answer until sound must flow. Through a relay 3.5 s were seen (GROUND); RFC 8445 (section 14) lets a
/// check be sent for 39.5 s, longer than a person waits on a silent line.
pub const CONNECT_TIME: Duration = Duration::from_secs(20);

/// How long a call's first way may say nothing before its other way is tried: Twilio gives a server 15 s to answer its webhook,
/// ours takes well under one, and a telephone rings a few seconds after that. Who waits longer hangs up.
pub const SILENT_WAY_TIME: Duration = Duration::from_secs(10);

/// How long a lost path may stay away: the browser's own bound from `disconnected` to `failed` is 25 s, and 30 s
/// is what RFC 7675 (section 5.1) gives consent to expire.
pub const RECONNECT_TIME: Duration = Duration::from_secs(30);

/// After the first packet, how long the decoder may take to say that it played. The jitter buffer starts within
/// its largest target (500 ms, NUMBERS); after that the packets themselves count as sound.
pub const FIRST_AUDIO_GRACE: Duration = Duration::from_millis(1_000);

/// How long a path that is up may carry nothing before the call counts as connected: the other end may have no
/// microphone, or send nothing while it is silent (RFC 7587, 3.1.3). Over a relay the first packet took up to 1.6 s
/// (GROUND).
pub const SILENT_PEER_TIME: Duration = Duration::from_secs(2);

/// How often the line asks the sound whether the first frame was played. The frame's own time is reported, so this
/// adds to the change of state and not to the figure.
pub const FIRST_AUDIO_POLL: Duration = Duration::from_millis(10);

/// Between two statistics (CONTRACT: "once a second").
pub const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// Round trip from which a call is warned about (NUMBERS; ITU-T G.114 puts the limit of one way at 400 ms, and a
/// round trip of that much is where people begin to talk over each other).
pub const WARN_RTT_MS: f64 = 400.0;

/// Jitter from which a call is warned about (NUMBERS).
pub const WARN_JITTER_MS: f64 = 30.0;

/// Loss from which a call is warned about (NUMBERS).
pub const WARN_LOSS_PERCENT: f64 = 1.0;

/// Loss from which a call is called poor: Opus with FEC falls below a PESQ of 3.2 from here on (GROUND).
pub const POOR_LOSS_PERCENT: f64 = 10.0;

/// How many of the last [`WARN_WINDOW`] seconds must be bad to raise a warning, or good to clear it (NUMBERS).
pub const WARN_VOTES: usize = 3;

/// The window of [`WARN_VOTES`], in seconds (NUMBERS).
pub const WARN_WINDOW: usize = 5;

/// Share of a second in which the sound's thread was behind, in percent, from which this computer counts as too busy:
/// a jitter buffer hides less than that.
pub const WARN_LATE_PERCENT: f64 = 10.0;

/// Between two looks at a muted microphone.
pub const SPEAKING_POLL: Duration = Duration::from_millis(100);

/// What is quieter than this is no speech into a microphone, whatever the room (dBFS; speech has −20 to −35 on
/// average).
pub const SPEECH_MIN_DBFS: f32 = -45.0;

/// By how much speech is louder than the room.
pub const SPEECH_OVER_ROOM_DB: f32 = 10.0;

/// How fast the room is believed to have become louder.
pub const ROOM_RISE_DB_PER_SECOND: f32 = 1.0;

/// How much of [`SPEECH_WINDOW`] must be speech before a person is told that nobody hears: a word, and not a cough.
pub const SPEECH_NEEDED: Duration = Duration::from_millis(400);

/// See [`SPEECH_NEEDED`].
pub const SPEECH_WINDOW: Duration = Duration::from_millis(700);

/// How long without speech takes the word back: longer than a pause between sentences.
pub const SPEECH_OVER: Duration = Duration::from_secs(3);

/// How long it is looked for ways out of a network: a STUN server answers in a round trip, a TURN server in two, and each
/// packet is sent again after half a second (RFC 8489, 6.2.1).
pub const PROBE_TIME: Duration = Duration::from_secs(3);

/// First pause before a question to a STUN server is asked again; each is twice the one before (RFC 8489, 6.2.1).
pub const BINDING_RETRY: Duration = Duration::from_millis(500);

/// For how long a window shows what befell a device.
pub const NOTICE_TIME: Duration = Duration::from_secs(8);

/// Pause between two ICE connectivity checks: 200 ms by default made a set-up last 204–215 ms, 20 ms made it
/// 27–30 (GROUND). RFC 8445 (section 14.2) allows down to 5 ms.
pub const ICE_CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// How many checks one pair gets: at 20 ms the default of 7 would be over in 140 ms, before a slow answerer has its
/// candidates; 500 are ten seconds.
pub const ICE_CHECKS_PER_PAIR: u16 = 500;

/// Without anything heard for this long the path counts as lost: five keep-alives. A caller looks for a new one then, which
/// costs nothing where the old one is dead.
pub const ICE_DISCONNECTED_TIME: Duration = Duration::from_millis(2_500);

/// From lost to failed. The machine's [`RECONNECT_TIME`] ends a call before this does.
pub const ICE_FAILED_TIME: Duration = Duration::from_secs(35);

/// Between two keep-alives on the chosen path.
pub const ICE_KEEPALIVE_INTERVAL: Duration = Duration::from_millis(500);

/// How long candidates wait for a direct path before a relayed one is taken (3.5 s to 1.9 s through a relay, GROUND).
pub const RELAY_ACCEPTANCE_WAIT: Duration = Duration::from_millis(400);

/// After how long a datagram of the handshake goes out again, if nothing answers it; each further pause is twice the one
/// before. Chromium begins with as much; RFC 6347 (4.2.4.1) recommends a second, and lets who must not wait take less.
pub const HANDSHAKE_REPEAT: Duration = Duration::from_millis(50);

/// How often it goes out again at most: the last time 13 s after the first, of the 20 s that a call has to connect.
pub const HANDSHAKE_REPEATS: u32 = 8;

/// How often the library is nudged while a path through a relay is set up: each of the handshake's six flights waits
/// for the next one.
pub const RELAY_NUDGE: Duration = Duration::from_millis(5);

/// How long a path that the other end looks for anew may take before it counts as lost: a restart on a path that was
/// never gone takes a few round trips and no word to the person.
pub const SEARCH_GRACE: Duration = Duration::from_secs(1);

/// How long a restart may take before it is tried again.
pub const RESTART_RETRY: Duration = Duration::from_secs(8);

/// How often a goodbye is sent: it has no answer, and a packet may be lost (the end of a digit goes out as often,
/// RFC 4733, 2.5.1.4).
pub const GOODBYE_COPIES: u32 = 3;

/// How long a goodbye may take to leave this machine. It is a matter of a millisecond, unless the call's engine is dead.
pub const GOODBYE_TIME: Duration = Duration::from_millis(200);

/// RTP payload type of Opus, as browsers offer it.
pub const OPUS_PAYLOAD_TYPE: u8 = 111;

/// RTP payload type of telephone events at 48 kHz (RFC 4733), as browsers offer it.
pub const TELEPHONE_EVENT_PAYLOAD_TYPE: u8 = 110;

/// Payload type of G.711 µ-law: a static one (RFC 3551, section 6).
pub const PCMU_PAYLOAD_TYPE: u8 = 0;

/// Payload type of telephone events at its clock, as Twilio offers them (TWILIO.md §5).
pub const NARROW_TELEPHONE_EVENT_PAYLOAD_TYPE: u8 = 101;

/// Frames of the microphone that may wait for the backend: 1 s of 20 ms frames; older ones are worth nothing.
pub const OUTGOING_FRAMES: usize = 50;

/// Between two packets of sound at least: half of the shortest packet, so that what a stall of half a second kept back (25
/// packets) has left after an eighth of a second.
pub const SEND_SPACING: Duration = Duration::from_millis(5);

/// How long a digit sounds (ITU-T Q.24: at least 40 ms; RFC 4733 examples and most exchanges want 100).
pub const DIGIT_TIME: Duration = Duration::from_millis(100);

/// Silence between two digits.
pub const DIGIT_GAP: Duration = Duration::from_millis(100);

/// What `w` in digits waits, as in modems' dial strings and Twilio's `sendDigits`.
pub const DIGIT_WAIT: Duration = Duration::from_millis(500);

/// Most digits in one go.
pub const MAX_DIGITS: usize = 64;
