-- Calls over Twilio. In the history the other end may be a number instead of a user: other_id is empty then, and
-- other_number holds it unless it was withheld.
ALTER TABLE call_history ADD COLUMN other_number TEXT;

-- Numbers of the Twilio account that were given to users.
CREATE TABLE twilio_numbers (
    number  TEXT PRIMARY KEY NOT NULL,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX twilio_numbers_account ON twilio_numbers (account);

-- What Twilio has told of a call so far: kept for some days, so that late and repeated words do no harm.
CREATE TABLE twilio_calls (
    -- The history's call_id.
    id            TEXT PRIMARY KEY NOT NULL,
    -- Twilio's name of the end that the call began with.
    sid           TEXT UNIQUE,
    kind          TEXT NOT NULL CHECK (kind IN ('number', 'user', 'incoming', 'ring')),
    account       TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    callee        TEXT REFERENCES accounts (id) ON DELETE SET NULL,
    began_at      INTEGER NOT NULL,
    -- Seconds that this call may cost its user at most, and that it counts for.
    reserved_secs INTEGER NOT NULL,
    counted_secs  INTEGER NOT NULL,
    near          TEXT NOT NULL DEFAULT 'queued',
    far           TEXT NOT NULL DEFAULT 'queued',
    secs          INTEGER,
    cancelled     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX twilio_calls_account ON twilio_calls (account, began_at);
CREATE INDEX twilio_calls_callee ON twilio_calls (callee) WHERE callee IS NOT NULL;
CREATE INDEX twilio_calls_began_at ON twilio_calls (began_at);
