-- Forms that consumers fill in: each time one was opened, how far it came, and what became of it.

-- parent: the origin of the page it was shown in, empty on its own. step: the last one that was finished, 0 when it was
-- only looked at. sealed: what was sent, until its request has an answer; a repeat and a restart go on with it.
-- refused: why it was last taken for a robot's.
CREATE TABLE form_views (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    form TEXT NOT NULL,
    version TEXT NOT NULL,
    at BIGINT NOT NULL,
    sub_id1 TEXT,
    parent TEXT NOT NULL,
    step BIGINT NOT NULL,
    started_at BIGINT,
    refused TEXT,
    tries BIGINT NOT NULL,
    submitted_at BIGINT,
    sealed BYTEA,
    ended_at BIGINT,
    request_id TEXT,
    lead_id TEXT,
    status TEXT
) /* keyed */;
CREATE INDEX form_views_form ON form_views (form, at);

-- Every text that a form asked somebody to agree to, once. A consent record names its text by this hash.
CREATE TABLE consent_texts (
    hash TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    first_at BIGINT NOT NULL
);
ALTER TABLE consents ADD COLUMN text_hash TEXT;

-- sqlite:
CREATE TRIGGER consent_texts_no_update BEFORE UPDATE ON consent_texts BEGIN SELECT RAISE(ABORT, 'consent texts are never changed'); END;
-- postgresql:
CREATE FUNCTION refuse_consent_text_update() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'consent texts are never changed'; END $$;
CREATE TRIGGER consent_texts_no_update BEFORE UPDATE ON consent_texts FOR EACH ROW EXECUTE FUNCTION refuse_consent_text_update();
-- all:
