-- What arrived, what we understood, and how it went. Every request has a data key of its own; raw bytes and
-- personal values are sealed with the key of the request that brought them (`subject`), and destroying it erases them.

CREATE TABLE data_keys (
    subject TEXT PRIMARY KEY,
    wrapped BYTEA,
    month TEXT NOT NULL
) /* keyed */;

CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    channel TEXT NOT NULL,
    remote_ip TEXT NOT NULL,
    seller_id TEXT,
    campaign_id TEXT,
    key_id TEXT,
    mode TEXT,
    lead_id TEXT,
    content_type TEXT NOT NULL,
    answer_format TEXT NOT NULL,
    raw BYTEA,
    status_code BIGINT,
    status TEXT,
    reason TEXT,
    answer BYTEA,
    answer_type TEXT,
    took_ms BIGINT,
    retention TEXT NOT NULL
);
CREATE INDEX requests_time ON requests (received_at, id);
CREATE INDEX requests_lead ON requests (lead_id);
CREATE INDEX requests_unanswered ON requests (received_at) WHERE status_code IS NULL;
CREATE INDEX requests_retention ON requests (retention, received_at);

CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    seller_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    campaign_version BIGINT NOT NULL,
    vertical TEXT NOT NULL,
    mode TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    seller_lead_id TEXT,
    sub_id1 TEXT,
    zip TEXT,
    us_state TEXT,
    city TEXT,
    initials TEXT,
    phone_index BYTEA,
    email_index BYTEA,
    facts TEXT NOT NULL,
    subject TEXT NOT NULL,
    sealed BYTEA,
    grade TEXT,
    currency TEXT NOT NULL,
    revenue_units BIGINT NOT NULL,
    payout_units BIGINT NOT NULL,
    promised_units BIGINT,
    times_sold BIGINT NOT NULL,
    duplicate_of TEXT,
    changed_at BIGINT NOT NULL
);
CREATE INDEX leads_time ON leads (received_at, id);
CREATE INDEX leads_state ON leads (state, received_at, id);
CREATE INDEX leads_seller ON leads (seller_id, received_at, id);
CREATE INDEX leads_seller_lead_id ON leads (seller_id, seller_lead_id) WHERE seller_lead_id IS NOT NULL;
CREATE INDEX leads_changed ON leads (seller_id, changed_at, id);
CREATE INDEX leads_phone ON leads (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX leads_email ON leads (email_index) WHERE email_index IS NOT NULL;

-- The consent record of each post (`subject`) of a lead: written once, never changed (triggers below).
CREATE TABLE consents (
    lead_id TEXT NOT NULL,
    month TEXT NOT NULL,
    subject TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (lead_id, subject)
) /* keyed */;

-- Idempotency, for 30 days. `endpoint` is part of the scope. The request says whether it has been answered.
CREATE TABLE idempotency (
    seller_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    request_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (seller_id, endpoint, idempotency_key)
) /* keyed */;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
CREATE INDEX idempotency_request ON idempotency (request_id);

-- Who holds a consumer: one row per (scope, keyed hash), taken by the insert and given back when the lead
-- ends unsold, so an unsold post never burns the lead.
CREATE TABLE claims (
    scope TEXT NOT NULL,
    hash BYTEA NOT NULL,
    lead_id TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    sold BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (scope, hash)
) /* keyed */;
CREATE INDEX claims_lead ON claims (lead_id);
CREATE INDEX claims_expiry ON claims (expires_at);

CREATE TABLE quotes (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    document TEXT NOT NULL,
    payout_units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_by TEXT
);
CREATE INDEX quotes_lead ON quotes (lead_id);
CREATE INDEX quotes_used_by ON quotes (used_by) WHERE used_by IS NOT NULL;

-- One delivery to one buyer. The partial indexes are promise 2: a slot and a leg are taken once.
CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    contract_version BIGINT NOT NULL,
    leg TEXT NOT NULL,
    slot BIGINT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    exclusive BIGINT NOT NULL,
    price_units BIGINT NOT NULL,
    promised_units BIGINT,
    currency TEXT NOT NULL,
    buyer_reference TEXT,
    tries BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    settle_after BIGINT,
    mode TEXT NOT NULL,
    bid_reference TEXT,
    leg_reference TEXT
);
CREATE UNIQUE INDEX attempts_slot ON attempts (lead_id, slot)
    WHERE state IN ('reserved', 'sending', 'accepted', 'pending', 'unclear');
CREATE UNIQUE INDEX attempts_leg ON attempts (lead_id, leg)
    WHERE state IN ('reserved', 'sending', 'accepted', 'pending', 'unclear');
CREATE UNIQUE INDEX attempts_reference ON attempts (reference);
CREATE INDEX attempts_lead ON attempts (lead_id);
CREATE INDEX attempts_open ON attempts (state, made_at) WHERE state IN ('reserved', 'sending', 'pending', 'unclear');

CREATE TABLE sales (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    attempt_id TEXT NOT NULL UNIQUE,
    campaign_id TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    contract_version BIGINT NOT NULL,
    leg TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_units BIGINT NOT NULL,
    payout_units BIGINT NOT NULL,
    buyer_reference TEXT,
    redirect TEXT,
    phone_index BYTEA,
    email_index BYTEA,
    mode TEXT NOT NULL,
    accepted_at BIGINT NOT NULL
);
CREATE INDEX sales_lead ON sales (lead_id);
CREATE INDEX sales_buyer ON sales (buyer_id, accepted_at, id);
CREATE INDEX sales_reference ON sales (buyer_reference) WHERE buyer_reference IS NOT NULL;
CREATE INDEX sales_time ON sales (accepted_at, id);
CREATE INDEX sales_phone ON sales (phone_index, buyer_id) WHERE phone_index IS NOT NULL;
CREATE INDEX sales_email ON sales (email_index, buyer_id) WHERE email_index IS NOT NULL;

-- One row per request that was decided: every step, check, bid and choice (nothing personal), for ever.
CREATE TABLE trails (
    request_id TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    month TEXT NOT NULL,
    document BYTEA NOT NULL,
    PRIMARY KEY (lead_id, request_id)
);

-- Requests and replies of one round with buyers, sealed; kept by retention class.
CREATE TABLE wires (
    id TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    month TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    retention TEXT NOT NULL,
    PRIMARY KEY (lead_id, id)
);
CREATE INDEX wires_retention ON wires (retention, made_at);

CREATE TABLE dispositions (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    sale_id TEXT NOT NULL REFERENCES sales (id),
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    note TEXT NOT NULL,
    value_units BIGINT,
    at BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    told_by TEXT NOT NULL,
    UNIQUE (sale_id, kind, at)
);
CREATE INDEX dispositions_lead ON dispositions (lead_id);

-- What happened to a lead outside a request: settlements, recoveries, postbacks, reveals.
CREATE TABLE lead_events (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sentence TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX lead_events_lead ON lead_events (lead_id);

-- Answers no rule matched, per contract: counted, with the last sample's wire row.
CREATE TABLE unmapped (
    contract_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    shape BYTEA NOT NULL,
    times BIGINT NOT NULL,
    lead_id TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (contract_id, stage, shape)
);

-- sqlite:
CREATE TRIGGER consents_no_update BEFORE UPDATE ON consents BEGIN SELECT RAISE(ABORT, 'consents are never changed'); END;
-- postgresql:
CREATE FUNCTION refuse_consent_update() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'consents are never changed'; END $$;
CREATE TRIGGER consents_no_update BEFORE UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION refuse_consent_update();
-- all:
