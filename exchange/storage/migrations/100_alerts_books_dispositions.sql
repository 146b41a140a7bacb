-- What the lists of alerts that are over, of reconciled books and of dispositions are narrowed and ordered by.
CREATE INDEX alerts_closed_of_rule ON alerts (rule, closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX alerts_over_opened ON alerts (opened_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX reconciliations_party ON reconciliations (party, made_at, id);
CREATE INDEX dispositions_kind ON dispositions (kind, told_at, id);
CREATE INDEX dispositions_channel ON dispositions (channel, told_at, id);
