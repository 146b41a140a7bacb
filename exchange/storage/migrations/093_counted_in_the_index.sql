-- What a contract bought and what a seller sent are counted in the index alone, without looking at their rows.
DROP INDEX sales_contract;
CREATE INDEX sales_contract ON sales (contract_id, accepted_at, mode, reversed_at, returned_at);
DROP INDEX leads_seller;
CREATE INDEX leads_seller ON leads (seller_id, received_at, id, mode, kind);
