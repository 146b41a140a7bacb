-- Many deliveries sent again by one order. state: running, done or stopped; wanted: run or stop. per_minute: its pace.
CREATE TABLE resend_runs (
    id TEXT PRIMARY KEY,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    duty TEXT NOT NULL,
    told TEXT NOT NULL,
    per_minute BIGINT NOT NULL,
    state TEXT NOT NULL,
    wanted TEXT NOT NULL,
    total BIGINT NOT NULL,
    ended_at BIGINT
) /* keyed */;
CREATE INDEX resend_runs_time ON resend_runs (made_at, id);

-- state: waiting, going (it may have gone out, and is not sent twice), sent, refused, unsure or left.
CREATE TABLE resend_items (
    run_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    attempt_id TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (run_id, place)
) /* keyed */;
CREATE UNIQUE INDEX resend_items_open ON resend_items (attempt_id) WHERE state IN ('waiting', 'going');
