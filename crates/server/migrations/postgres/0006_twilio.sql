-- Calls over Twilio. In the history the other end may be a number instead of a user: other_id is empty then, and
-- other_number holds it unless it was withheld.
ALTER TABLE call_history ADD COLUMN other_number TEXT COLLATE "C";

-- Numbers of the Twilio account that were given to users.
CREATE TABLE twilio_numbers (
    number  TEXT COLLATE "C" PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX twilio_numbers_account ON twilio_numbers (account);

-- What Twilio has told of a call so far: kept for some days, so that late and repeated words do no harm.
CREATE TABLE twilio_calls (
    -- The history's call_id.
    id            TEXT COLLATE "C" PRIMARY KEY,
    -- Twilio's name of the end that the call began with.
    sid           TEXT COLLATE "C" CONSTRAINT twilio_calls_sid UNIQUE,
    kind          TEXT NOT NULL CHECK (kind IN ('number', 'user', 'incoming', 'ring')),
    account       TEXT COLLATE "C" NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    callee        TEXT COLLATE "C" REFERENCES accounts (id) ON DELETE SET NULL,
    began_at      BIGINT NOT NULL,
    -- Seconds that this call may cost its user at most, and that it counts for.
    reserved_secs BIGINT NOT NULL,
    counted_secs  BIGINT NOT NULL,
    near          TEXT NOT NULL DEFAULT 'queued',
    far           TEXT NOT NULL DEFAULT 'queued',
    secs          BIGINT,
    cancelled     BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX twilio_calls_account ON twilio_calls (account, began_at);
CREATE INDEX twilio_calls_callee ON twilio_calls (callee) WHERE callee IS NOT NULL;
CREATE INDEX twilio_calls_began_at ON twilio_calls (began_at);
