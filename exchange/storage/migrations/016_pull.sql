-- Leads that buyers fetch by the API, in the order in which they were first returned: sent_at is that moment.
CREATE INDEX deliveries_pulled ON deliveries (buyer_id, sent_at, attempt_id) WHERE channel = 'pull';
