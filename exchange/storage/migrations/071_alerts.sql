-- What needs a person now: one open alert for each cause, however many nodes see it and however often.

-- cause: what kind of trouble, and with what. rule: the one that saw it as it is now; level: how bad, of the rules that
-- share a cause. acts: links and forms as JSON. units and leads: what is at stake in an hour. seen_at: last found so;
-- level_at: last found as bad as it is told. times: how often it came back within its life. muted_until: -1 is until
-- it is over. closed_by: a person, or the exchange when the cause ended.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    rule TEXT NOT NULL,
    about TEXT NOT NULL,
    level BIGINT NOT NULL,
    weight BIGINT NOT NULL,
    title TEXT NOT NULL,
    effect TEXT NOT NULL,
    likely TEXT NOT NULL,
    acts TEXT NOT NULL,
    units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    leads BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    level_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    owner TEXT NOT NULL,
    muted_until BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT NOT NULL,
    note TEXT NOT NULL
) /* keyed */;
CREATE UNIQUE INDEX alerts_open ON alerts (cause) WHERE closed_at IS NULL;
CREATE INDEX alerts_closed ON alerts (closed_at, id) WHERE closed_at IS NOT NULL;

-- Rules that somebody changed; the others are as the program has them. active: 0 or 1.
CREATE TABLE alert_rules (
    rule TEXT PRIMARY KEY,
    active BIGINT NOT NULL,
    first BIGINT NOT NULL,
    second BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
) /* keyed */;

-- When the nodes last looked, by kind of look: whoever moves it on looks for all.
CREATE TABLE alert_turns (
    name TEXT PRIMARY KEY,
    at BIGINT NOT NULL
) /* keyed */;

-- How often something was counted in all when it was looked at, and how much more that was than before.
CREATE TABLE alert_counts (
    about TEXT NOT NULL,
    at BIGINT NOT NULL,
    total BIGINT NOT NULL,
    more BIGINT NOT NULL,
    PRIMARY KEY (about, at)
) /* keyed */;
