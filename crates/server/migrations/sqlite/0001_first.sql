-- The first schema. Times are milliseconds since 1970 in UTC, ids are UUIDs as text.
-- Uniqueness of the national number is an index that the server makes or drops at start (see store/sqlite.rs),
-- because it is a setting; uniqueness of the full number always holds.

CREATE TABLE accounts (
    id             TEXT PRIMARY KEY NOT NULL,
    email          TEXT NOT NULL UNIQUE,
    password_hash  TEXT NOT NULL,
    display_name   TEXT NOT NULL,
    care4w_id      TEXT NOT NULL UNIQUE,
    phone_full     TEXT UNIQUE,
    phone_national TEXT,
    phone_country  INTEGER,
    phone_verified INTEGER NOT NULL DEFAULT 0,
    discoverable   INTEGER NOT NULL DEFAULT 1,
    created_at     INTEGER NOT NULL,
    CHECK ((phone_full IS NULL) = (phone_national IS NULL)),
    CHECK ((phone_full IS NULL) = (phone_country IS NULL))
) STRICT;

CREATE TABLE sign_ins (
    id         TEXT PRIMARY KEY NOT NULL,
    account    TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX sign_ins_account ON sign_ins (account);

-- Only the SHA-256 of a refresh token is kept. Used ones stay, so that a second use is noticed.
CREATE TABLE refresh_tokens (
    hash       BLOB PRIMARY KEY NOT NULL,
    sign_in    TEXT NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX refresh_tokens_sign_in ON refresh_tokens (sign_in);

-- One row for each side of a call, so that everybody's history is their own and goes with their account.
CREATE TABLE call_history (
    account       TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    call_id       TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('made', 'got', 'missed')),
    other_id      TEXT NOT NULL,
    other_name    TEXT NOT NULL,
    started_at    INTEGER NOT NULL,
    over          INTEGER NOT NULL DEFAULT 0,
    duration_secs INTEGER,
    -- Whether the user knows of it: 0 only for a missed call that no device of theirs has shown.
    told          INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (account, call_id)
) STRICT;
CREATE INDEX call_history_newest ON call_history (account, started_at DESC, call_id DESC);
CREATE INDEX call_history_untold ON call_history (account) WHERE told = 0;
CREATE INDEX call_history_other ON call_history (other_id);

-- Keys that the server made for itself.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT;
