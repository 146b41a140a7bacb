-- Deals: sellers, campaigns, buyers, contracts. Campaigns and contracts are immutable versions;
-- `current` is 1 on the version new work uses. `market_version` rises with every change.

CREATE TABLE sellers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE buyers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE campaigns (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seller_id TEXT NOT NULL REFERENCES sellers (id),
    vertical TEXT NOT NULL,
    document TEXT NOT NULL,
    current BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX campaigns_current ON campaigns (id) WHERE current = 1;

CREATE TABLE contracts (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    buyer_id TEXT NOT NULL REFERENCES buyers (id),
    vertical TEXT NOT NULL,
    document TEXT NOT NULL,
    current BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX contracts_current ON contracts (id) WHERE current = 1;

CREATE TABLE market_version (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL
);
INSERT INTO market_version (one, version) VALUES (1, 1);

-- A key's secret is shown once; only its SHA-256 is kept. `party_id` is a campaign or a buyer.
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    party_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    last4 TEXT NOT NULL,
    name TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX api_keys_party ON api_keys (party_id);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    party_id TEXT,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL
);

CREATE TABLE login_links (
    hash BYTEA PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE sessions (
    hash BYTEA PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    csrf TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
