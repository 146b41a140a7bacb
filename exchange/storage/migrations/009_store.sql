-- Leads that nobody bought in their auction, listed for buyers to take, and who holds them.

-- card: what buyers see, without a personal value. rule: the prices it was listed under. state: listed, sold or over.
CREATE TABLE store_items (
    lead_id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    vertical TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    us_state TEXT,
    grade TEXT,
    card TEXT NOT NULL,
    rule TEXT NOT NULL,
    currency TEXT NOT NULL,
    listed_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    views BIGINT NOT NULL
) /* keyed */;
CREATE INDEX store_items_listed ON store_items (vertical, listed_at, lead_id) WHERE state = 'listed';
CREATE INDEX store_items_ends ON store_items (ends_at) WHERE state = 'listed';

-- state: held, buying (confirmed, being booked), bought, released or lapsed. Who comes second finds the slot taken.
CREATE TABLE store_claims (
    id TEXT PRIMARY KEY,
    lead_id TEXT NOT NULL,
    slot BIGINT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    price_units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    attempt_id TEXT
) /* keyed */;
CREATE UNIQUE INDEX store_claims_slot ON store_claims (lead_id, slot) WHERE state IN ('held', 'buying', 'bought');
CREATE UNIQUE INDEX store_claims_buyer ON store_claims (lead_id, buyer_id) WHERE state IN ('held', 'buying', 'bought');
CREATE INDEX store_claims_open ON store_claims (expires_at) WHERE state IN ('held', 'buying');
CREATE INDEX store_claims_of ON store_claims (buyer_id, made_at);

CREATE TABLE saved_searches (
    id TEXT PRIMARY KEY,
    buyer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    wanted TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    found BIGINT NOT NULL,
    found_at BIGINT
) /* keyed */;
CREATE INDEX saved_searches_buyer ON saved_searches (buyer_id, id);
