-- Master keys by number: the highest seals what comes. proof: a keyed hash that tells the right key from another one
-- of the same number. While what older keys sealed is sealed anew, place and after_key say how far that came; what cannot
-- be opened is counted. done_at: nothing was left under an older key. retired_at: the key was given up.
CREATE TABLE master_keys (
    number BIGINT PRIMARY KEY,
    proof BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    place BIGINT NOT NULL,
    after_key TEXT NOT NULL,
    resealed BIGINT NOT NULL,
    unreadable BIGINT NOT NULL,
    done_at BIGINT,
    retired_at BIGINT
);
