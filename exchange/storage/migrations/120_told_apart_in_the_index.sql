-- Of a seller's leads those in a rare state, of what a buyer bought those of a contract, and of its pings those with a
-- rare answer are told apart in the index alone; what a buyer spent is summed from it.
DROP INDEX leads_seller;
CREATE INDEX leads_seller ON leads (seller_id, received_at, id, mode, kind, state);
DROP INDEX sales_buyer;
CREATE INDEX sales_buyer ON sales (buyer_id, accepted_at, id, mode, contract_id, reversed_at, returned_at, currency,
    price_units, returned_units);
DROP INDEX asks_buyer;
CREATE INDEX asks_buyer ON asks (buyer_id, mode, asked_at, said, won);
