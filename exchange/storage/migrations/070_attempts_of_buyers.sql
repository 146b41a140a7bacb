-- What was delivered to one buyer, newest first: its own log of deliveries.
CREATE INDEX attempts_buyer ON attempts (buyer_id, made_at, id);
