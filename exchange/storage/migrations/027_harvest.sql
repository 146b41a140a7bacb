-- What sellers ping, post and try again, counted by all nodes together.

-- hour: whole hours since 1970. Every node adds what it saw.
CREATE TABLE harvest_hours (
    seller_id TEXT NOT NULL,
    hour BIGINT NOT NULL,
    pings BIGINT NOT NULL,
    posts BIGINT NOT NULL,
    PRIMARY KEY (seller_id, hour)
) /* keyed */;

-- kind: visitor, zip, posted or refused. item_key: a keyed hash, or a ZIP code. said: a keyed hash of the answers.
CREATE TABLE harvest_marks (
    id TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    item_key BYTEA NOT NULL,
    at BIGINT NOT NULL,
    said BIGINT NOT NULL,
    reason TEXT NOT NULL
) /* keyed */;
CREATE INDEX harvest_marks_noted ON harvest_marks (noted_at, id);
