-- What sources and buyers bring, by day of the lead: counted from what happened, so that it can be counted again.

-- What became of each live sale, as far as buyers said. day: of the sale, since the epoch. Times are null until told.
-- ended_at: a report after which no conversion comes. returned_at: asked back, and not declined. bad_at: that, or a
-- report that nobody real was behind it. lost_units: given back.
CREATE TABLE sale_outcomes (
    sale_id TEXT PRIMARY KEY,
    lead_id TEXT NOT NULL,
    sold_at BIGINT NOT NULL,
    day BIGINT NOT NULL,
    vertical TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_units BIGINT NOT NULL,
    payout_units BIGINT NOT NULL,
    lost_units BIGINT NOT NULL,
    contacted_at BIGINT,
    converted_at BIGINT,
    ended_at BIGINT,
    returned_at BIGINT,
    bad_at BIGINT
) /* keyed */;
CREATE INDEX sale_outcomes_contacted ON sale_outcomes (vertical, contacted_at) WHERE contacted_at IS NOT NULL;
CREATE INDEX sale_outcomes_converted ON sale_outcomes (vertical, converted_at) WHERE converted_at IS NOT NULL;
CREATE INDEX sale_outcomes_returned ON sale_outcomes (vertical, returned_at) WHERE returned_at IS NOT NULL;
CREATE INDEX sale_outcomes_bad ON sale_outcomes (vertical, bad_at) WHERE bad_at IS NOT NULL;

-- The same by day and way: one row for each sub id and buyer.
CREATE TABLE sale_days (
    day BIGINT NOT NULL,
    vertical TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    sold BIGINT NOT NULL,
    contacted BIGINT NOT NULL,
    converted BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    bad BIGINT NOT NULL,
    price_units BIGINT NOT NULL,
    payout_units BIGINT NOT NULL,
    lost_units BIGINT NOT NULL,
    PRIMARY KEY (day, vertical, seller_id, sub_id, buyer_id, currency)
) /* keyed */;

-- Live posts of a day by sub id. refused: by any check. fraud: by the screen, or part of a burst or farm seen later;
-- days are counted again, so these never include leads of a sub id that was shut out. passed: buyers were asked.
CREATE TABLE source_days (
    day BIGINT NOT NULL,
    vertical TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    leads BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    duplicate BIGINT NOT NULL,
    fraud BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    sold BIGINT NOT NULL,
    PRIMARY KEY (day, vertical, seller_id, sub_id)
) /* keyed */;

-- Posts to buyers of a day. posts: answered yes or no. bid_units and price_units: of those taken. lowered: taken for
-- less than was bid. refused_alive: refused, and the lead was sold to another.
CREATE TABLE post_days (
    day BIGINT NOT NULL,
    vertical TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    posts BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    lowered BIGINT NOT NULL,
    bid_units BIGINT NOT NULL,
    price_units BIGINT NOT NULL,
    refused_alive BIGINT NOT NULL,
    PRIMARY KEY (day, vertical, seller_id, buyer_id, contract_id, currency)
) /* keyed */;

-- How far all this is counted: reports up to (at, sale_id), days before `day`.
CREATE TABLE quality_seen (
    one BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    sale_id TEXT NOT NULL,
    day BIGINT NOT NULL
);
INSERT INTO quality_seen (one, at, sale_id, day) VALUES (1, 0, '', 0);
