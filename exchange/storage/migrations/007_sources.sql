-- Sources: where leads are fetched or sent to that are no requests of the API, and every message that came from them.

-- What is known of each source beside its document. `cursor` is its poller's own word for how far it has come.
CREATE TABLE sources (
    source TEXT PRIMARY KEY,
    cursor TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    last_at BIGINT,
    paused_at BIGINT,
    failures BIGINT NOT NULL,
    last_error TEXT,
    last_items BIGINT NOT NULL,
    items BIGINT NOT NULL
) /* keyed */;

-- One per message for good: the insert decides what came before. `item_key` is a keyed hash, because what a message is
-- called may name somebody. state: waiting, taken or failed.
CREATE TABLE source_items (
    source TEXT NOT NULL,
    item_key TEXT NOT NULL,
    id TEXT NOT NULL,
    month TEXT NOT NULL,
    at BIGINT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    request_id TEXT,
    lead_id TEXT,
    status TEXT,
    reason TEXT,
    sealed BYTEA,
    PRIMARY KEY (source, item_key)
) /* keyed */;
CREATE INDEX source_items_time ON source_items (source, at, id);
CREATE INDEX source_items_id ON source_items (id);
CREATE INDEX source_items_lead ON source_items (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX source_items_sealed ON source_items (at) WHERE sealed IS NOT NULL;
