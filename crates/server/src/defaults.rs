//! Every budget of the server and where it comes from. All of the limits on requests can be set in the `[limits]`
//! table of the configuration file; the rest is part of how the server works.

use std::time::Duration;

use crate::limits::Allowance;

/// Where the server listens unless told otherwise: loopback, since plain HTTP must not leave the machine.
pub const LISTEN: &str = "127.0.0.1:4780";

/// The database unless told otherwise.
pub const DATABASE: &str = "sqlite:care4w.db";

/// Connections to PostgreSQL. What is asked most is gathered into few queries (`store/postgres/gather.rs`), which keep one
/// for each kind of question while there is much to ask; a machine has few cores for more at once, and several servers
/// share PostgreSQL's 100 of default.
pub const POSTGRES_CONNECTIONS: u32 = 16;

/// Connections that read an SQLite file, beside the one that writes. Each is a thread.
pub const SQLITE_READERS: u32 = 8;

/// So much of an SQLite file is mapped to be read, in bytes: a million users are 300 MB. What lies beyond is read by calls.
pub const SQLITE_MAPPED: i64 = 1 << 30;

/// How long a request waits for a connection to the database. A restart of PostgreSQL takes about a second; a client
/// that waits longer than this would rather be told.
pub const DATABASE_WAIT: Duration = Duration::from_secs(3);

/// A connection that was idle for so long is tried before it is used, since the database may have gone meanwhile.
pub const CONNECTION_FRESH: Duration = Duration::from_secs(1);

/// How often a change is tried that others got into the way of (deadlock, or two who want the same at once). Each time
/// one of them gets through, so as many at once as tries cannot all fail.
pub const CONFLICT_TRIES: u32 = 20;

/// Questions of one kind that are asked in one query, and that wait for the next.
pub const GATHERED: usize = 256;

/// A query of gathered questions that takes longer than this holds up the next no more. One takes a third of this with all
/// in memory; from a disk it may take longer.
pub const QUERY_LATE: Duration = Duration::from_millis(3);

/// Such late queries of one kind of question, beside the one that goes on.
pub const LATE_QUERIES: usize = 2;

/// For so long gathered questions keep a connection when nobody asks any.
pub const WAY_KEPT: Duration = Duration::from_millis(100);

/// How long an access token works. Short, because it is only checked, never looked up, by other services.
pub const ACCESS_TOKEN_SECS: u64 = 15 * 60;

/// Access tokens that are remembered as genuine, 300 bytes each. Beyond it they are all checked anew.
pub const GENUINE_TOKENS: usize = 10_000;

/// How long a refresh token waits to be used before the user has to sign in again.
pub const REFRESH_TOKEN_DAYS: u64 = 60;

/// How long TURN credentials work: longer than most calls, short enough to be useless to resell.
pub const ICE_TTL_SECS: u64 = 3600;

/// How long a draining server waits for requests under way; the contract's limit from SIGTERM to exit is 5 s.
pub const DRAIN: Duration = Duration::from_secs(3);

/// How long the head of a request may take to come, and its body again as long: `limits.request_seconds`. A slow mobile
/// network carries our largest body in a second; a connection that is kept open is idle for so long too.
pub const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// After so long the next connection is tried when none can be taken (out of file descriptors).
pub const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Rows of one page of `GET /calls`, and the most that may be asked for.
pub const CALLS_PAGE: u32 = 50;
/// The most rows that one page of `GET /calls` may have.
pub const CALLS_PAGE_MAX: u32 = 200;

/// Register: 20 per address, one back a minute (NUMBERS.md, "Fixed budgets").
pub const REGISTER_PER_ADDRESS: Allowance = Allowance::new(20, Duration::from_secs(60));

/// Sign in: 60 per address, one back every 10 s (NUMBERS.md).
pub const LOGIN_PER_ADDRESS: Allowance = Allowance::new(60, Duration::from_secs(10));

/// Wrong passwords: 10 per account (NUMBERS.md), one back every 5 minutes; a right one gives all back. NIST SP 800-63B
/// 5.2.2 wants at most 100 in a row.
pub const LOGIN_FAILURES: Allowance = Allowance::new(10, Duration::from_secs(300));

/// How long a one-time link to a new password works: longer than mail takes, short enough to be worth little to whoever
/// reads the letter later.
pub const PASSWORD_LINK: Duration = Duration::from_secs(3600);

/// Links asked for from one address, like registering.
pub const FORGOT_PER_ADDRESS: Allowance = Allowance::new(20, Duration::from_secs(60));

