-- Posts that a buyer answered with "duplicate", by time: few among all, and looked at one by one.
CREATE INDEX attempts_duplicate ON attempts (made_at, lead_id) WHERE reason = 'duplicate_at_buyer';
