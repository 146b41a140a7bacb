-- The wrong fields of a request with what is wrong with each: field:code, a space between two.
ALTER TABLE requests ADD COLUMN wrong TEXT NOT NULL DEFAULT '';
