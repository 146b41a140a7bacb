-- A buyer finds the pings it was sent, of live leads or of test leads, by time.
ALTER TABLE asks ADD COLUMN mode TEXT NOT NULL DEFAULT 'live';
UPDATE asks SET mode = 'test' WHERE lead_id IN (SELECT id FROM leads WHERE mode = 'test');
CREATE INDEX asks_buyer ON asks (buyer_id, mode, asked_at);
