-- The store's shelf: leads that leave it early, searches that are mailed, many leads bought at once.

-- lists_seen: the version of the suppression lists that the consumer was last held against. gone: why the lead left
-- before its days were over.
ALTER TABLE store_items ADD COLUMN lists_seen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE store_items ADD COLUMN gone TEXT;
ALTER TABLE store_items ADD COLUMN gone_at BIGINT;
CREATE INDEX store_items_unseen ON store_items (lists_seen, lead_id) WHERE state = 'listed';

-- mail: hourly, daily or never. mailed_at: when a mail last told of it; told_until: of what was listed until then.
ALTER TABLE saved_searches ADD COLUMN mail TEXT NOT NULL DEFAULT 'hourly';
ALTER TABLE saved_searches ADD COLUMN mailed_at BIGINT;
ALTER TABLE saved_searches ADD COLUMN told_until BIGINT;

-- Kinds of mail that somebody does not want.
CREATE TABLE mail_stops (
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (user_id, kind)
) /* keyed */;

-- Many leads bought by one call. The claims carry its id, so that what it spent is their sum whatever is repeated.
-- busy_until: somebody is at it till then.
CREATE TABLE store_orders (
    id TEXT PRIMARY KEY,
    buyer_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    wanted TEXT NOT NULL,
    limit_units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    most BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    busy_until BIGINT NOT NULL,
    ended_at BIGINT,
    why TEXT,
    UNIQUE (buyer_id, reference)
) /* keyed */;
ALTER TABLE store_claims ADD COLUMN order_id TEXT;
CREATE INDEX store_claims_order ON store_claims (order_id) WHERE order_id IS NOT NULL;
