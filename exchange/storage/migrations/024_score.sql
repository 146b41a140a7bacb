-- What the conversion score saw in a lead: short texts that hold nothing personal. It learns from the leads that were
-- sold and what was reported of them, in the order of their times.
ALTER TABLE leads ADD COLUMN features TEXT;
CREATE INDEX sales_accepted ON sales (accepted_at, lead_id);
CREATE INDEX dispositions_told ON dispositions (told_at, lead_id);
