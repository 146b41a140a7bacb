-- Dispositions by every channel: which one stands for a sale, buyers' own words and what they mean, reports whose word
-- nobody knew, and files of reports. Notes are sealed with the key of their lead.
ALTER TABLE dispositions ADD COLUMN channel TEXT NOT NULL DEFAULT 'api';
ALTER TABLE dispositions ADD COLUMN word TEXT;
ALTER TABLE dispositions ADD COLUMN sealed_note BYTEA;
ALTER TABLE dispositions ADD COLUMN overtaken BIGINT NOT NULL DEFAULT 0;
CREATE INDEX dispositions_buyer ON dispositions (buyer_id, told_at, id);
CREATE INDEX dispositions_all ON dispositions (told_at, id);

-- The disposition that stands for a sale: of the latest moment, whatever came when.
CREATE TABLE sale_dispositions (
    sale_id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    disposition_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value_units BIGINT,
    at BIGINT NOT NULL,
    final BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    channel TEXT NOT NULL
) /* keyed */;
CREATE INDEX sale_dispositions_lead ON sale_dispositions (lead_id);
INSERT INTO sale_dispositions
    (sale_id, month, lead_id, buyer_id, disposition_id, kind, value_units, at, final, told_at, channel)
SELECT sale_id, month, lead_id, buyer_id, id, kind, value_units, at, 0, told_at, channel FROM (
    SELECT d.*, ROW_NUMBER() OVER (PARTITION BY sale_id ORDER BY at DESC, told_at DESC, id DESC) AS place
    FROM dispositions d) ranked
WHERE place = 1;

-- A buyer's own word (folded), in a vertical: for all its contracts, or for one. An empty kind: it says nothing.
CREATE TABLE disposition_words (
    buyer_id TEXT NOT NULL,
    vertical TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    word TEXT NOT NULL,
    kind TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (buyer_id, vertical, contract_id, word)
) /* keyed */;

-- Reports that wait until somebody says what their word means.
CREATE TABLE disposition_waits (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    vertical TEXT NOT NULL,
    word TEXT NOT NULL,
    said TEXT NOT NULL,
    sealed_note BYTEA,
    value_units BIGINT,
    at BIGINT NOT NULL,
    said_at BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    channel TEXT NOT NULL,
    told_by TEXT NOT NULL,
    state TEXT NOT NULL,
    UNIQUE (sale_id, word, at)
);
CREATE INDEX disposition_waits_waiting ON disposition_waits (buyer_id, vertical, word, told_at)
    WHERE state = 'waiting';
CREATE INDEX disposition_waits_lead ON disposition_waits (lead_id);

-- Files of reports: looked at first, recorded when somebody says so. The same bytes of a buyer are one file.
CREATE TABLE disposition_files (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    file_hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    columns TEXT NOT NULL,
    wrapped BYTEA,
    sealed BYTEA,
    counts TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    recorded_at BIGINT,
    recorded_by TEXT,
    UNIQUE (buyer_id, file_hash)
);
CREATE INDEX disposition_files_made ON disposition_files (buyer_id, made_at, id);
CREATE INDEX disposition_files_age ON disposition_files (made_at) WHERE sealed IS NOT NULL;

-- How far a buyer's system was read: by the name of its connection.
CREATE TABLE disposition_polls (
    connection TEXT PRIMARY KEY,
    cursor TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    ended_at BIGINT,
    error TEXT,
    counts TEXT NOT NULL,
    heard_at BIGINT,
    heard_counts TEXT NOT NULL
) /* keyed */;
