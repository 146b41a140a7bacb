-- What lists of money ask for: entries by time, those of the rarer kinds, and what takes an entry back. A sale writes
-- to the first alone, at its end.
CREATE INDEX postings_time ON postings (at, reference, line);
CREATE INDEX transactions_kind ON transactions (kind, at, reference) WHERE kind <> 'sale';
CREATE INDEX transactions_reverses ON transactions (reverses) WHERE reverses IS NOT NULL;

-- What came from outside and went back: the bank is in none of the entries of a sale.
CREATE INDEX postings_from_bank ON postings (destination, at) WHERE source = 'bank';
CREATE INDEX postings_to_bank ON postings (source, at) WHERE destination = 'bank';

CREATE INDEX statements_time ON statements (issued_at, number);
CREATE INDEX statements_total ON statements (total_units, number);
CREATE INDEX statements_party ON statements (party_id, issued_at, number);
CREATE INDEX payout_runs_time ON payout_runs (until_at, id);
CREATE INDEX payout_runs_seller ON payout_runs (seller_id, until_at, id);
CREATE INDEX imports_campaign ON imports (campaign_id, made_at, id);
