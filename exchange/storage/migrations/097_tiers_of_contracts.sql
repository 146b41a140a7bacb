-- A contract's tier is any number from 1 to 99: 081 read those to 12 from the documents, here are all of them.
WITH RECURSIVE tiers (tier) AS (SELECT 1 UNION ALL SELECT tier + 1 FROM tiers WHERE tier < 99)
UPDATE contracts SET tier = COALESCE((SELECT MAX(t.tier) FROM tiers t
    WHERE REPLACE(contracts.document, '"tier":' || CAST(t.tier AS TEXT) || ',', '') <> contracts.document), 1);
