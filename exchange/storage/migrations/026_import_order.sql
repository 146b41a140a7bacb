-- In which order the rows of a file are sold, and at which hours.

-- sort: file, best or newest. hours: `09:00-17:30`, and a zone if it is not the exchange's; empty: at any hour.
ALTER TABLE imports ADD COLUMN sort TEXT NOT NULL DEFAULT 'file';
ALTER TABLE imports ADD COLUMN hours TEXT NOT NULL DEFAULT '';

-- content: the numbers of the rows in that order, compressed. It goes with the file.
CREATE TABLE import_orders (
    import_id TEXT PRIMARY KEY,
    content BYTEA NOT NULL
);
