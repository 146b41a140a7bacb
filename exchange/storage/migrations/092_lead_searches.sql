-- What lists of leads are narrowed by: leads of a buyer in the order they came, reasons, sub ids, what came back.
CREATE INDEX sales_of_buyer ON sales (buyer_id, lead_id);
CREATE INDEX sales_returned ON sales (lead_id) WHERE returned_at IS NOT NULL;
CREATE INDEX leads_reason ON leads (reason, received_at, id) WHERE reason IS NOT NULL;
CREATE INDEX leads_sub_id ON leads (sub_id1, received_at, id) WHERE sub_id1 IS NOT NULL;
CREATE INDEX sale_dispositions_kind ON sale_dispositions (kind, lead_id);

-- One index of sales by time, instead of two.
DROP INDEX sales_time;
DROP INDEX sales_accepted;
CREATE INDEX sales_time ON sales (accepted_at, id, lead_id);

CREATE INDEX deliveries_rare ON deliveries (state, made_at, attempt_id)
    WHERE state IN ('failed', 'refused', 'bounced', 'expired', 'cancelled', 'shelved');
CREATE INDEX deliveries_buyer ON deliveries (buyer_id, made_at, attempt_id);
CREATE INDEX audit_lines_ip ON audit_lines (ip, at, id);
