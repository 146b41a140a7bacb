-- Files of returns lie beside those of reports, and are worked through by a job as those are. kind: reports, asks (of a
-- buyer) or decisions (of an operator, with no buyer). aim: what the job is at, to look or to record. looked: what
-- looking found, by outcome; told: the first rows that were not done, or would not be, as [number, outcome, sentence].
ALTER TABLE disposition_files ADD COLUMN kind TEXT NOT NULL DEFAULT 'reports';
ALTER TABLE disposition_files ADD COLUMN aim TEXT NOT NULL DEFAULT 'record';
ALTER TABLE disposition_files ADD COLUMN looked TEXT NOT NULL DEFAULT '{}';
ALTER TABLE disposition_files ADD COLUMN told TEXT NOT NULL DEFAULT '[]';
CREATE INDEX disposition_files_kind ON disposition_files (kind, made_at, id);
