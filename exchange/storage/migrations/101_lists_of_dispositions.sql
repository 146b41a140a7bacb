-- What the list of dispositions is narrowed by.
CREATE INDEX dispositions_kind ON dispositions (kind, told_at, id);
CREATE INDEX dispositions_channel ON dispositions (channel, told_at, id);
