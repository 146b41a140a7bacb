-- Pictures that were the exchange's logo: each for good, by the hash of what it holds, so that a change can be undone.
CREATE TABLE logos (
    name TEXT PRIMARY KEY,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    body BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
);
