-- Documents over the books: the periods of each account, what was issued for them, and their numbers without a gap.

-- One period after another, each from where the one before ended; the unique index lets one issuer take each.
CREATE TABLE money_periods (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    since_position BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    until_position BIGINT NOT NULL,
    balance_units BIGINT NOT NULL, -- of the account at its end
    made_at BIGINT NOT NULL,
    PRIMARY KEY (account, currency, until_at),
    UNIQUE (account, currency, since_at)
) /* keyed */;

-- kind: invoice, credit_note, cancellation (both in series CN), statement, payout. Never changed (triggers below), and
-- sealed in a chain of their own. `document` is JSON: whom it is for, its lines, its tax.
CREATE TABLE statements (
    number TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    series TEXT NOT NULL,
    year BIGINT NOT NULL,
    place BIGINT NOT NULL,
    kind TEXT NOT NULL,
    party_id TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    since_at BIGINT NOT NULL,
    since_position BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    until_position BIGINT NOT NULL,
    net_units BIGINT NOT NULL,
    tax_units BIGINT NOT NULL,
    rounding_units BIGINT NOT NULL,
    total_units BIGINT NOT NULL,
    opening_units BIGINT NOT NULL,
    closing_units BIGINT NOT NULL,
    corrects TEXT,
    replaces TEXT,
    reference TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    due_at BIGINT,
    document TEXT NOT NULL,
    UNIQUE (series, year, place)
) /* keyed */;
CREATE INDEX statements_account ON statements (account, issued_at, number);
CREATE INDEX statements_kind ON statements (kind, issued_at, number);
CREATE INDEX statements_corrects ON statements (corrects) WHERE corrects IS NOT NULL;
-- An invoice is taken back once and replaced once; its returns of one period are credited once.
CREATE UNIQUE INDEX statements_cancelled ON statements (corrects) WHERE kind = 'cancellation';
CREATE UNIQUE INDEX statements_replaced ON statements (replaces) WHERE replaces IS NOT NULL;
CREATE UNIQUE INDEX statements_credited ON statements (corrects, until_at) WHERE kind = 'credit_note';
CREATE UNIQUE INDEX statements_once ON statements (account, currency, until_at, kind)
    WHERE replaces IS NULL AND corrects IS NULL;

-- The last number given in each series and year. Its row is the lock: a unit that fails gives its number back.
CREATE TABLE statement_numbers (
    series TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (series, year)
) /* keyed */;

-- What was asked of a payment provider. state: made, sent, paid, failed, given_up. A crossing of the threshold is
-- charged once. `made_by` is who asked for it, `auto` when nobody did.
CREATE TABLE charges (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    units BIGINT NOT NULL,
    provider TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    session_id TEXT,
    intent_id TEXT,
    crossing BIGINT,
    tries BIGINT NOT NULL,
    why TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
) /* keyed */;
CREATE INDEX charges_buyer ON charges (buyer_id, made_at, id);
CREATE UNIQUE INDEX charges_session ON charges (provider, session_id) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX charges_intent ON charges (provider, intent_id) WHERE intent_id IS NOT NULL;
CREATE UNIQUE INDEX charges_crossing ON charges (buyer_id, crossing) WHERE crossing IS NOT NULL;

-- The means of payment that a buyer let the provider keep: their names there, no number of a card.
CREATE TABLE payment_methods (
    buyer_id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    method_id TEXT NOT NULL,
    label TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- state: on, off, stopped (and `why`). `crossing` counts how often a charge began because the balance was too low.
CREATE TABLE auto_top_ups (
    buyer_id TEXT PRIMARY KEY,
    currency TEXT NOT NULL,
    threshold_units BIGINT NOT NULL,
    amount_units BIGINT NOT NULL,
    most_per_day BIGINT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    crossing BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);

-- Every event a provider sent, once; what it moved is in the books under a reference of its own.
CREATE TABLE provider_events (
    provider TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    done TEXT NOT NULL,
    PRIMARY KEY (provider, event_id)
) /* keyed */;
CREATE INDEX provider_events_time ON provider_events (received_at, event_id);

-- Letters that go once, whoever looks and however often: by what they are about.
CREATE TABLE letters_once (
    once TEXT PRIMARY KEY,
    made_at BIGINT NOT NULL
);

-- How the books were found when they were last checked, once an hour. An unsound one locks payouts.
CREATE TABLE ledger_checks (
    at BIGINT PRIMARY KEY,
    entries BIGINT NOT NULL,
    documents BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    sound BIGINT NOT NULL,
    sums TEXT NOT NULL,
    flaws TEXT NOT NULL
);

-- sqlite:
CREATE TRIGGER statements_no_update BEFORE UPDATE ON statements
BEGIN SELECT RAISE(ABORT, 'an issued document is never changed: issue a credit note'); END;
CREATE TRIGGER statements_no_delete BEFORE DELETE ON statements
BEGIN SELECT RAISE(ABORT, 'an issued document is never deleted: issue a credit note'); END;
CREATE TRIGGER money_periods_no_update BEFORE UPDATE ON money_periods
BEGIN SELECT RAISE(ABORT, 'a period that was closed is never changed'); END;
CREATE TRIGGER money_periods_no_delete BEFORE DELETE ON money_periods
BEGIN SELECT RAISE(ABORT, 'a period that was closed is never opened again'); END;

-- postgresql:
CREATE TRIGGER statements_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON statements
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER money_periods_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON money_periods
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
