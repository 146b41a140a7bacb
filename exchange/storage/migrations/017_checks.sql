-- What the checks made of a lead. fraud: 0 (nothing against it) to 100; score: chance to convert, in thousandths.
ALTER TABLE leads ADD COLUMN fraud BIGINT;
ALTER TABLE leads ADD COLUMN score BIGINT;
