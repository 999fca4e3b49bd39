//! How large a thing on the wire may be. Both ends hold to the same limits.

/// The largest REST body, in bytes. The largest honest one is far below 4 KiB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The largest signalling frame, in bytes. An audio-only offer with 20 candidates stays under 8 KiB.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// The longest session description, in bytes.
pub const MAX_SDP_BYTES: usize = 32 * 1024;

/// The longest candidate line, in bytes (RFC 8839 lines stay under 300).
pub const MAX_CANDIDATE_BYTES: usize = 1024;

/// Candidates kept for a callee who has not answered yet.
pub const MAX_CANDIDATES_PER_CALL: usize = 64;

/// Characters in an e-mail address (RFC 5321, 4.5.3.1.3).
pub const MAX_EMAIL_CHARS: usize = 254;

/// Fewest characters in a password (NIST SP 800-63B, 5.1.1.2).
pub const MIN_PASSWORD_CHARS: usize = 8;

/// Most characters in a password: long passphrases pass, a megabyte for the hash to chew does not.
pub const MAX_PASSWORD_CHARS: usize = 256;

/// Most characters in a display name.
pub const MAX_DISPLAY_NAME_CHARS: usize = 80;
