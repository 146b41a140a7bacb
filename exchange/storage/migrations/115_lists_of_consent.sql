-- What the list of consents that were taken back is narrowed and ordered by.
CREATE INDEX revocations_due ON revocations (due_at, id);
CREATE INDEX revocations_vertical ON revocations (vertical, heard_at, id);
CREATE INDEX revocations_source ON revocations (source, heard_at, id);
CREATE INDEX revocation_notices_buyer ON revocation_notices (buyer_id, revocation_id);
