-- The calls of this profile, of every account that was signed in here. Times are milliseconds since 1970.
CREATE TABLE calls (
    account      TEXT NOT NULL,
    id           TEXT NOT NULL,
    direction    TEXT NOT NULL CHECK (direction IN ('outgoing', 'incoming')),
    name         TEXT,
    detail       TEXT NOT NULL,
    care4w_id    TEXT,
    -- What is searched: name, detail and id in small letters, and the digits alone.
    words        TEXT NOT NULL,
    digits       TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    connected_at INTEGER,
    -- While it runs, the last time that the app was seen alive in it.
    alive_at     INTEGER NOT NULL,
    ended_at     INTEGER,
    duration_ms  INTEGER,
    reason       TEXT,
    -- 0: missed, and nobody has looked since.
    seen         INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_time ON calls (account, started_at DESC, id DESC);

-- What was taken over from the server, and what was cleared and must not come back from there.
CREATE TABLE accounts (
    account      TEXT PRIMARY KEY,
    cleared_at   INTEGER NOT NULL DEFAULT 0,
    merged_until INTEGER
) STRICT, WITHOUT ROWID;
