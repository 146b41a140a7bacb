-- What sellers are paid: their terms as immutable versions, runs with their payments, and the files banks get.

CREATE TABLE seller_terms (
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    bank BYTEA, -- sealed under the master key
    bank_last4 TEXT NOT NULL,
    current BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (seller_id, version)
);
CREATE UNIQUE INDEX seller_terms_current ON seller_terms (seller_id) WHERE current = 1;

-- The accounts that sellers are paid from, one for each way; sealed as above.
CREATE TABLE payer_accounts (
    method TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    last4 TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);

-- A run is one seller's statement in one currency. Each names the one before it (the first an empty text), so that
-- no two begin where the same one ended and no day is in two. What is discarded leaves its place free.
CREATE TABLE payout_runs (
    id TEXT PRIMARY KEY,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    currency TEXT NOT NULL,
    previous_id TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    since_position BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    until_position BIGINT NOT NULL,
    terms_version BIGINT NOT NULL,
    party TEXT NOT NULL, -- whom it is for as that was then: name, address, tax id, zone, method
    state TEXT NOT NULL,
    hold_reason TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    carried_units BIGINT NOT NULL,
    sold_units BIGINT NOT NULL,
    sold_count BIGINT NOT NULL,
    returned_units BIGINT NOT NULL,
    returned_count BIGINT NOT NULL,
    adjusted_units BIGINT NOT NULL,
    adjusted_count BIGINT NOT NULL,
    released_units BIGINT NOT NULL,
    held_units BIGINT NOT NULL,
    rounding_units BIGINT NOT NULL,
    pay_units BIGINT NOT NULL,
    carry_units BIGINT NOT NULL,
    reserve_until BIGINT NOT NULL,
    released_in TEXT,
    number TEXT UNIQUE,
    prepared_at BIGINT NOT NULL,
    prepared_by TEXT NOT NULL,
    issued_at BIGINT,
    issued_by TEXT
);
CREATE UNIQUE INDEX payout_runs_period ON payout_runs (seller_id, currency, until_at) WHERE state <> 'discarded';
CREATE UNIQUE INDEX payout_runs_chain ON payout_runs (seller_id, currency, previous_id) WHERE state <> 'discarded';
CREATE INDEX payout_runs_state ON payout_runs (state, until_at, id);

-- Who said yes to a run, each person once.
CREATE TABLE payout_approvals (
    run_id TEXT NOT NULL REFERENCES payout_runs (id),
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (run_id, actor)
);

CREATE TABLE payout_files (
    id TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    currency TEXT NOT NULL,
    day TEXT NOT NULL, -- it was made on, in the exchange's zone; `letter` tells the files of a day apart
    letter TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    sha256 TEXT NOT NULL,
    payments BIGINT NOT NULL,
    units BIGINT NOT NULL,
    effective_day TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    UNIQUE (format, day, letter)
);

CREATE TABLE payout_payments (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES payout_runs (id),
    part BIGINT NOT NULL,
    seller_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    units BIGINT NOT NULL CHECK (units > 0),
    method TEXT NOT NULL,
    state TEXT NOT NULL,
    hold_reason TEXT NOT NULL,
    file_id TEXT REFERENCES payout_files (id),
    reference TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    paid_at BIGINT,
    paid_by TEXT,
    bounced_at BIGINT,
    bounce_reason TEXT NOT NULL,
    UNIQUE (run_id, part)
);
CREATE INDEX payout_payments_state ON payout_payments (state, method, id);
CREATE INDEX payout_payments_file ON payout_payments (file_id);

-- The last number given in a series without gaps.
CREATE TABLE payout_numbers (
    series TEXT PRIMARY KEY,
    last BIGINT NOT NULL
);
