-- Deliveries that are not answered on the spot, what is heard of them later, queues that rest, and shapes made in the
-- console.

-- One per attempt of such a contract. channel: email, fax, phone, sms, ftp, ftps, sftp, store, pull, csv_url or http.
-- state: waiting, sending, sent, delivered, accepted, refused, failed, bounced, expired, shelved or cancelled.
-- sent_at: since then it may have arrived. price_units: what it was taken for, where that is not the bid.
CREATE TABLE deliveries (
    attempt_id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    channel TEXT NOT NULL,
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    sold_at_once BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    provider_ref TEXT,
    batch_id TEXT,
    made_at BIGINT NOT NULL,
    next_at BIGINT,
    give_up_at BIGINT NOT NULL,
    receipt_until BIGINT,
    sent_at BIGINT,
    ended_at BIGINT,
    price_units BIGINT,
    last_error TEXT
) /* keyed */;
CREATE INDEX deliveries_lead ON deliveries (lead_id);
CREATE INDEX deliveries_contract ON deliveries (contract_id, state, attempt_id);
CREATE INDEX deliveries_open ON deliveries (state, made_at, attempt_id) WHERE ended_at IS NULL;
CREATE INDEX deliveries_ref ON deliveries (connection, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX deliveries_time ON deliveries (made_at, attempt_id);
CREATE INDEX deliveries_give_up ON deliveries (give_up_at) WHERE state IN ('waiting', 'sending', 'shelved');
CREATE INDEX deliveries_receipt ON deliveries (receipt_until) WHERE state = 'sent';
CREATE INDEX deliveries_batch ON deliveries (batch_id) WHERE batch_id IS NOT NULL;

-- Every try of a delivery, written before it is made: outcome is sending until it is known.
CREATE TABLE delivery_tries (
    attempt_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    took_ms BIGINT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    next_at BIGINT,
    PRIMARY KEY (attempt_id, number)
) /* keyed */;
CREATE INDEX delivery_tries_lead ON delivery_tries (lead_id);

-- Deliveries that go together, named with their members before they go. state: sending, sent, delivered or failed.
CREATE TABLE batches (
    id TEXT PRIMARY KEY,
    contract_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    leads BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    last_error TEXT,
    UNIQUE (contract_id, number)
) /* keyed */;
CREATE INDEX batches_open ON batches (contract_id) WHERE ended_at IS NULL;

-- Every callback, bounce and keypress, once: the insert decides which are repeats.
CREATE TABLE receipts (
    connection TEXT NOT NULL,
    event_id TEXT NOT NULL,
    attempt_id TEXT,
    provider_ref TEXT,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    heard_at BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (connection, event_id)
) /* keyed */;
CREATE INDEX receipts_attempt ON receipts (attempt_id, at) WHERE attempt_id IS NOT NULL;
-- Heard before the provider's own word on the delivery that they are about.
CREATE INDEX receipts_early ON receipts (connection, provider_ref) WHERE attempt_id IS NULL;

-- The queues of jobs that wait together: a destination that is down rests, and one that was busy is let go by its pace.
CREATE TABLE job_queues (
    queue TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    rest_until BIGINT NOT NULL,
    down_since BIGINT,
    last_error TEXT
) /* keyed */;
CREATE INDEX job_queues_down ON job_queues (down_since) WHERE down_since IS NOT NULL;

-- Shapes made in the console: immutable versions, one of each current. Files hold the others.
CREATE TABLE documents (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    current BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (kind, name, version)
);
CREATE UNIQUE INDEX documents_current ON documents (kind, name) WHERE current = 1;

-- Secrets of connections and sources typed into the console, sealed under the master key.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL,
    last4 TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- A sale that was undone keeps its row and says so.
ALTER TABLE sales ADD COLUMN reversed_at BIGINT;
ALTER TABLE sales ADD COLUMN reversed_why TEXT;
CREATE INDEX sales_reversed ON sales (reversed_at) WHERE reversed_at IS NOT NULL;