/// Links asked for one e-mail address, whoever asks: three letters that did not come, and no flood of them.
pub const FORGOT_PER_EMAIL: Allowance = Allowance::new(3, Duration::from_secs(20 * 60));

/// What tells whether a number or id is known, per account: 100, one back every 3 minutes (NUMBERS.md).
pub const ORACLE_PER_ACCOUNT: Allowance = Allowance::new(100, Duration::from_secs(180));

/// The same on an account's first day (NUMBERS.md).
pub const ORACLE_FIRST_DAY: u32 = 50;

/// The same per address: 1,000, ten back a minute (NUMBERS.md).
pub const ORACLE_PER_ADDRESS: Allowance = Allowance::new(1000, Duration::from_secs(6));

/// Questions remembered at once, so that asking again is free: 32 bytes each. Beyond it they cost again.
pub const ORACLE_QUESTIONS: usize = 1_000_000;

/// For so long the same number or id asked by the same account costs nothing again (NUMBERS.md), and so long is an
/// account's first day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Number changes a day (NUMBERS.md).
pub const NUMBER_CHANGES_A_DAY: usize = 5;

/// How long a verification code holds (Twilio Verify's own figure, kept for the codes in the log).
pub const CODE_LIVES: Duration = Duration::from_secs(600);

/// Codes sent to one account in [`CODE_LIVES`] (Twilio Verify's figure).
pub const CODE_SENDS: usize = 5;

/// Wrong codes of one account until all of it waits for the code to expire (Twilio Verify's figure): with a million codes,
/// five guesses are right once in 200,000.
pub const CODE_TRIES: usize = 5;

/// Codes sent to one account in 24 hours: what is sent costs money, and rings somebody's phone.
pub const CODE_SENDS_A_DAY: usize = 20;

/// How long a Twilio access token works: the default of Twilio's own libraries.
pub const TWILIO_TOKEN_SECS: u64 = 3600;

/// The longest call to a number over Twilio, in minutes.
pub const TWILIO_MINUTES_A_CALL: u32 = 60;

/// Minutes that one user may talk to numbers over Twilio in 24 hours, on all lines together: what is talked is paid by the
/// server's operator, so somebody who wants more of it sets more.
pub const TWILIO_MINUTES_A_DAY: u32 = 240;

/// What a user who has used the minutes of a day up is told to wait before the next try.
pub const TWILIO_MINUTES_BACK: Duration = Duration::from_secs(3600);

/// How long a call over Twilio is kept beside the history, for late words about it.
pub const TWILIO_CALLS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The most that one user may block: far more than anybody does by hand, and a list that is still answered whole.
pub const BLOCKS: usize = 1_000;

/// For so long the switchboard remembers a new block itself: an invite whose callee was looked up just before the block
/// was written comes to nothing too. The look-up waits 30 s for the database at most.
pub const FRESH_BLOCK: Duration = Duration::from_secs(60);

/// Frames of one signalling socket: a call needs about 40 in its first second.
pub const FRAMES_PER_SOCKET: Allowance = Allowance::new(400, Duration::from_millis(20));

/// Keys that one limit remembers. Beyond it, keys that have their whole allowance again are forgotten first; if there
/// are none, new keys are refused: the limit fails closed.
pub const LIMIT_KEYS: usize = 100_000;

/// From connecting to the first frame.
pub const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Signalling heartbeat (NUMBERS.md). Twice as long without a frame, and the socket is dead.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// How often an open socket's sign-in is looked up again, since another process may have ended it.
pub const SIGN_IN_RECHECK: Duration = Duration::from_secs(60);

/// Ring time (NUMBERS.md).
pub const RING: Duration = Duration::from_secs(60);

/// How long a device's session waits for it after its socket died. Three tries of the longest reconnect pause (20 s).
pub const SESSION_KEPT: Duration = Duration::from_secs(60);

/// How long a call waits for a callee whose devices all lost their sockets just now. The first six tries of a
/// reconnecting device (100 ms, doubling) come within 6.3 s.
pub const UNREACHABLE_AFTER: Duration = Duration::from_secs(6);

/// Messages that wait for one device, unacknowledged. More, and its session is given up.
pub const OUTBOX_MESSAGES: usize = 256;

/// Bytes of session descriptions and candidates that wait for one device.
pub const OUTBOX_BYTES: usize = 512 * 1024;

/// Signed-in devices of one user.
pub const DEVICES_PER_ACCOUNT: usize = 16;

/// Calls that one device may have begun or be ringing in at once.
pub const CALLS_PER_DEVICE: usize = 8;

/// Sockets of the whole server; the goal of NUMBERS.md is 20,000.
pub const SOCKETS: usize = 50_000;
