-- What complaints are compared by: the same rows as the CQL store has, which keeps those of a day in buckets.

CREATE TABLE sketches_by_day (
  day TEXT NOT NULL, complaint_id TEXT NOT NULL, submission INTEGER NOT NULL, id TEXT NOT NULL,
  gone INTEGER NOT NULL,         -- the complaint was erased; the one row says so, and none comes beside it again
  received_at INTEGER NOT NULL, sketch BLOB NOT NULL, channel TEXT NOT NULL, representative TEXT,
  PRIMARY KEY (day, complaint_id, submission, id)
) STRICT, WITHOUT ROWID;
