-- How people sign in beside links that work once: a password (its Argon2id hash, '' none), or the company's own sign-on
-- (`sign_on`: what its provider calls them). `password_at`: since when the password is what it is.
ALTER TABLE users ADD COLUMN password TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN password_at BIGINT;
ALTER TABLE users ADD COLUMN sign_on TEXT;
CREATE UNIQUE INDEX users_sign_on ON users (sign_on);

-- 'sign_in', or 'password' for a link by which somebody chooses a new one.
ALTER TABLE login_links ADD COLUMN purpose TEXT NOT NULL DEFAULT 'sign_in';
CREATE INDEX login_links_user ON login_links (user_id);

-- Where from, with what and how somebody signed in; `second`: 1 when with a second factor.
ALTER TABLE sessions ADD COLUMN ip TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN way TEXT NOT NULL DEFAULT 'link';
ALTER TABLE sessions ADD COLUMN second BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_user ON sessions (user_id, made_at);

-- Browsers that somebody signed in with before, by the SHA-256 of what a cookie of theirs holds.
CREATE TABLE known_browsers (
    user_id TEXT NOT NULL REFERENCES users (id),
    hash BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, hash)
);

-- Tries to sign in that were not right, by a keyed hash of what they are counted for: an account, an address, a browser.
CREATE TABLE sign_in_tries (
    place BYTEA PRIMARY KEY,
    wrong BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);
CREATE INDEX sign_in_tries_last ON sign_in_tries (last_at);

-- Between two steps of a sign-in, or of setting up how to: by the SHA-256 of what a cookie holds. `document` is JSON.
CREATE TABLE sign_in_steps (
    hash BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id TEXT NOT NULL,
    document TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_steps_expires ON sign_in_steps (expires_at);

-- What the exchange asks of people who sign in: one row, JSON.
CREATE TABLE security_rules (
    id BIGINT PRIMARY KEY,
    document TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);
