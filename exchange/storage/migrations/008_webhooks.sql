-- Whom the exchange tells of events over HTTP, what was told, and what came of each try.

-- kind: webhook or postback. role: operator, seller or buyer. events: names and wildcards with a blank between.
-- state: active, disabled or removed. An address that stands in a campaign has a row once it was used.
CREATE TABLE webhook_endpoints (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    party_id TEXT,
    campaign_id TEXT,
    url TEXT NOT NULL,
    method TEXT NOT NULL,
    events TEXT NOT NULL,
    per_second BIGINT NOT NULL,
    late_only BIGINT NOT NULL,
    secret BYTEA,
    last4 TEXT NOT NULL,
    old_secret BYTEA,
    old_until BIGINT,
    state TEXT NOT NULL,
    state_why TEXT NOT NULL,
    failing_since BIGINT,
    made_at BIGINT NOT NULL
) /* keyed */;
CREATE INDEX webhook_endpoints_party ON webhook_endpoints (role, party_id);

-- One event for one party. data: JSON without personal values. about: what it happened to; sequence counts its events.
CREATE TABLE webhook_events (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    about TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    role TEXT NOT NULL,
    party_id TEXT,
    data TEXT NOT NULL
);
CREATE INDEX webhook_events_about ON webhook_events (about, at);
CREATE INDEX webhook_events_time ON webhook_events (at, id);

CREATE TABLE webhook_sequences (
    about TEXT PRIMARY KEY,
    last BIGINT NOT NULL,
    at BIGINT NOT NULL
) /* keyed */;

-- state: waiting, delivered or failed. tries: of this round; a replay begins a new one. total: of all rounds.
CREATE TABLE webhook_sends (
    event_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    total BIGINT NOT NULL,
    next_at BIGINT,
    status BIGINT,
    took_ms BIGINT,
    last_error TEXT,
    tried_at BIGINT,
    PRIMARY KEY (event_id, endpoint_id)
) /* keyed */;
CREATE INDEX webhook_sends_endpoint ON webhook_sends (endpoint_id, at, event_id);
CREATE INDEX webhook_sends_time ON webhook_sends (at, event_id);
CREATE INDEX webhook_sends_waiting ON webhook_sends (endpoint_id, next_at) WHERE state = 'waiting';

CREATE TABLE webhook_tries (
    event_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT,
    took_ms BIGINT NOT NULL,
    error TEXT,
    PRIMARY KEY (event_id, endpoint_id, number)
) /* keyed */;
