-- Tables of facts that an operator loaded over those of the package: the file as it came, one of each kind.
CREATE TABLE data_tables (
    name TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    licence TEXT NOT NULL,
    rows_held BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    content BYTEA NOT NULL,
    loaded_at BIGINT NOT NULL,
    loaded_by TEXT NOT NULL
);
