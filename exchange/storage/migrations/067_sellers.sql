-- Why a seller sends nothing, and whether it was shut out rather than paused.
ALTER TABLE sellers ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE sellers ADD COLUMN blocked BIGINT NOT NULL DEFAULT 0;

-- What people of the exchange note about a party or another thing (`seller:acme`); seen by them alone.
CREATE TABLE notes (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX notes_subject ON notes (subject, at, id);

-- What a seller asks to have changed in a campaign. state: open, done or declined. answer: what it hears of it.
CREATE TABLE campaign_wishes (
    id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    asked_by TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT,
    answer TEXT NOT NULL
);
CREATE INDEX campaign_wishes_open ON campaign_wishes (at, id) WHERE state = 'open';
CREATE INDEX campaign_wishes_seller ON campaign_wishes (seller_id, at, id);
