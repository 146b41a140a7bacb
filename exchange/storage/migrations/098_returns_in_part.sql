-- What of its price a return asks for, where that is not all, and when its buyer took the request back.
ALTER TABLE return_requests ADD COLUMN asked_units BIGINT;
ALTER TABLE return_requests ADD COLUMN withdrawn_at BIGINT;
