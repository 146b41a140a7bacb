-- What lists of leads are asked for: test leads are few among many live ones, as those of a state or a small vertical.

CREATE INDEX leads_test ON leads (received_at, id) WHERE mode = 'test';
CREATE INDEX leads_vertical ON leads (vertical, received_at, id);
CREATE INDEX leads_us_state ON leads (us_state, received_at, id);
