-- Answered posts of a day by sub id and buyer, for as long as shaving is looked for. Counted again with its day.
CREATE TABLE post_source_days (
    day BIGINT NOT NULL,
    vertical TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    posts BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (vertical, day, seller_id, sub_id, buyer_id)
) /* keyed */;
-- The last five weeks are counted once more, and so by sub id too.
UPDATE quality_seen SET day = CASE WHEN day > 36 THEN day - 36 ELSE 0 END WHERE one = 1;
