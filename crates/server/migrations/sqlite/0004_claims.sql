-- A claim is a number that a user wants and has not proved: it stands beside the number that they have, and any number
-- of users may claim the same one. Who proves it first gets it.
ALTER TABLE accounts ADD COLUMN claim_full TEXT;
ALTER TABLE accounts ADD COLUMN claim_national TEXT;
ALTER TABLE accounts ADD COLUMN claim_country INTEGER;
CREATE INDEX accounts_claim_full ON accounts (claim_full) WHERE claim_full IS NOT NULL;
CREATE INDEX accounts_claim_national ON accounts (claim_national) WHERE claim_national IS NOT NULL;

-- From here on phone_verified says that a number was proved, no longer that it counts: until now nobody could prove one.
UPDATE accounts SET phone_verified = 0;
