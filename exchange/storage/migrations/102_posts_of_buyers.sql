-- Of the posts to a buyer those of a rare state, a rare contract or a test are told apart in the index alone.
DROP INDEX attempts_buyer;
CREATE INDEX attempts_buyer ON attempts (buyer_id, made_at, id, mode, state, contract_id);
