-- Saved reports that are mailed. every: daily, weekly (on Mondays) or monthly (on the first), at an hour of the
-- exchange's zone. Each reader has a row of its own, and reads the report with its own rights.
CREATE TABLE report_mails (
    id TEXT PRIMARY KEY,
    view_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    every TEXT NOT NULL,
    hour BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    mailed_at BIGINT,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    UNIQUE (view_id, user_id)
);
CREATE INDEX report_mails_next ON report_mails (next_at);
