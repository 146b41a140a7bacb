-- What the histories of alerts and of books are narrowed and ordered by.
CREATE INDEX alerts_closed_of_rule ON alerts (rule, closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX alerts_over_opened ON alerts (opened_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX reconciliations_party ON reconciliations (party, made_at, id);
