-- Accounts that are brought over by an import. They have no password (an empty hash, which fits none) until their user
-- sets one; with `active` 0 the user can neither sign in nor be found, and what is theirs stays theirs.

ALTER TABLE accounts ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
