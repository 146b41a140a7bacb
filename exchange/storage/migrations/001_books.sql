-- The books: transactions with their postings, account balances, caps, holds, the audit log, and the chain of seals.

CREATE TABLE transactions (
    reference TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    cause TEXT NOT NULL,
    reverses TEXT,
    digest TEXT NOT NULL
) /* keyed */;
CREATE INDEX transactions_cause ON transactions (cause);
-- What was sold is reversed once, whoever asks and however often.
CREATE UNIQUE INDEX transactions_reversed ON transactions (reverses) WHERE kind = 'reversal';

-- Money moves from source to destination. No foreign key: every sale would pay for it, and verify looks for strays.
CREATE TABLE postings (
    reference TEXT NOT NULL,
    line BIGINT NOT NULL,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    units BIGINT NOT NULL CHECK (units >= 0),
    currency TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (reference, line),
    CHECK (source <> destination)
) /* keyed */;
CREATE INDEX postings_source ON postings (source, at);
CREATE INDEX postings_destination ON postings (destination, at);

-- One row per account of a party; house accounts and the bank have none, or every sale would queue there.
-- posted_units is what came in minus what went out; free to spend is limit_units + posted_units - held_units.
CREATE TABLE account_balances (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    posted_units BIGINT NOT NULL,
    held_units BIGINT NOT NULL,
    limit_units BIGINT NOT NULL,
    PRIMARY KEY (account, currency)
) /* keyed */;

CREATE TABLE cap_use (
    key TEXT NOT NULL,
    window_start BIGINT NOT NULL,
    used_units BIGINT NOT NULL,
    most_units BIGINT NOT NULL,
    PRIMARY KEY (key, window_start)
) /* keyed */;
CREATE INDEX cap_use_window ON cap_use (window_start);

-- What one attempt set aside. what: count, money (both caps) or account; posted_units once it is posted.
CREATE TABLE holds (
    attempt_id TEXT NOT NULL,
    what TEXT NOT NULL,
    key TEXT NOT NULL,
    window_start BIGINT NOT NULL,
    amount_units BIGINT NOT NULL,
    posted_units BIGINT,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (attempt_id, what, key)
) /* keyed */;
CREATE INDEX holds_open ON holds (what, key) WHERE state = 'held';

CREATE TABLE audit_lines (
    id TEXT NOT NULL,
    month TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    ip TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT,
    PRIMARY KEY (id, month)
);
CREATE INDEX audit_lines_time ON audit_lines (at, id);
CREATE INDEX audit_lines_subject ON audit_lines (subject, at);

-- Rows wait here until the sealer gives them their place in the chain.
CREATE TABLE unsealed (
    chain TEXT NOT NULL,
    at BIGINT NOT NULL,
    row_id TEXT NOT NULL,
    PRIMARY KEY (chain, at, row_id)
) /* keyed */;

CREATE TABLE seals (
    chain TEXT NOT NULL,
    position BIGINT NOT NULL,
    row_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain, position),
    UNIQUE (chain, row_id)
) /* keyed */;

-- The last seal of each chain. Its row is the lock that lets one sealer work at a time.
CREATE TABLE chain_heads (
    chain TEXT PRIMARY KEY,
    position BIGINT NOT NULL,
    hash TEXT NOT NULL
);

-- sqlite:
CREATE TRIGGER transactions_no_update BEFORE UPDATE ON transactions
BEGIN SELECT RAISE(ABORT, 'transactions are never changed: book a reversal'); END;
CREATE TRIGGER transactions_no_delete BEFORE DELETE ON transactions
BEGIN SELECT RAISE(ABORT, 'transactions are never deleted: book a reversal'); END;
CREATE TRIGGER postings_no_update BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are never changed: book a reversal'); END;
CREATE TRIGGER postings_no_delete BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'postings are never deleted: book a reversal'); END;
CREATE TRIGGER audit_lines_no_update BEFORE UPDATE ON audit_lines
BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_lines_no_delete BEFORE DELETE ON audit_lines
BEGIN SELECT RAISE(ABORT, 'the audit log is never deleted'); END;
CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are never changed'); END;
CREATE TRIGGER seals_no_delete BEFORE DELETE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are never deleted'); END;

-- postgresql:
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append only: % is refused', TG_TABLE_NAME, TG_OP; END $$;
CREATE TRIGGER transactions_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON postings
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_lines_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_lines
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seals_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
