-- How many posts of a day (UTC, since the epoch) a capped sub id has used, on all nodes together.
CREATE TABLE source_cap_use (
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    day BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (seller_id, sub_id)
) /* keyed */;
