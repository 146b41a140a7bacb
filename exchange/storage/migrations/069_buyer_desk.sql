-- What the people of the exchange note about a buyer, and what a buyer asks to have changed in its terms.

CREATE TABLE buyer_notes (
    id TEXT PRIMARY KEY,
    buyer_id TEXT NOT NULL REFERENCES buyers (id),
    at BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX buyer_notes_buyer ON buyer_notes (buyer_id, at, id);

-- `state` is open, done or declined; `answer` is what the buyer reads.
CREATE TABLE change_requests (
    id TEXT PRIMARY KEY,
    buyer_id TEXT NOT NULL REFERENCES buyers (id),
    contract_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    by_name TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    answer TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT
);
CREATE INDEX change_requests_buyer ON change_requests (buyer_id, at, id);
CREATE INDEX change_requests_open ON change_requests (at, id) WHERE state = 'open';
