-- What a lead was graded by: how another par would grade it is worked out from there. Null: refused, or graded before.
ALTER TABLE leads ADD COLUMN points BIGINT;
