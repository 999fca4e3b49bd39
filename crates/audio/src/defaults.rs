//! Every number that shapes the sound, with its source. "Measured" means the trials that this crate's page in `docs/`
//! and its tests tell of.

use std::time::Duration;

/// The rate of everything inside: Opus' own, and the RTP clock of Opus (RFC 7587, section 4.1).
pub const SAMPLE_RATE: u32 = 48_000;
/// Ten milliseconds: the step of the engine, of the sound card's period and of the processing (WebRTC's frame).
pub const STEP_SAMPLES: usize = 480;
/// [`STEP_SAMPLES`] as time.
pub const STEP: Duration = Duration::from_millis(10);
/// Twenty milliseconds: one Opus frame (RFC 7587, section 4.2: the default packet time).
pub const FRAME_SAMPLES: usize = 960;

/// Bits a second of the encoder: full-band speech (RFC 7587, section 3.1.1: 28–40 kbit/s).
pub const BITRATE: u32 = 32_000;
/// The lowest bit rate of Opus (RFC 6716, section 2.1.1).
pub const BITRATE_MIN: u32 = 6_000;
/// Enough for music; more serves no voice.
pub const BITRATE_MAX: u32 = 128_000;
/// Of 10. Measured: 362 µs a frame at 9, 396 µs at 10, no difference that PESQ sees. At 8 a sixth less and the same PESQ, but
/// at 32 kbit/s no forward error correction until loss is reported: the first losses find nothing. At 6 and 5, 0.15 to 0.25 less
/// of PESQ at 10 % loss.
pub const ENCODER_COMPLEXITY: i32 = 9;
/// Of 10. 5 is deep concealment, 7 adds NoLACE: measured best against loss (PESQ 3.43 at 10 %, against 2.02 classic).
pub const DECODER_COMPLEXITY: i32 = 7;
/// The same while nothing is lost: NoLACE has nothing to mend then, and takes half of what decoding costs.
pub const DECODER_COMPLEXITY_CLEAN: i32 = 5;
/// Percent. An expected loss of 0 switches forward error correction off, and then the first loss finds nothing.
pub const EXPECTED_LOSS_MIN: u8 = 5;
/// Percent. Beyond this the encoder spends more on the past than on the present.
pub const EXPECTED_LOSS_MAX: u8 = 30;
/// Percent. While anything is lost, the encoder is told of no less: measured, at 40 kbit/s, 4.30 of PESQ at 5 % loss
/// and no cost on a clean network; under 19 % it emits no deep redundancy.
pub const EXPECTED_LOSS_PINNED: u8 = 20;
/// Percent of loss from which the last packet is carried again in good quality, for a quarter more of bits.
pub const PROTECT_FROM_LOSS: f64 = 1.0;
/// Percent of loss from which packets describe a tenth of a second before them (DRED). Measured at 10 % in bursts of
/// three: PESQ 3.31 with it, 2.44 without; at 10 % one by one 3.87 and 4.03, at 20 % 3.40 and 3.17.
pub const DEEP_FROM_LOSS: f64 = 8.0;
/// In steps of 10 ms. 200 and 500 ms gained nothing (measured).
pub const DEEP_STEPS: u8 = 10;
/// Bits a second: with fewer, deep redundancy takes from the voice what it cannot give back (measured).
pub const DEEP_BITRATE_MIN: u32 = 40_000;
/// How much of a new report is believed at once.
pub const REPORT_SMOOTHING: f64 = 0.3;
/// How long the sender stays prepared for loss that is over.
pub const PLAN_MEMORY: Duration = Duration::from_secs(10);
/// A round trip longer than the shortest by this is a queue that fills: NetEQ and GCC call 200–250 ms overuse.
pub const CONGESTED_ROUND_TRIP: Duration = Duration::from_millis(250);
/// libopus' advice for one packet's buffer (`opus_encode`).
pub const PACKET_BYTES_MAX: usize = 1_500;
/// The longest packet: 120 ms (RFC 6716, section 2.1.4).
pub const PACKET_SAMPLES_MAX: usize = 5_760;

