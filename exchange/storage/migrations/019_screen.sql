-- What the fraud screen saw of each live post and made of it. Keys are keyed hashes; nothing here names a person.

-- maker: browser or device. signals, teaches: names with a blank between; `teaches` are those that others bore out.
-- outcome: passed, flagged, held or refused. alert_id: the burst or farm it belongs to. label: good or bad, once known.
CREATE TABLE screened (
    lead_id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    at BIGINT NOT NULL,
    noted_at BIGINT NOT NULL,
    seller_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    address BYTEA,
    maker BYTEA,
    phone BYTEA,
    email BYTEA,
    form_ms BIGINT,
    fraud BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    signals TEXT NOT NULL,
    teaches TEXT NOT NULL,
    alert_id TEXT,
    label TEXT,
    labelled_at BIGINT
) /* keyed */;
CREATE INDEX screened_noted ON screened (noted_at);
CREATE INDEX screened_source ON screened (seller_id, sub_id, at);
CREATE INDEX screened_spoken ON screened (at) WHERE signals <> '';
CREATE INDEX screened_alert ON screened (alert_id) WHERE alert_id IS NOT NULL;

-- A burst, a farm or a harvest. began_at: its first lead. leads: how many belong to it. state: open or closed.
CREATE TABLE screen_alerts (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    leads BIGINT NOT NULL,
    detail TEXT NOT NULL,
    state TEXT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT,
    note TEXT NOT NULL
) /* keyed */;
CREATE INDEX screen_alerts_state ON screen_alerts (state, last_at);
CREATE INDEX screen_alerts_source ON screen_alerts (seller_id, sub_id, last_at);

-- Sub ids that a person shut out, whatever the campaign. Undone by taking the row away; the audit log keeps both.
CREATE TABLE screen_blocks (
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (seller_id, sub_id)
) /* keyed */;
