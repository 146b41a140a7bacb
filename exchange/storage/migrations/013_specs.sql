-- Posting instructions as they stood, a row whenever they changed; and what a seller's own test traffic has shown.

CREATE TABLE specs (
    campaign_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    document TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, number)
);

-- step: ping, post, rejection or postback.
CREATE TABLE certificate_steps (
    campaign_id TEXT NOT NULL,
    step TEXT NOT NULL,
    passed_at BIGINT NOT NULL,
    PRIMARY KEY (campaign_id, step)
) /* keyed */;
