-- What was listed in the store, along the time: what it is narrowed by stands beside it, so that no row is read in vain.
CREATE INDEX store_items_time ON store_items (listed_at, lead_id, state, vertical, campaign_id, us_state, grade);
CREATE INDEX store_items_ending ON store_items (ends_at, lead_id, state, vertical, campaign_id, us_state, grade);
CREATE INDEX store_claims_lead ON store_claims (lead_id, made_at, id);
