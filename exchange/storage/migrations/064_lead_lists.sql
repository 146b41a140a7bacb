-- What lists of leads ask for: how a lead came, which buyers were asked for a bid (`|acme|birch|`), and which were not,
-- each with what kept it out (`|birch:cap|birch:balance|`).
ALTER TABLE leads ADD COLUMN channel TEXT NOT NULL DEFAULT 'api';
ALTER TABLE leads ADD COLUMN pinged TEXT NOT NULL DEFAULT '';
ALTER TABLE leads ADD COLUMN missed TEXT NOT NULL DEFAULT '';
UPDATE leads SET channel = COALESCE((SELECT r.channel FROM requests r WHERE r.lead_id = leads.id
    AND r.endpoint IN ('ping', 'post', 'pingpost') ORDER BY r.received_at, r.id LIMIT 1), 'api')
WHERE EXISTS (SELECT 1 FROM requests r WHERE r.lead_id = leads.id AND r.channel <> 'api'
    AND r.endpoint IN ('ping', 'post', 'pingpost'));
CREATE INDEX leads_channel ON leads (channel, received_at, id) WHERE channel <> 'api';
CREATE INDEX leads_campaign ON leads (campaign_id, received_at, id);
CREATE INDEX leads_zip ON leads (zip, received_at, id);
CREATE INDEX leads_revenue ON leads (revenue_units, id);
CREATE INDEX leads_duplicate_of ON leads (duplicate_of) WHERE duplicate_of IS NOT NULL;

-- Words that people put on leads.
CREATE TABLE lead_tags (
    tag TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    by_whom TEXT NOT NULL,
    PRIMARY KEY (tag, lead_id)
) /* keyed */;
CREATE INDEX lead_tags_lead ON lead_tags (lead_id, tag);
