-- Statements of sellers are sealed in a chain of their own (`payouts`), those issued before too, and never changed:
-- only how far their payment is, a hold before they are issued, and the run that lets go what they held back.
INSERT INTO unsealed (chain, at, row_id) SELECT 'payouts', issued_at, number FROM payout_runs WHERE number IS NOT NULL;

-- sqlite:
CREATE TRIGGER payout_runs_no_update BEFORE UPDATE OF id, seller_id, currency, previous_id, since_at, since_position,
    until_at, until_position, terms_version, party, due_at, carried_units, sold_units, sold_count, returned_units,
    returned_count, adjusted_units, adjusted_count, released_units, held_units, rounding_units, pay_units, carry_units,
    reserve_until, number, prepared_at, prepared_by, issued_at, issued_by ON payout_runs WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an issued statement is never changed: adjust the account'); END;
CREATE TRIGGER payout_runs_no_delete BEFORE DELETE ON payout_runs WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an issued statement is never deleted'); END;

-- postgresql:
CREATE TRIGGER payout_runs_no_update BEFORE UPDATE OF id, seller_id, currency, previous_id, since_at, since_position,
    until_at, until_position, terms_version, party, due_at, carried_units, sold_units, sold_count, returned_units,
    returned_count, adjusted_units, adjusted_count, released_units, held_units, rounding_units, pay_units, carry_units,
    reserve_until, number, prepared_at, prepared_by, issued_at, issued_by ON payout_runs
FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_runs_no_delete BEFORE DELETE ON payout_runs
FOR EACH ROW WHEN (OLD.number IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_runs_no_truncate BEFORE TRUNCATE ON payout_runs
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
