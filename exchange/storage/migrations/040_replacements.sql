-- A lead is given free of charge for one return.
CREATE UNIQUE INDEX return_requests_given ON return_requests (contract_id, replacement) WHERE replacement IS NOT NULL;
