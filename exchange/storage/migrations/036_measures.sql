-- What is done about rotten sub ids. A rule of a vertical (empty: of all others) says what the exchange may do by
-- itself: suggest, cap or block. chance: in ten thousandths. Without a row everything is only suggested.
CREATE TABLE source_rules (
    vertical TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    chance BIGINT NOT NULL,
    leads BIGINT NOT NULL,
    bad BIGINT NOT NULL,
    days BIGINT NOT NULL,
    cap BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL
) /* keyed */;

-- Measures against a sub id. kind: cap or block. state: suggested, in_force, dismissed or undone. by_rule: 1 when no
-- person decided. The figures are those of the moment it was found.
CREATE TABLE source_measures (
    id TEXT PRIMARY KEY,
    vertical TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    cap BIGINT NOT NULL,
    state TEXT NOT NULL,
    by_rule BIGINT NOT NULL,
    chance BIGINT NOT NULL,
    share BIGINT NOT NULL,
    bar BIGINT NOT NULL,
    leads BIGINT NOT NULL,
    bad BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE UNIQUE INDEX source_measures_open ON source_measures (seller_id, sub_id)
    WHERE state <> 'dismissed' AND state <> 'undone';
CREATE INDEX source_measures_time ON source_measures (changed_at, id);
