-- Replies of buyers that were kept to try rules on, buyers half set up, and when an unmapped answer was first heard.

-- expected is an outcome of the rules. The reply is sealed under the master key: a buyer may echo what it was sent.
CREATE TABLE connection_samples (
    id TEXT PRIMARY KEY,
    connection TEXT NOT NULL,
    stage TEXT NOT NULL,
    label TEXT NOT NULL,
    expected TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
);
CREATE INDEX connection_samples_connection ON connection_samples (connection, made_at, id);

-- sealed holds what was typed at each step, a pasted sample with whatever is in it too. A draft that went live says when.
CREATE TABLE buyer_drafts (
    id TEXT PRIMARY KEY,
    step TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    ended_at BIGINT
);

ALTER TABLE unmapped ADD COLUMN first_at BIGINT;
