-- The first schema on PostgreSQL: what SQLite's migrations 1 to 4 come to. Times are milliseconds since 1970 in UTC, ids
-- are text, compared byte by byte ("C") as SQLite does. Uniqueness of the national number is an index that the server
-- makes or drops at start (see store/postgres), because it is a setting; uniqueness of the full number always holds.

CREATE TABLE accounts (
    id             TEXT COLLATE "C" PRIMARY KEY,
    email          TEXT COLLATE "C" NOT NULL CONSTRAINT accounts_email UNIQUE,
    -- Empty for an account that was brought over and has no password yet: it fits none.
    password_hash  TEXT NOT NULL,
    display_name   TEXT NOT NULL,
    care4w_id      TEXT COLLATE "C" NOT NULL CONSTRAINT accounts_care4w_id UNIQUE,
    phone_full     TEXT COLLATE "C" CONSTRAINT accounts_phone_full UNIQUE,
    phone_national TEXT COLLATE "C",
    phone_country  INTEGER,
    -- Whether the number was proved.
    phone_verified BOOLEAN NOT NULL DEFAULT FALSE,
    -- A number that its user wants and has not proved; any number of users may claim the same one.
    claim_full     TEXT COLLATE "C",
    claim_national TEXT COLLATE "C",
    claim_country  INTEGER,
    discoverable   BOOLEAN NOT NULL DEFAULT TRUE,
    -- Whoever is not active can neither sign in nor be found, and what is theirs stays theirs.
    active         BOOLEAN NOT NULL DEFAULT TRUE,
    created_at     BIGINT NOT NULL,
    CHECK ((phone_full IS NULL) = (phone_national IS NULL)),
    CHECK ((phone_full IS NULL) = (phone_country IS NULL))
);
CREATE INDEX accounts_claim_full ON accounts (claim_full) WHERE claim_full IS NOT NULL;
CREATE INDEX accounts_claim_national ON accounts (claim_national) WHERE claim_national IS NOT NULL;

CREATE TABLE sign_ins (
    id         TEXT COLLATE "C" PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX sign_ins_account ON sign_ins (account);

-- Only the SHA-256 of a refresh token is kept. Used ones stay, so that a second use is noticed.
CREATE TABLE refresh_tokens (
    hash       BYTEA PRIMARY KEY,
    sign_in    TEXT COLLATE "C" NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX refresh_tokens_sign_in ON refresh_tokens (sign_in);

-- One-time links by which somebody sets a password. Only the SHA-256 of what stands in the link is kept, for an hour.
CREATE TABLE password_links (
    hash       BYTEA PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE INDEX password_links_account ON password_links (account);

-- One row for each side of a call, so that everybody's history is their own and goes with their account.
CREATE TABLE call_history (
    account       TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    call_id       TEXT COLLATE "C" NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('made', 'got', 'missed')),
    other_id      TEXT COLLATE "C" NOT NULL,
    other_name    TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    over          BOOLEAN NOT NULL DEFAULT FALSE,
    duration_secs BIGINT,
    -- Whether the user knows of it: false only for a missed call that no device of theirs has shown.
    told          BOOLEAN NOT NULL DEFAULT TRUE,
    PRIMARY KEY (account, call_id)
);
CREATE INDEX call_history_newest ON call_history (account, started_at DESC, call_id DESC);
CREATE INDEX call_history_untold ON call_history (account) WHERE NOT told;
CREATE INDEX call_history_other ON call_history (other_id);
CREATE INDEX call_history_under_way ON call_history (call_id) WHERE NOT over;

-- Keys that the server made for itself.
CREATE TABLE secrets (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BYTEA NOT NULL
);