/// Shortest time that the jitter buffer aims for, from a packet's arrival to the speaker's taking it (with packets of
/// 10 ms: 15).
pub const BUFFER_TARGET_MIN: Duration = Duration::from_millis(20);
/// Longest time that the jitter buffer aims for: beyond it people talk over each other (ITU-T G.114).
pub const BUFFER_TARGET_MAX: Duration = Duration::from_millis(500);
/// Where the jitter buffer begins, knowing nothing.
pub const BUFFER_TARGET_START: Duration = Duration::from_millis(30);
/// Added to the measured jitter: scheduling noise of a desktop.
pub const BUFFER_MARGIN: Duration = Duration::from_millis(5);
/// Packets that the jitter is judged by: five seconds of 20 ms packets.
pub const JITTER_WINDOW: usize = 250;
/// Packets among which the fastest sets the base: two seconds, so that a change of path is soon believed.
pub const BASE_WINDOW: usize = 100;
/// Packets that must agree before the path is believed to be another: half a second.
pub const PATH_WINDOW: usize = 25;
/// A path whose delay differs by less than this is the same.
pub const PATH_CHANGE_MIN: Duration = Duration::from_millis(10);
/// The share of packets that the target lets arrive in time. NetEQ uses 0.95–0.97.
pub const JITTER_QUANTILE: f64 = 0.97;
/// The same for coming down: a target that was moved up stays while more packets than this would be late. Measured: with
/// [`JITTER_QUANTILE`] both ways, 5 % of overtaken packets moved it by 40 ms to and fro (worst PESQ 2.5, now 3.8).
pub const JITTER_QUANTILE_KEPT: f64 = 0.985;
/// How fast the target comes down at least, so that one quiet second does not undo what was learnt; where it is far too
/// high, by twice the difference in a second.
pub const TARGET_DECAY_PER_SECOND: Duration = Duration::from_millis(40);
/// How long a loss keeps the target one frame higher, so that the packet after the next loss is there to recover it.
pub const LOSS_MEMORY: Duration = Duration::from_secs(10);
/// The share of what is lost that the buffer waits to bring back.
pub const LOOK_AHEAD_SHARE: f64 = 0.9;
/// Packets that it waits for at most: as far as deep redundancy of 100 ms reaches back.
pub const LOOK_AHEAD_MOST: i64 = 4;
/// Packets that it waits for while deep redundancy comes and too little is known of what is lost.
pub const LOOK_AHEAD_START: i64 = 3;
/// Losses after which enough is known: moving the delay back and forth costs more (0.3 of PESQ) than it gains.
pub const LOOK_AHEAD_EVIDENCE: usize = 40;
/// A longer run of lost packets is an outage, from which nothing is learnt.
pub const LOSS_RUN_MAX: i64 = 10;
/// Off the target by more than this, sound is shortened or stretched by single pitch periods. Stretching from 5 ms on cost
/// 0.05 of PESQ under loss.
pub const PACE_DEAD_BAND: Duration = Duration::from_millis(10);
/// Over the target by more than this, and for as long as [`PACE_SETTLED`], sound is shortened too, to the target.
pub const PACE_FINE: Duration = Duration::from_millis(3);
/// The share, one in so many, of the jitter by which [`PACE_FINE`] is wider. Measured at 80 ms: worst PESQ 3.6 without, 4.1
/// with it.
pub const PACE_SCATTER: i64 = 5;
/// See [`PACE_FINE`]: a target that wanders must not drag the sound to and fro.
pub const PACE_SETTLED: Duration = Duration::from_secs(1);
/// Over the target by more than this, sound is shortened as fast as it goes.
pub const PACE_HURRY: Duration = Duration::from_millis(60);
/// Over the target by more than this, whole packets are dropped: a backlog must be gone within a second.
pub const SHED_OVER: Duration = Duration::from_millis(250);
/// Packets held at most: two seconds of 20 ms packets.
pub const BUFFER_PACKETS_MAX: usize = 100;
/// Made-up sound lasts this long before it becomes silence; Opus' own fades over about as long.
pub const CONCEAL_MAX: Duration = Duration::from_millis(200);
/// A pause of the sender's is filled with how its room sounded for this long, unless it is heard of again: with DTX, that
/// is every 400 ms.
pub const COMFORT_MAX: Duration = Duration::from_secs(1);
/// A jump of the sequence number by more than this is a new stream (RFC 3550, appendix A.1: MAX_DROPOUT).
pub const SEQUENCE_DROPOUT_MAX: i64 = 3_000;
/// A larger step between timestamp and arrival than this is a new stream.
pub const TIMESTAMP_JUMP_MAX: Duration = Duration::from_secs(10);

