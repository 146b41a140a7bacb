-- What changed of a buyer's followed leads, for programs that keep in step.
CREATE INDEX follow_ups_changed ON follow_ups (buyer_id, changed_at, sale_id);
