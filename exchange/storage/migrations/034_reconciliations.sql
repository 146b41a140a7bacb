-- A buyer's or a seller's book laid beside ours. party: buyer:ID or seller:ID. The same bytes of a party are one file.
CREATE TABLE reconciliations (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    party TEXT NOT NULL,
    currency TEXT NOT NULL,
    file_hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    columns TEXT NOT NULL,
    wrapped BYTEA,
    sealed BYTEA,
    since_at BIGINT,
    until_at BIGINT,
    line_count BIGINT NOT NULL DEFAULT 0,
    agreed BIGINT NOT NULL DEFAULT 0,
    ours_units BIGINT NOT NULL DEFAULT 0,
    theirs_units BIGINT NOT NULL DEFAULT 0,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    compared_at BIGINT,
    UNIQUE (party, file_hash)
);
CREATE INDEX reconciliations_made ON reconciliations (made_at, id);
CREATE INDEX reconciliations_age ON reconciliations (made_at) WHERE sealed IS NOT NULL;

-- What differs, and what was decided about it. more_units: by how much their book says more than ours. row_name is an id
-- or a reference, never a phone or an email.
CREATE TABLE reconciliation_lines (
    reconciliation_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sale_id TEXT,
    attempt_id TEXT,
    lead_id TEXT,
    row_number BIGINT,
    row_name TEXT NOT NULL,
    other_row BIGINT,
    ours_units BIGINT,
    theirs_units BIGINT,
    more_units BIGINT NOT NULL,
    ours_at BIGINT,
    theirs_at BIGINT,
    decision TEXT,
    note TEXT NOT NULL,
    reference TEXT,
    decided_at BIGINT,
    decided_by TEXT,
    PRIMARY KEY (reconciliation_id, number)
) /* keyed */;
CREATE INDEX reconciliation_lines_lead ON reconciliation_lines (lead_id) WHERE lead_id IS NOT NULL;
