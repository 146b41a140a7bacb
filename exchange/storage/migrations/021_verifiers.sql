-- What vendors were asked about leads, what they answered, and the proofs they keep.

-- Every answer that counted for a lead, from a vendor or from an earlier answer. `source`: asked, cached, unfit, away.
-- `appended` holds values for the lead, sealed with the key of the request that asked.
CREATE TABLE verified (
    lead_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    verifier TEXT NOT NULL,
    vendor TEXT NOT NULL,
    month TEXT NOT NULL,
    at BIGINT NOT NULL,
    stage TEXT NOT NULL,
    source TEXT NOT NULL,
    verdict TEXT,
    action TEXT NOT NULL,
    cost_units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    took_ms BIGINT NOT NULL,
    appended BYTEA,
    PRIMARY KEY (lead_id, request_id, verifier)
) /* keyed */;
CREATE INDEX verified_time ON verified (at, verifier);

-- Answers that serve again. `about` is a keyed hash of what was asked; `sealed` opens only for who knows that.
CREATE TABLE verifier_answers (
    verifier TEXT NOT NULL,
    about BYTEA NOT NULL,
    verdict TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (verifier, about)
) /* keyed */;
CREATE INDEX verifier_answers_age ON verifier_answers (asked_at);

-- Proofs to be kept by their vendor when the lead is sold. `state`: open, due, kept, refused. The receipt is sealed
-- with the key of the request that brought the proof.
CREATE TABLE retained (
    lead_id TEXT NOT NULL,
    verifier TEXT NOT NULL,
    month TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    kept_until BIGINT,
    detail TEXT NOT NULL,
    receipt BYTEA,
    PRIMARY KEY (lead_id, verifier)
) /* keyed */;
CREATE INDEX retained_waiting ON retained (made_at) WHERE state IN ('open', 'due');

-- What outside checks of a lead cost, in its currency.
ALTER TABLE leads ADD COLUMN cost_units BIGINT NOT NULL DEFAULT 0;
