-- Whom a user has blocked. The blocked are kept by their care4wId and not by their account: an id that nobody has is
-- blocked like any other, or the list would tell which ids exist.
CREATE TABLE blocks (
    account    TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    blocked    TEXT COLLATE "C" NOT NULL,
    -- What the blocker calls them.
    name       TEXT,
    blocked_at BIGINT NOT NULL,
    CONSTRAINT blocks_once PRIMARY KEY (account, blocked)
);
CREATE INDEX blocks_blocked ON blocks (blocked);
