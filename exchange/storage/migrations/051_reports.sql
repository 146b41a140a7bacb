-- A look into a buyer's system that stopped between two pages goes on there: its page, when it began, what it brought.
ALTER TABLE disposition_polls ADD COLUMN under_way TEXT;

-- A file of reports that a job records: who wants it, how many rows are done, and since when.
ALTER TABLE disposition_files ADD COLUMN wanted_at BIGINT;
ALTER TABLE disposition_files ADD COLUMN wanted_by TEXT;
ALTER TABLE disposition_files ADD COLUMN rows_done BIGINT NOT NULL DEFAULT 0;
ALTER TABLE disposition_files ADD COLUMN rows_all BIGINT NOT NULL DEFAULT 0;
