-- Buyers on whose own suppression list the consumer of a lead on the shelf is: they do not see its card.
CREATE TABLE store_kept_from (
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    PRIMARY KEY (lead_id, buyer_id)
) /* keyed */;

-- What is on the shelf already is held against the lists once more.
UPDATE store_items SET lists_seen = 0 WHERE state = 'listed';
