-- What brought leads: links that are clicked, what was seen before a lead, what media cost, what ad platforms are told.

-- target: where the link leads; nothing in a request can change it. state: active or ended.
CREATE TABLE tracking_links (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    campaign TEXT NOT NULL,
    creative TEXT NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    clicks BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
);
CREATE INDEX tracking_links_made ON tracking_links (made_at, id);

-- kind: click (of a link) or landing. visitor: a keyed hash of the page's own id, only where somebody agreed to it.
CREATE TABLE touches (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    link_id TEXT,
    visitor BYTEA,
    source TEXT NOT NULL,
    campaign TEXT NOT NULL,
    creative TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    page TEXT NOT NULL
) /* keyed */;
CREATE INDEX touches_visitor ON touches (visitor, at) WHERE visitor IS NOT NULL;
CREATE INDEX touches_time ON touches (at, id);

-- The path of one lead: JSON, its touches oldest first, the one it came by last.
CREATE TABLE journeys (
    lead_id TEXT PRIMARY KEY,
    arrived_at BIGINT NOT NULL,
    seller_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    vertical TEXT NOT NULL,
    currency TEXT NOT NULL,
    path TEXT NOT NULL
) /* keyed */;
CREATE INDEX journeys_time ON journeys (arrived_at, lead_id);

CREATE TABLE attribution_progress (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    seen_at BIGINT NOT NULL
);
INSERT INTO attribution_progress (one, seen_at) VALUES (1, 0);

-- What was spent on a day; the last word on one counts. day: 2026-11-20.
CREATE TABLE media_costs (
    day TEXT NOT NULL,
    source TEXT NOT NULL,
    campaign TEXT NOT NULL,
    creative TEXT NOT NULL,
    currency TEXT NOT NULL,
    units BIGINT NOT NULL CHECK (units >= 0),
    clicks BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (day, source, campaign, creative, currency)
) /* keyed */;

-- Files of costs: the same bytes are one file.
CREATE TABLE media_files (
    file_hash BYTEA PRIMARY KEY,
    name TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
);

-- An account at an advertising platform. document: JSON without a secret. since: sales from then on are told.
CREATE TABLE ad_accounts (
    id TEXT PRIMARY KEY,
    platform TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    secrets BYTEA,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
);

-- What a platform is told of a lead: number 0 is the conversion, what follows corrects it. state: waiting, sent,
-- refused, skipped. units: the worth after it.
CREATE TABLE conversions (
    account_id TEXT NOT NULL REFERENCES ad_accounts (id),
    lead_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    happened_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (account_id, lead_id, number)
) /* keyed */;
CREATE INDEX conversions_made ON conversions (account_id, made_at, lead_id, number);
CREATE INDEX conversions_lead ON conversions (lead_id);
