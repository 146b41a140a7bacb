-- What somebody chose for the pages: theme, keys, columns of lists; a JSON object of names and texts.
ALTER TABLE users ADD COLUMN preferences TEXT NOT NULL DEFAULT '{}';

-- Filters of a list under a name. `scope` is whose lists these are: of the exchange, or of one seller or buyer.
CREATE TABLE saved_views (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    scope TEXT NOT NULL,
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    shared BIGINT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE INDEX saved_views_list ON saved_views (scope, list, name);
