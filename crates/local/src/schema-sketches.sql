-- What complaints are compared by: the same blocks as the CQL store has, which keeps those of a day in buckets.

CREATE TABLE sketches_by_day (
  day TEXT NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (day, digest)
) STRICT;

CREATE TABLE erased_sketches (
  day TEXT NOT NULL, complaint_id TEXT NOT NULL,
  PRIMARY KEY (day, complaint_id)
) STRICT, WITHOUT ROWID;
