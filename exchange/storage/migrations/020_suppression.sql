-- Who must not be sold: lists, what was added to them one by one, consent taken back, and who was told of it.

-- Raised by every change below; a process that sees another number than its own reads the lists again.
CREATE TABLE suppression_version (
    one BIGINT PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO suppression_version (one, version) VALUES (1, 0);

-- file: the set of keys in the files' folder, empty before the first. folded: changes up to this version are in it.
-- dated_at: the day that the data are of. party: the vertical or the buyer whose list it is.
CREATE TABLE suppression_lists (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    party TEXT NOT NULL,
    purpose TEXT NOT NULL,
    us_state TEXT NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL,
    file TEXT NOT NULL,
    before_file TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    folded BIGINT NOT NULL,
    version BIGINT NOT NULL,
    dated_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX suppression_lists_name ON suppression_lists (scope, party, name, kind) WHERE removed_at IS NULL;

-- Single keys, until they are folded into their list's file. listed: 1 it came, 0 it went.
CREATE TABLE suppression_changes (
    list_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    item_key BYTEA NOT NULL,
    listed BIGINT NOT NULL,
    PRIMARY KEY (list_id, version, item_key)
) /* keyed */;
CREATE INDEX suppression_changes_version ON suppression_changes (version);

-- Files that were brought: how far each has come and what was wrong with it. problems: JSON, nothing personal.
-- wrapped: the key of the file while it waits, sealed, for its turn. options: JSON, how its rows are read.
CREATE TABLE suppression_loads (
    id TEXT PRIMARY KEY,
    list_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_wrong BIGINT NOT NULL,
    row_count BIGINT,
    problems TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    ended_at BIGINT,
    made_by TEXT NOT NULL,
    options TEXT NOT NULL,
    wrapped BYTEA
);
CREATE INDEX suppression_loads_time ON suppression_loads (began_at, id);

-- Consent taken back: written once. The consumer is known by keyed hashes alone. due_at: by then everybody must know.
CREATE TABLE revocations (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    revoked_at BIGINT NOT NULL,
    heard_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    phone_index BYTEA,
    email_index BYTEA,
    vertical TEXT NOT NULL,
    source TEXT NOT NULL,
    means TEXT NOT NULL,
    lead_id TEXT,
    actor TEXT NOT NULL,
    role TEXT NOT NULL
);
CREATE INDEX revocations_time ON revocations (heard_at, id);
CREATE INDEX revocations_phone ON revocations (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX revocations_email ON revocations (email_index) WHERE email_index IS NOT NULL;

-- Each recipient of the consumer's leads, and how it was told. state: waiting, sent, acknowledged, by_hand.
CREATE TABLE revocation_notices (
    id TEXT PRIMARY KEY,
    revocation_id TEXT NOT NULL REFERENCES revocations (id),
    attempt_id TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    way TEXT NOT NULL,
    detail TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    told_at BIGINT,
    UNIQUE (revocation_id, attempt_id)
);
CREATE INDEX revocation_notices_open ON revocation_notices (state, made_at) WHERE state IN ('waiting', 'sent', 'by_hand');

-- Each run over California's deletion lists. counts: JSON, by answer code.
CREATE TABLE drop_runs (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    list_type TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    erased BIGINT NOT NULL,
    counts TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX drop_runs_time ON drop_runs (at, id);

-- A consent record goes only with its lead's values: when their key was destroyed, or with a test lead.
-- sqlite:
CREATE TRIGGER consents_no_delete BEFORE DELETE ON consents
WHEN EXISTS (SELECT 1 FROM data_keys WHERE subject = OLD.subject AND wrapped IS NOT NULL)
    AND EXISTS (SELECT 1 FROM leads WHERE id = OLD.lead_id AND mode = 'live')
BEGIN SELECT RAISE(ABORT, 'consents are never removed'); END;
CREATE TRIGGER consent_texts_no_delete BEFORE DELETE ON consent_texts BEGIN SELECT RAISE(ABORT, 'consent texts are never removed'); END;
CREATE TRIGGER revocations_no_update BEFORE UPDATE ON revocations BEGIN SELECT RAISE(ABORT, 'revocations are never changed'); END;
CREATE TRIGGER revocations_no_delete BEFORE DELETE ON revocations BEGIN SELECT RAISE(ABORT, 'revocations are never removed'); END;
-- postgresql:
CREATE FUNCTION refuse_consent_delete() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM data_keys WHERE subject = OLD.subject AND wrapped IS NOT NULL)
        AND EXISTS (SELECT 1 FROM leads WHERE id = OLD.lead_id AND mode = 'live') THEN
        RAISE EXCEPTION 'consents are never removed';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER consents_no_delete BEFORE DELETE ON consents FOR EACH ROW EXECUTE FUNCTION refuse_consent_delete();
CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% are never changed or removed', TG_TABLE_NAME; END $$;
CREATE TRIGGER consent_texts_no_delete BEFORE DELETE ON consent_texts FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER revocations_no_change BEFORE UPDATE OR DELETE ON revocations FOR EACH ROW EXECUTE FUNCTION refuse_removal();
-- all:
