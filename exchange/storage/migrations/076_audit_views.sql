-- The audit log is looked through by who and by what was done, not only by time.
CREATE INDEX audit_lines_actor ON audit_lines (actor, at);
CREATE INDEX audit_lines_action ON audit_lines (action, at);
