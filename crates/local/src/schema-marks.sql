-- What a file gets that was made before logs had marks.

CREATE TABLE commits (
  number INTEGER NOT NULL
) STRICT;
INSERT INTO commits (number) VALUES (0);

CREATE TABLE gaps (
  topic TEXT NOT NULL, partition INTEGER NOT NULL,
  first INTEGER NOT NULL, next INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL
) STRICT;
