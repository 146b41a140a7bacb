-- What lists of leads are asked for: test leads are few among many live ones, and a state is one of fifty.

CREATE INDEX leads_test ON leads (received_at, id) WHERE mode = 'test';
CREATE INDEX leads_us_state ON leads (us_state, received_at, id);
