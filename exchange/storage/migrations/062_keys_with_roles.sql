-- What a key of an operators' program may do (`duty`: a role of the exchange, '' an owner's), until when, who made it and
-- when it was last used.
ALTER TABLE api_keys ADD COLUMN duty TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT;
ALTER TABLE api_keys ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN used_at BIGINT;

-- Until when a session sees the personal data of a lead, for which its user said why.
CREATE TABLE reveals (
    session BYTEA NOT NULL,
    lead_id TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (session, lead_id)
);
CREATE INDEX reveals_until ON reveals (until_at);
