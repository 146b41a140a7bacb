-- Rules as somebody drafts them, by what they are drafted for: a person's simulator, a campaign's ping tree.
CREATE TABLE drafts (
    subject TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
) /* keyed */;

-- What recorded leads would have brought under a draft. state: waiting, running, done, cancelled or failed; wanted: run or cancel.
CREATE TABLE simulations (
    id TEXT PRIMARY KEY,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    span TEXT NOT NULL,
    draft TEXT NOT NULL,
    seed BIGINT NOT NULL,
    state TEXT NOT NULL,
    wanted TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    result TEXT,
    problem TEXT,
    ended_at BIGINT
);
CREATE INDEX simulations_time ON simulations (made_at, id);

-- The leads that end otherwise, each as it went and as it would go.
CREATE TABLE simulation_leads (
    simulation_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    lead_id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (simulation_id, place)
) /* keyed */;
CREATE INDEX simulation_leads_lead ON simulation_leads (simulation_id, lead_id);
