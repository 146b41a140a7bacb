-- Where people were seen. Every column but the first two and the last is half of a keyed hash: of the telephone, the
-- mailbox, the house, the name within its ZIP code, the name with its date of birth. They find candidates, and hold no
-- value; what is compared is read from the sealed leads. same_as: the earlier lead of the same person.
CREATE TABLE sightings (
    lead_id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    phone BIGINT,
    email BIGINT,
    place BIGINT,
    name BIGINT,
    born BIGINT,
    same_as TEXT
);
CREATE INDEX sightings_phone ON sightings (phone, at) WHERE phone IS NOT NULL;
CREATE INDEX sightings_email ON sightings (email, at) WHERE email IS NOT NULL;
CREATE INDEX sightings_place ON sightings (place, at) WHERE place IS NOT NULL;
CREATE INDEX sightings_name ON sightings (name, at) WHERE name IS NOT NULL;
CREATE INDEX sightings_born ON sightings (born, at) WHERE born IS NOT NULL;
CREATE INDEX sightings_again ON sightings (at) WHERE same_as IS NOT NULL;

-- The scope of a duplicate had two names; the wider of them always meant the vertical.
UPDATE campaigns SET document = REPLACE(document, '"duplicate_scope":"exchange"', '"duplicate_scope":"vertical"');
UPDATE specs SET document = REPLACE(document, '"duplicate_scope":"exchange"', '"duplicate_scope":"vertical"');
