-- Who may see a lead of the store, where its rule names them: from when on. narrow: nobody else does.
ALTER TABLE store_items ADD COLUMN narrow BIGINT NOT NULL DEFAULT 0;
CREATE TABLE store_seen_by (
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    PRIMARY KEY (lead_id, buyer_id)
) /* keyed */;
