-- Proofs that are not kept in time, and what is kept of a consent when everything else of a person was erased.

-- told_at: when operators were told that the vendor does not keep it; what was refused before this came is told.
ALTER TABLE retained ADD COLUMN told_at BIGINT;
UPDATE retained SET told_at = ended_at WHERE state = 'refused';
CREATE INDEX retained_untold ON retained (made_at) WHERE told_at IS NULL AND state <> 'open' AND state <> 'kept';

-- The least that shows a consent, sealed with a key of its own: who agreed to what, when and how, and who got the lead.
CREATE TABLE consent_evidence (
    lead_id TEXT PRIMARY KEY,
    phone_index BYTEA,
    email_index BYTEA,
    made_at BIGINT NOT NULL,
    keep_until BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    sealed BYTEA NOT NULL
) /* keyed */;
CREATE INDEX consent_evidence_phone ON consent_evidence (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX consent_evidence_email ON consent_evidence (email_index) WHERE email_index IS NOT NULL;
CREATE INDEX consent_evidence_until ON consent_evidence (keep_until);

-- Leads whose values must not be erased for now: somebody is sued. lifted_at: until when that was so.
CREATE TABLE legal_holds (
    lead_id TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    lifted_at BIGINT,
    lifted_by TEXT
) /* keyed */;
