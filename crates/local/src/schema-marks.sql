-- What a log is held against: a new file gets it behind schema.sql, one of an older build by itself.

-- One row: the number of the last transaction. The file `marks` holds it as well.
CREATE TABLE commits (
  number INTEGER NOT NULL
) STRICT;
INSERT INTO commits (number) VALUES (0);

-- Offsets that a repair gave up: lost, and never used again.
CREATE TABLE gaps (
  topic TEXT NOT NULL, partition INTEGER NOT NULL,
  first INTEGER NOT NULL, next INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL   -- milliseconds
) STRICT;
