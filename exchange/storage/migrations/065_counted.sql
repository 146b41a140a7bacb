-- What pages count, kept by the hour (UTC) and the day, so that a page over a million leads reads some thousand rows.

-- Hours that are over. `changes` rises with every change of a lead that came in the hour (triggers below); the hour is
-- as its leads are when it was counted with the same number.
CREATE TABLE counted_hours (
    hour BIGINT PRIMARY KEY,
    changes BIGINT NOT NULL,
    counted BIGINT NOT NULL
) /* keyed */;

-- Leads received in an hour. `reason` is that of refused ones.
CREATE TABLE lead_hours (
    hour BIGINT NOT NULL,
    mode TEXT NOT NULL,
    vertical TEXT NOT NULL,
    seller_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    currency TEXT NOT NULL,
    leads BIGINT NOT NULL,
    revenue_units BIGINT NOT NULL,
    payout_units BIGINT NOT NULL,
    cost_units BIGINT NOT NULL,
    PRIMARY KEY (hour, mode, vertical, seller_id, state, reason, currency)
) /* keyed */;

-- Sold leads received in an hour, by who bought them. way: exclusive, shared or store. Of a lead with several buyers
-- each has the same part: parts are 840ths of a lead.
CREATE TABLE sold_hours (
    hour BIGINT NOT NULL,
    mode TEXT NOT NULL,
    vertical TEXT NOT NULL,
    way TEXT NOT NULL,
    buyer_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    leads BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    sales BIGINT NOT NULL,
    revenue_units BIGINT NOT NULL,
    PRIMARY KEY (hour, mode, vertical, way, buyer_id, currency)
) /* keyed */;

-- What buyers said to pings, by day of the exchange's zone. kind: ms, timeout or no_bid; of ms, `size` is about how
-- long they took.
CREATE TABLE ping_days (
    day BIGINT NOT NULL,
    mode TEXT NOT NULL,
    vertical TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    size BIGINT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (day, mode, vertical, contract_id, kind, size)
) /* keyed */;

-- Bids by price, and how many of them became sales. facet: empty, or one grade or state of the leads.
CREATE TABLE bid_days (
    facet TEXT NOT NULL,
    day BIGINT NOT NULL,
    mode TEXT NOT NULL,
    vertical TEXT NOT NULL,
    currency TEXT NOT NULL,
    size BIGINT NOT NULL,
    bids BIGINT NOT NULL,
    won BIGINT NOT NULL,
    PRIMARY KEY (facet, day, mode, vertical, currency, size)
) /* keyed */;

-- How long sellers waited for their answers, by hour (UTC): about `size` ms.
CREATE TABLE answer_hours (
    hour BIGINT NOT NULL,
    mode TEXT NOT NULL,
    vertical TEXT NOT NULL,
    size BIGINT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (hour, mode, vertical, size)
) /* keyed */;

-- Requests up to this one are in the three tables above.
CREATE TABLE counted_requests (
    one BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    request_id TEXT NOT NULL
);
INSERT INTO counted_requests (one, at, request_id) VALUES (1, 0, '');

-- These take the place of it.
DROP TABLE hourly;

-- sqlite:
CREATE TRIGGER leads_counted_insert AFTER INSERT ON leads BEGIN
UPDATE counted_hours SET changes = changes + 1 WHERE hour = NEW.received_at - NEW.received_at % 3600000; END;
CREATE TRIGGER leads_counted_update AFTER UPDATE OF state, reason, revenue_units, payout_units, cost_units, times_sold
ON leads BEGIN
UPDATE counted_hours SET changes = changes + 1 WHERE hour = NEW.received_at - NEW.received_at % 3600000; END;
CREATE TRIGGER leads_counted_delete AFTER DELETE ON leads BEGIN
UPDATE counted_hours SET changes = changes + 1 WHERE hour = OLD.received_at - OLD.received_at % 3600000; END;

-- postgresql:
CREATE FUNCTION count_hour_again() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE counted_hours SET changes = changes + 1 WHERE hour = OLD.received_at - OLD.received_at % 3600000;
    ELSE
        UPDATE counted_hours SET changes = changes + 1 WHERE hour = NEW.received_at - NEW.received_at % 3600000;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_counted_insert AFTER INSERT ON leads FOR EACH ROW EXECUTE FUNCTION count_hour_again();
CREATE TRIGGER leads_counted_update AFTER UPDATE OF state, reason, revenue_units, payout_units, cost_units, times_sold
ON leads FOR EACH ROW EXECUTE FUNCTION count_hour_again();
CREATE TRIGGER leads_counted_delete AFTER DELETE ON leads FOR EACH ROW EXECUTE FUNCTION count_hour_again();
-- all:
