-- Which prices were bid for a lead, by size (a quarter of a unit of money): what a bar of the bid landscape lists.
CREATE TABLE lead_bids (
    lead_id TEXT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (lead_id, size)
) /* keyed */;
