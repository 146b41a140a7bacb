-- Sold leads of a day whose consumer was reached, and of which neither a conversion nor an end was told yet.
ALTER TABLE sale_days ADD COLUMN reached BIGINT NOT NULL DEFAULT 0;
UPDATE sale_days SET reached = f.reached FROM (
    SELECT day, vertical, seller_id, sub_id, buyer_id, currency, COUNT(*) AS reached FROM sale_outcomes
    WHERE contacted_at IS NOT NULL AND converted_at IS NULL AND ended_at IS NULL
    GROUP BY day, vertical, seller_id, sub_id, buyer_id, currency) AS f
WHERE sale_days.day = f.day AND sale_days.vertical = f.vertical AND sale_days.seller_id = f.seller_id
    AND sale_days.sub_id = f.sub_id AND sale_days.buyer_id = f.buyer_id AND sale_days.currency = f.currency;
