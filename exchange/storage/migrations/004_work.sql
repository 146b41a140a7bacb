-- Durable jobs (the outbox among them), imports, and hourly counters.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    leased_until BIGINT,
    last_error TEXT,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    unique_key TEXT
);
CREATE INDEX jobs_due ON jobs (state, run_at, id);
CREATE INDEX jobs_queue ON jobs (queue, state, run_at);
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key) WHERE unique_key IS NOT NULL AND state IN ('waiting', 'running');

CREATE TABLE imports (
    id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_hash BYTEA NOT NULL,
    mapping TEXT NOT NULL,
    per_second TEXT NOT NULL,
    next_row BIGINT NOT NULL,
    result_bytes BIGINT NOT NULL,
    counts TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX imports_file ON imports (file_hash);

-- Figures by hour, kept by the worker from what happened; pages read these, never the leads.
CREATE TABLE hourly (
    hour BIGINT NOT NULL,
    subject TEXT NOT NULL,
    measure TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (hour, subject, measure)
);

CREATE TABLE tier_turns (
    contract_id TEXT PRIMARY KEY,
    served_at BIGINT NOT NULL
) /* keyed */;
