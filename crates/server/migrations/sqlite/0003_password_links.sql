-- One-time links by which somebody sets a password. Only the SHA-256 of what stands in the link is kept, for an hour.

CREATE TABLE password_links (
    hash       BLOB PRIMARY KEY NOT NULL,
    account    TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX password_links_account ON password_links (account);
