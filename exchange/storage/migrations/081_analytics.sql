-- What the analytics explorer counts by, and what it keeps of what it counted.

-- What a seller says of where a lead came from, as far as it names nobody: sub_id2 to sub_id10, landing_page (host and
-- path) and device (phone, tablet, computer). JSON of names and texts.
ALTER TABLE leads ADD COLUMN tracking TEXT NOT NULL DEFAULT '{}';

-- The step of the ping tree a contract stands in: sales, pings and posts are told by it.
ALTER TABLE contracts ADD COLUMN tier BIGINT NOT NULL DEFAULT 1;
UPDATE contracts SET tier = 2 WHERE LOWER(document) LIKE '%"tier":2,%';
UPDATE contracts SET tier = 3 WHERE LOWER(document) LIKE '%"tier":3,%';
UPDATE contracts SET tier = 4 WHERE LOWER(document) LIKE '%"tier":4,%';
UPDATE contracts SET tier = 5 WHERE LOWER(document) LIKE '%"tier":5,%';
UPDATE contracts SET tier = 6 WHERE LOWER(document) LIKE '%"tier":6,%';
UPDATE contracts SET tier = 7 WHERE LOWER(document) LIKE '%"tier":7,%';
UPDATE contracts SET tier = 8 WHERE LOWER(document) LIKE '%"tier":8,%';
UPDATE contracts SET tier = 9 WHERE LOWER(document) LIKE '%"tier":9,%';
UPDATE contracts SET tier = 10 WHERE LOWER(document) LIKE '%"tier":10,%';
UPDATE contracts SET tier = 11 WHERE LOWER(document) LIKE '%"tier":11,%';
UPDATE contracts SET tier = 12 WHERE LOWER(document) LIKE '%"tier":12,%';

-- Beside `changes`: what was told of an hour's leads later and changes no sum of the hour itself: bids, outcomes of
-- sales, values that were erased.
ALTER TABLE counted_hours ADD COLUMN more BIGINT NOT NULL DEFAULT 0;

-- Each time a contract was asked for a bid. `at` is when the lead came; said: bid, timeout, or the reason for none.
-- `price_units` is its highest bid, `floor_units` the campaign's floor. won: the bid became a sale.
CREATE TABLE asks (
    at BIGINT NOT NULL,
    lead_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    buyer_id TEXT NOT NULL,
    said TEXT NOT NULL,
    took_ms BIGINT NOT NULL,
    price_units BIGINT NOT NULL,
    floor_units BIGINT NOT NULL,
    won BIGINT NOT NULL,
    PRIMARY KEY (at, lead_id, contract_id, asked_at)
) /* keyed */;

-- Sums of a stretch of time, kept as they were counted. question: a digest of what was asked; state: how the hours of
-- the stretch stood then. Nobody reads one whose hours moved on.
CREATE TABLE kept_sums (
    question TEXT NOT NULL,
    begin_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    document TEXT NOT NULL,
    counted_at BIGINT NOT NULL,
    PRIMARY KEY (question, begin_at, end_at)
) /* keyed */;
CREATE INDEX kept_sums_age ON kept_sums (counted_at);

-- All requests are read again: from their records it is known who was asked. The records are kept for ever.
DELETE FROM ping_days;
DELETE FROM bid_days;
DELETE FROM answer_hours;
DELETE FROM lead_bids;
UPDATE counted_requests SET at = 0, request_id = '' WHERE one = 1;

-- sqlite:
CREATE TRIGGER sale_outcomes_told_insert AFTER INSERT ON sale_outcomes BEGIN
UPDATE counted_hours SET more = more + 1
WHERE hour = (SELECT l.received_at - l.received_at % 3600000 FROM leads l WHERE l.id = NEW.lead_id); END;
CREATE TRIGGER sale_outcomes_told_update AFTER UPDATE ON sale_outcomes BEGIN
UPDATE counted_hours SET more = more + 1
WHERE hour = (SELECT l.received_at - l.received_at % 3600000 FROM leads l WHERE l.id = NEW.lead_id); END;
CREATE TRIGGER sale_outcomes_told_delete AFTER DELETE ON sale_outcomes BEGIN
UPDATE counted_hours SET more = more + 1
WHERE hour = (SELECT l.received_at - l.received_at % 3600000 FROM leads l WHERE l.id = OLD.lead_id); END;
CREATE TRIGGER leads_told_update AFTER UPDATE OF zip, grade ON leads
WHEN OLD.zip IS NOT NEW.zip OR OLD.grade IS NOT NEW.grade BEGIN
UPDATE counted_hours SET more = more + 1 WHERE hour = NEW.received_at - NEW.received_at % 3600000; END;

-- postgresql:
CREATE FUNCTION tell_hour() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE counted_hours SET more = more + 1 WHERE hour = (SELECT l.received_at - l.received_at % 3600000
        FROM leads l WHERE l.id = CASE WHEN TG_OP = 'DELETE' THEN OLD.lead_id ELSE NEW.lead_id END);
    RETURN NULL;
END $$;
CREATE FUNCTION tell_hour_of_lead() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE counted_hours SET more = more + 1 WHERE hour = NEW.received_at - NEW.received_at % 3600000;
    RETURN NULL;
END $$;
CREATE TRIGGER sale_outcomes_told_insert AFTER INSERT ON sale_outcomes FOR EACH ROW EXECUTE FUNCTION tell_hour();
CREATE TRIGGER sale_outcomes_told_update AFTER UPDATE ON sale_outcomes FOR EACH ROW EXECUTE FUNCTION tell_hour();
CREATE TRIGGER sale_outcomes_told_delete AFTER DELETE ON sale_outcomes FOR EACH ROW EXECUTE FUNCTION tell_hour();
CREATE TRIGGER leads_told_update AFTER UPDATE OF zip, grade ON leads FOR EACH ROW
WHEN (OLD.zip IS DISTINCT FROM NEW.zip OR OLD.grade IS DISTINCT FROM NEW.grade) EXECUTE FUNCTION tell_hour_of_lead();
