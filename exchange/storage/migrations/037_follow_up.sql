-- What becomes of a bought lead at its buyer: who of its people works on it, how far it has come, who was reminded.

-- What somebody of a buyer does there: admin, agent or finance. Empty for everybody else, and for an admin.
ALTER TABLE users ADD COLUMN duty TEXT NOT NULL DEFAULT '';

-- terms: JSON, what they work on and when. turn_at: when they last got a lead.
CREATE TABLE agents (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    buyer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    terms TEXT NOT NULL,
    turn_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX agents_buyer ON agents (buyer_id, user_id);

-- A buyer that has a row follows its leads, those sold from `since` on. seen_at: sales up to then are taken up.
CREATE TABLE follow_rules (
    buyer_id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);

-- One bought lead. kind and stage are copies of what its dispositions say, made under the vertical's mapping of that
-- name. state: waiting, assigned, escalated (the admins have it), closed. due_at: when it is handed on.
CREATE TABLE follow_ups (
    sale_id TEXT PRIMARY KEY,
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    vertical TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    agent_id TEXT,
    kind TEXT,
    stage TEXT NOT NULL,
    mapping TEXT NOT NULL,
    delivered_at BIGINT NOT NULL,
    assigned_at BIGINT,
    opened_at BIGINT,
    first_touch_at BIGINT,
    due_at BIGINT,
    tried_at BIGINT NOT NULL,
    times_back BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX follow_ups_buyer ON follow_ups (buyer_id, delivered_at, sale_id);
CREATE INDEX follow_ups_agent ON follow_ups (agent_id, delivered_at, sale_id);
CREATE INDEX follow_ups_lead ON follow_ups (lead_id);
CREATE INDEX follow_ups_mapping ON follow_ups (vertical, mapping);
CREATE INDEX follow_ups_waiting ON follow_ups (tried_at, sale_id) WHERE state = 'waiting';
CREATE INDEX follow_ups_due ON follow_ups (due_at, sale_id) WHERE due_at IS NOT NULL;

-- What happened to it beside its dispositions: assigned, handed back, escalated, called, written to, reminded.
CREATE TABLE follow_events (
    id TEXT PRIMARY KEY,
    sale_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    agent_id TEXT,
    told_by TEXT NOT NULL
);
CREATE INDEX follow_events_sale ON follow_events (sale_id, at, id);

-- note: sealed with the lead's own data key. state: open, told, done.
CREATE TABLE reminders (
    id TEXT PRIMARY KEY,
    sale_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    note BYTEA NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX reminders_sale ON reminders (sale_id, at, id);
CREATE INDEX reminders_open ON reminders (at, id) WHERE state = 'open';
CREATE INDEX reminders_agent ON reminders (agent_id, at, id);
