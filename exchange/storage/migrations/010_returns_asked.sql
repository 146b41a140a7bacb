-- Buyers ask their money back for a lead. It is only asked here, once for a sale: state is asked until somebody decides.
CREATE TABLE return_requests (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL,
    sale_id TEXT NOT NULL UNIQUE REFERENCES sales (id),
    lead_id TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    told_by TEXT NOT NULL,
    state TEXT NOT NULL
);
CREATE INDEX return_requests_lead ON return_requests (lead_id);
CREATE INDEX return_requests_state ON return_requests (state, asked_at, id);

-- What came back after it had arrived waits here until somebody says whether its sale stands.
CREATE INDEX deliveries_bounced ON deliveries (made_at, attempt_id) WHERE state = 'bounced';
