-- Imports that the exchange itself works on: files that were uploaded, sent by program, or fetched from a source.

-- held: 1 when the file and its result lie sealed under `files_dir` (key: `wrapped`), 0 when it is an operator's own.
-- wanted: check, run, pause or cancel, what somebody asked for last, obeyed at the next row. forgotten_at: when the file
-- and its result were deleted. layout and report are JSON; problem is a sentence.
ALTER TABLE imports ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN source TEXT;
ALTER TABLE imports ADD COLUMN channel TEXT NOT NULL DEFAULT 'import';
ALTER TABLE imports ADD COLUMN layout TEXT;
ALTER TABLE imports ADD COLUMN rows_total BIGINT;
ALTER TABLE imports ADD COLUMN wrapped BYTEA;
ALTER TABLE imports ADD COLUMN made_by TEXT;
ALTER TABLE imports ADD COLUMN wanted TEXT;
ALTER TABLE imports ADD COLUMN stop_percent BIGINT;
ALTER TABLE imports ADD COLUMN checked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN report TEXT;
ALTER TABLE imports ADD COLUMN problem TEXT;
ALTER TABLE imports ADD COLUMN payout_units BIGINT NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN started_at BIGINT;
ALTER TABLE imports ADD COLUMN forgotten_at BIGINT;
CREATE INDEX imports_made ON imports (made_at, id);
CREATE INDEX imports_source ON imports (source, file_hash) WHERE source IS NOT NULL;
CREATE INDEX imports_from ON imports (source, made_at, id) WHERE source IS NOT NULL;
