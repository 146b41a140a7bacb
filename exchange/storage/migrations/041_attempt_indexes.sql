-- The same indexes, said so that SQLite need not build a table of words for every attempt that changes its state.
DROP INDEX attempts_slot;
DROP INDEX attempts_leg;
DROP INDEX attempts_open;
CREATE UNIQUE INDEX attempts_slot ON attempts (lead_id, slot) WHERE state <> 'rejected' AND state <> 'failed';
CREATE UNIQUE INDEX attempts_leg ON attempts (lead_id, leg) WHERE state <> 'rejected' AND state <> 'failed';
CREATE INDEX attempts_open ON attempts (state, made_at)
    WHERE state <> 'accepted' AND state <> 'rejected' AND state <> 'failed';
