-- What people are told: a notice once, in each inbox one line for what it is about, and a send for each other channel.

-- id: made of whom it is for and its name, so that the same is never told twice. group_key: what it is about; of that
-- one message an hour goes out. role and party_id: whose people are told.
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    group_key TEXT NOT NULL,
    at BIGINT NOT NULL,
    role TEXT NOT NULL,
    party_id TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    path TEXT NOT NULL
) /* keyed */;
CREATE INDEX notices_time ON notices (at);

CREATE TABLE notice_inbox (
    user_id TEXT NOT NULL,
    group_key TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (user_id, group_key)
) /* keyed */;
CREATE INDEX notice_inbox_newest ON notice_inbox (user_id, at);
CREATE INDEX notice_inbox_unread ON notice_inbox (user_id) WHERE read_at IS NULL;

-- target: a user, or the team of a party. state: waiting, digest (for the daily mail), sent, failed or dropped.
CREATE TABLE notice_sends (
    notice_id TEXT NOT NULL,
    target TEXT NOT NULL,
    channel TEXT NOT NULL,
    group_key TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    sent_at BIGINT,
    error TEXT NOT NULL,
    PRIMARY KEY (notice_id, target, channel)
) /* keyed */;
CREATE INDEX notice_sends_group ON notice_sends (target, channel, group_key, sent_at);
CREATE INDEX notice_sends_digest ON notice_sends (target, made_at) WHERE state = 'digest';
CREATE INDEX notice_sends_waiting ON notice_sends (group_key) WHERE state = 'waiting';

-- What somebody chose where it is not as it comes. subject: a user, or a team. choice: now, digest or off.
CREATE TABLE notice_choices (
    subject TEXT NOT NULL,
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    choice TEXT NOT NULL,
    PRIMARY KEY (subject, event, channel)
) /* keyed */;

-- How somebody is reached. quiet_from and quiet_until: minutes of the day in their zone; equal: never quiet.
-- urgent: alerts about money come in quiet hours too. digest_minute: when the daily mail goes.
CREATE TABLE notice_people (
    user_id TEXT PRIMARY KEY,
    phone TEXT NOT NULL,
    quiet_from BIGINT NOT NULL,
    quiet_until BIGINT NOT NULL,
    zone TEXT NOT NULL,
    urgent BIGINT NOT NULL,
    digest_minute BIGINT NOT NULL,
    digested_at BIGINT NOT NULL
) /* keyed */;
