-- What sellers' accounts moved, by the hour (UTC) of the entries: pages read these and no million entries. The books stay
-- the truth: these are counted from them, behind their seals, and compared with them by `ledger verify`.

-- kind: sold, returned or adjusted. `campaign_id` is empty where no sale is behind it. What a statement moved itself and
-- payments are left out. `last_position` is the last seal of any of the entries.
CREATE TABLE earned_hours (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    hour BIGINT NOT NULL,
    kind TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    entries BIGINT NOT NULL,
    units BIGINT NOT NULL,
    last_position BIGINT NOT NULL,
    PRIMARY KEY (account, currency, hour, kind, campaign_id)
) /* keyed */;

-- Entries up to this seal are in it.
CREATE TABLE earned_until (
    one BIGINT PRIMARY KEY,
    position BIGINT NOT NULL
);
INSERT INTO earned_until (one, position)
SELECT 1, COALESCE(MAX(position), 0) FROM seals WHERE chain = 'transactions';

INSERT INTO earned_hours (account, currency, hour, kind, campaign_id, entries, units, last_position)
SELECT m.account, m.currency, m.at - m.at % 3600000 AS hour,
    CASE WHEN t.reverses IS NOT NULL OR t.kind = 'reversal' OR SUBSTR(t.reference, 1, 15) = 'promise:return:'
             THEN 'returned' WHEN t.kind = 'sale' THEN 'sold' ELSE 'adjusted' END AS kind,
    COALESCE(l.campaign_id, '') AS campaign_id, COUNT(*), CAST(SUM(m.units) AS BIGINT), MAX(s.position)
FROM (SELECT reference, destination AS account, source AS other, units, currency, at FROM postings
      WHERE SUBSTR(destination, 1, 7) = 'seller:'
      UNION ALL
      SELECT reference, source AS account, destination AS other, -units AS units, currency, at FROM postings
      WHERE SUBSTR(source, 1, 7) = 'seller:') AS m
JOIN seals AS s ON s.chain = 'transactions' AND s.row_id = m.reference
JOIN transactions AS t ON t.reference = m.reference
LEFT JOIN sales AS l ON l.attempt_id = SUBSTR(COALESCE(t.reverses, t.reference), 6)
WHERE SUBSTR(m.account, LENGTH(m.account) - 7, 8) = ':payable' AND m.other NOT IN ('bank', 'house:rounding')
    AND m.other <> SUBSTR(m.account, 1, LENGTH(m.account) - 7) || 'reserve'
GROUP BY 1, 2, 3, 4, 5;
