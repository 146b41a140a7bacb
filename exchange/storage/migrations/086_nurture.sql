-- Nurture: plans that go on trying to sell what nobody bought, the leads in them, and what each step did.

-- document: the plan as JSON. seen_at: unsold leads that changed before were looked at.
CREATE TABLE nurture_plans (
    id TEXT PRIMARY KEY,
    mode TEXT NOT NULL,
    vertical TEXT NOT NULL,
    is_on BIGINT NOT NULL,
    document TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
) /* keyed */;

-- A lead is taken once, by one plan. worth_units: what a sold lead of its vertical brought on average when it came in.
-- passed_ms: the age of the last step done. due_at: when something is to be done with it next; NULL: nothing.
CREATE TABLE nurture_leads (
    lead_id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    worth_units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    passed_ms BIGINT NOT NULL,
    due_at BIGINT,
    state TEXT NOT NULL,
    left_at BIGINT,
    why TEXT,
    told TEXT
) /* keyed */;
CREATE INDEX nurture_leads_due ON nurture_leads (due_at) WHERE state = 'in';
CREATE INDEX nurture_leads_plan ON nurture_leads (plan_id, entered_at, lead_id);

-- outcome: NULL while it is under way. going: a message is on the wire.
CREATE TABLE nurture_steps (
    lead_id TEXT NOT NULL,
    step TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    after_ms BIGINT NOT NULL,
    at BIGINT NOT NULL,
    ended_at BIGINT,
    outcome TEXT,
    told TEXT NOT NULL,
    going BIGINT NOT NULL,
    revenue_units BIGINT NOT NULL,
    payout_units BIGINT NOT NULL,
    cost_units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (lead_id, step)
) /* keyed */;
CREATE INDEX nurture_steps_plan ON nurture_steps (plan_id, step, outcome);

CREATE INDEX leads_unsold ON leads (vertical, changed_at, id) WHERE state = 'unsold';

-- Whoever is sold has something to be done at once: it leaves.
-- sqlite:
CREATE TRIGGER leads_nurtured AFTER UPDATE OF state ON leads WHEN NEW.state = 'sold' AND OLD.state <> 'sold' BEGIN
UPDATE nurture_leads SET due_at = 0 WHERE lead_id = NEW.id AND state = 'in'; END;
-- postgresql:
CREATE FUNCTION nurture_is_over() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE nurture_leads SET due_at = 0 WHERE lead_id = NEW.id AND state = 'in';
    RETURN NULL;
END $$;
CREATE TRIGGER leads_nurtured AFTER UPDATE OF state ON leads FOR EACH ROW
WHEN (NEW.state = 'sold' AND OLD.state <> 'sold') EXECUTE FUNCTION nurture_is_over();
-- all:
