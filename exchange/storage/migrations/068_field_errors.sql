-- Which fields of a seller's requests were wrong, counted by day (UTC, since the epoch), campaign, field and code; and
-- the newest lead it was so with.
CREATE TABLE field_errors (
    day BIGINT NOT NULL,
    seller_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    times BIGINT NOT NULL,
    lead_id TEXT NOT NULL,
    PRIMARY KEY (seller_id, day, campaign_id, mode, field, code)
) /* keyed */;
