-- What whoever runs the exchange set by a page; what exchange.toml says goes before it. value: text, as it was typed.
CREATE TABLE house_settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
) /* keyed */;