/// Below this nothing is told apart: the noise floor of 16 bits.
pub const LEVEL_FLOOR_DBFS: f32 = -96.0;

/// A microphone whose every sample of a second stays below this gives nothing: −90 dBFS, the last bit of 16.
pub const SILENT_PEAK: f32 = 3.2e-5;

/// Peak of the signals heard in a call, as a share of full scale: −20 dBFS, the level that speech has on average.
pub const TONE_LEVEL: f32 = 0.1;
/// Peak of the ringtone: it must be heard across a room.
pub const RINGTONE_LEVEL: f32 = 0.35;
/// Peak of the hold chime: it must not startle.
pub const HOLD_LEVEL: f32 = 0.06;
/// Peak of the echo line's greeting: as loud as speech peaks.
pub const GREETING_LEVEL: f32 = 0.25;
/// Peak of a dialled digit at the dialler's own ear.
pub const DIGIT_LEVEL: f32 = 0.12;
/// How long a dialled digit sounds at the dialler's own ear (ITU-T Q.24 wants 40 ms at least).
pub const DIGIT_MS: u32 = 160;

/// Sound that the rings between the device and the engine hold at most: longer stalls lose sound.
pub const RING: Duration = Duration::from_millis(500);
/// Added, after each time it ran dry, to the one period of the device that the speaker's ring holds to begin with.
pub const PLAYBACK_MARGIN_STEP_MS: u32 = 5;
/// The most that it grows to.
pub const PLAYBACK_MARGIN_MAX_MS: u32 = 40;
/// How long the ring must not have run dry before the margin shrinks by a step again.
pub const PLAYBACK_MARGIN_DECAY: Duration = Duration::from_secs(10);
/// Without sound from a microphone for this long, silence is sent in its place, so that the call's packets go on.
pub const CAPTURE_STARVED: Duration = Duration::from_millis(150);
/// A device that has not called for this long is gone. PulseAudio's idle null sink stalls up to two seconds.
pub const DEVICE_SILENT: Duration = Duration::from_secs(4);
/// How often it is looked which devices there are, while a call uses one.
pub const DEVICES_EVERY: Duration = Duration::from_secs(2);
/// A clock-driven end that fell behind by more than this does not catch up.
pub const CATCH_UP_MAX: Duration = Duration::from_millis(500);
/// How long closing waits for the system to let go of a device.
pub const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// Filter length when a card's rate is changed: 1.3 ms of delay at 48 kHz.
pub const CARD_TAPS: usize = 128;
/// Filter length when a file's rate is changed: its delay is cut off, so only quality counts.
pub const FILE_TAPS: usize = 512;

/// The gentle high-pass before processing: below the lowest voice (80 Hz), above rumble and direct current.
pub const HIGH_PASS_HZ: f32 = 40.0;
/// A room whose quietest moments are louder than this gets noise suppression. Studio speech has −80 dBFS.
pub const NOISE_FLOOR_ON_DBFS: f32 = -60.0;
/// A room that is quieter than this needs none any more.
pub const NOISE_FLOOR_OFF_DBFS: f32 = -66.0;
/// The far side is silent below this: a sixth of the amplitude that the echo canceller itself takes for sound (WebRTC's
/// `active_render_limit`, −50 dBFS).
pub const ECHO_REST_DBFS: f32 = -66.0;
/// For so long the far side must be silent until the echo canceller rests: what it said last comes back within the delay of
/// both cards (1 s at most) and the room's reverberation.
pub const ECHO_REST_AFTER: Duration = Duration::from_secs(2);
/// Quieter than this nothing is taken for speech: even the most that gain control adds would leave it unheard.
pub const GAIN_SPEECH_MIN_DBFS: f32 = -65.0;
/// Where gain control begins. WebRTC's 15 dB is for microphones of phones, and clips those of computers.
pub const GAIN_INITIAL_DB: f32 = 5.0;
/// What gain control leaves free above the speech's peaks.
pub const GAIN_HEADROOM_DB: f32 = 10.0;
/// The most that gain control adds.
pub const GAIN_MAX_DB: f32 = 30.0;
/// How fast gain control moves: half of WebRTC's, so that a word does not swell.
pub const GAIN_CHANGE_DB_PER_SECOND: f32 = 3.0;

/// Of the sound thread on Linux, where the system grants it: what PulseAudio asks for itself.
pub const THREAD_NICENESS: i32 = -11;
