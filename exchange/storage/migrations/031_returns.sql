-- Returns are decided. What is asked keeps what it was sold for and under which terms, what was found for and against
-- it, what is proposed, and what was decided last. state: asked, question, approved, partial, replaced or declined.
ALTER TABLE return_requests ADD COLUMN attempt_id TEXT;
ALTER TABLE return_requests ADD COLUMN seller_id TEXT;
ALTER TABLE return_requests ADD COLUMN campaign_id TEXT;
ALTER TABLE return_requests ADD COLUMN contract_id TEXT;
ALTER TABLE return_requests ADD COLUMN mode TEXT;
ALTER TABLE return_requests ADD COLUMN currency TEXT;
ALTER TABLE return_requests ADD COLUMN price_units BIGINT;
ALTER TABLE return_requests ADD COLUMN sold_at BIGINT;
ALTER TABLE return_requests ADD COLUMN due_at BIGINT;
ALTER TABLE return_requests ADD COLUMN their_reference TEXT;
ALTER TABLE return_requests ADD COLUMN looked_at BIGINT;
ALTER TABLE return_requests ADD COLUMN evidence TEXT;
ALTER TABLE return_requests ADD COLUMN suggestion TEXT;
ALTER TABLE return_requests ADD COLUMN rule TEXT;
ALTER TABLE return_requests ADD COLUMN suggested_why TEXT;
ALTER TABLE return_requests ADD COLUMN decided_at BIGINT;
ALTER TABLE return_requests ADD COLUMN decided_by TEXT;
ALTER TABLE return_requests ADD COLUMN automatic BIGINT NOT NULL DEFAULT 0;
ALTER TABLE return_requests ADD COLUMN turned BIGINT NOT NULL DEFAULT 0;
ALTER TABLE return_requests ADD COLUMN why TEXT;
ALTER TABLE return_requests ADD COLUMN credit_units BIGINT;
ALTER TABLE return_requests ADD COLUMN debit_units BIGINT;
ALTER TABLE return_requests ADD COLUMN question TEXT;
ALTER TABLE return_requests ADD COLUMN sealed_note BYTEA;
ALTER TABLE return_requests ADD COLUMN sealed_answer BYTEA;
ALTER TABLE return_requests ADD COLUMN sealed_reply BYTEA;
ALTER TABLE return_requests ADD COLUMN answered_at BIGINT;
ALTER TABLE return_requests ADD COLUMN replied_at BIGINT;
ALTER TABLE return_requests ADD COLUMN seller_reference TEXT;
ALTER TABLE return_requests ADD COLUMN replacement TEXT;
ALTER TABLE return_requests ADD COLUMN file_name TEXT;
UPDATE return_requests SET
    attempt_id = (SELECT s.attempt_id FROM sales s WHERE s.id = return_requests.sale_id),
    seller_id = (SELECT s.seller_id FROM sales s WHERE s.id = return_requests.sale_id),
    campaign_id = (SELECT s.campaign_id FROM sales s WHERE s.id = return_requests.sale_id),
    contract_id = (SELECT s.contract_id FROM sales s WHERE s.id = return_requests.sale_id),
    mode = (SELECT s.mode FROM sales s WHERE s.id = return_requests.sale_id),
    currency = (SELECT s.currency FROM sales s WHERE s.id = return_requests.sale_id),
    price_units = (SELECT s.price_units FROM sales s WHERE s.id = return_requests.sale_id),
    sold_at = (SELECT s.accepted_at FROM sales s WHERE s.id = return_requests.sale_id),
    due_at = (SELECT s.accepted_at + 2592000000 FROM sales s WHERE s.id = return_requests.sale_id);
CREATE INDEX return_requests_newest ON return_requests (asked_at, id);
CREATE INDEX return_requests_buyer ON return_requests (buyer_id, asked_at, id);
CREATE INDEX return_requests_seller ON return_requests (seller_id, asked_at, id);
CREATE INDEX return_requests_contract ON return_requests (contract_id, sold_at);
-- A buyer that is itself an exchange asks once under each of its own references.
CREATE UNIQUE INDEX return_requests_theirs ON return_requests (buyer_id, their_reference)
    WHERE their_reference IS NOT NULL;
-- Leads that are still to be given free of charge.
CREATE INDEX return_requests_owed ON return_requests (contract_id, decided_at)
    WHERE state = 'replaced' AND replacement IS NULL;

-- Every decision, a reversed one too: never changed, only added to. At its time it teaches the score.
CREATE TABLE return_decisions (
    return_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    month TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    automatic BIGINT NOT NULL,
    rule TEXT NOT NULL,
    why TEXT NOT NULL,
    credit_units BIGINT NOT NULL,
    debit_units BIGINT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (return_id, number)
) /* keyed */;
CREATE INDEX return_decisions_time ON return_decisions (at, return_id);
CREATE INDEX return_decisions_lead ON return_decisions (lead_id);

-- A file that goes with a request, sealed with the key of its lead.
CREATE TABLE return_files (
    return_id TEXT PRIMARY KEY,
    lead_id TEXT NOT NULL,
    name TEXT NOT NULL,
    media TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX return_files_lead ON return_files (lead_id);

-- A sale that was given back: its buyer had the lead. What went back of its price and of its payout.
ALTER TABLE sales ADD COLUMN returned_at BIGINT;
ALTER TABLE sales ADD COLUMN returned_units BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sales ADD COLUMN returned_payout_units BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sales_contract ON sales (contract_id, accepted_at);
