//! Every time, size and budget of the client, with its source.

use std::time::Duration;

/// First wait before the signalling socket is opened again (NUMBERS, "signalling reconnect"; Twilio's client too).
pub const RECONNECT_FIRST: Duration = Duration::from_millis(100);

/// Longest wait before the signalling socket is opened again.
pub const RECONNECT_LONGEST: Duration = Duration::from_secs(20);

/// How far a wait is moved at random, so that a server's return is not met by everybody at once: ±40 %.
pub const RECONNECT_JITTER: f64 = 0.4;

/// Between heartbeats until the server says otherwise (NUMBERS, "heartbeat").
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// A wall clock that jumps by this much against the monotonic one means that the machine slept.
pub const SLEEP_GAP: Duration = Duration::from_secs(5);

/// Time for opening the signalling socket, with TLS and the first answer.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for one REST call.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Messages kept for a server that has not acknowledged them: a call needs about 30.
pub const UNACKNOWLEDGED_MESSAGES: usize = 512;

/// An access token with less than this left is refreshed before it is used.
pub const REFRESH_BEFORE: Duration = Duration::from_secs(30);

/// Answers of a lookup that are kept.
pub const LOOKUP_CACHE: usize = 128;

/// How long "this is Amina" holds: numbers change hands seldom, and the server checks again when it rings.
pub const LOOKUP_FOUND_FOR: Duration = Duration::from_secs(300);

/// How long "nobody" holds: whoever is asked to sign up must be reachable soon after.
pub const LOOKUP_NOBODY_FOR: Duration = Duration::from_secs(15);

/// Days until a skipped phone prompt comes back: the first time, the second, and every later one.
pub const PROMPT_AGAIN_AFTER_DAYS: [u64; 3] = [7, 30, 90];

/// A locked keychain may wait for a person to unlock it; it gets this long.
pub const KEYCHAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a call waits for ICE servers before it goes on without them.
pub const ICE_TIMEOUT: Duration = Duration::from_secs(3);

/// Time for closing the signalling socket in an orderly manner.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the server is when nobody said otherwise: one on this computer, where `care4w-server` listens by default.
pub const SERVER: &str = "http://127.0.0.1:4780";

/// How long one speaks in a test: a sentence.
pub const TEST_RECORD_TIME: Duration = Duration::from_secs(3);

/// How long it is played back: as long as it was recorded, and the delay of a call.
pub const TEST_PLAY_TIME: Duration = Duration::from_millis(3_300);

/// How long the tone of a test takes: the greeting's two seconds, and what a sound server needs to open.
pub const TEST_TONE_TIME: Duration = Duration::from_millis(2_500);

/// Between two looks at a test: one packet of sound.
pub const TEST_STEP: Duration = Duration::from_millis(20);

/// A microphone whose loudest tenth of a second stays below this brought no voice (dBFS; speech has −20 to −35).
pub const TEST_HEARD_DBFS: f32 = -55.0;

/// One that stays below this is hard to hear.
pub const TEST_QUIET_DBFS: f32 = -42.0;

/// A server that takes longer is far away (NUMBERS: a call is warned about from a round trip of 400 ms on).
pub const TEST_SLOW_ROUND_TRIP: Duration = Duration::from_millis(400);

/// How long a verification code holds (the server's figure, and Twilio Verify's).
pub const CODE_LIVES: Duration = Duration::from_secs(600);

/// A code takes some seconds to arrive: so long the window waits before it offers another.
pub const CODE_RESEND_AFTER: Duration = Duration::from_secs(45);

/// How often a running call is noted as alive: so much of its end is lost at most when the app dies in it.
pub const HISTORY_ALIVE: Duration = Duration::from_secs(5);

/// Calls of an account that are kept; older ones go. Ten a day for five years.
pub const HISTORY_CALLS: i64 = 20_000;

/// Calls of one page of the history: more than the largest window shows at once.
pub const HISTORY_PAGE: u32 = 50;

/// People whom the dialler offers while a number is typed.
pub const HISTORY_SUGGESTIONS: i64 = 3;

/// How far behind the newest call known the server is asked again: a call is there once it has ended.
pub const HISTORY_MERGE_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// Pages of 200 calls that the server is asked for at most.
pub const HISTORY_MERGE_PAGES: usize = 10;

/// How long "for an hour" is.
pub const DO_NOT_DISTURB_HOUR: Duration = Duration::from_secs(3600);

/// When "until tomorrow morning" ends, in hours of the local day.
pub const DO_NOT_DISTURB_MORNING: i8 = 8;

/// Until which hour of the local day it is still the night before: who goes to bed at one means the same morning.
pub const DO_NOT_DISTURB_NIGHT: i8 = 5;

/// How often the wall clock is asked whether that time is over: nobody counts its seconds.
pub const DO_NOT_DISTURB_LOOK: Duration = Duration::from_secs(5);

/// Missed calls that a slow reader may be behind before it loses the oldest.
pub const MISSED_CALLS_KEPT: usize = 64;

/// Calls whose figures a report for a helper holds.
pub const DIAGNOSED_CALLS: usize = 5;

/// Lines of the log that are kept for it: what a call and the minutes before it write.
pub const DIAGNOSED_LOG_LINES: usize = 200;

/// Addresses that a file may lead over until it is left: a release of GitHub's leads over two.
pub const FETCH_REDIRECTS: usize = 5;

/// How large the list of a new version's files may be: a dozen files with their signatures are 10 KB.
pub const UPDATE_LIST_BYTES: usize = 256 * 1024;

/// Time for that list.
pub const UPDATE_LIST_TIME: Duration = Duration::from_secs(30);

/// How large a new version may be: ten times what it is today. It is kept in memory until its signature is checked.
pub const UPDATE_BYTES: usize = 192 * 1024 * 1024;

/// Time for a new version: 20 MB at 25 KB/s.
pub const UPDATE_TIME: Duration = Duration::from_secs(900);

/// How often a running app looks for a new version.
pub const UPDATE_EVERY: Duration = Duration::from_secs(24 * 3600);

/// How often it is asked whether that time is over, by the wall clock: nobody counts the seconds of a computer that sleeps.
pub const UPDATE_ASK: Duration = Duration::from_secs(600);
