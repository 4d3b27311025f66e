-- The one file that holds the log and the cases; schema-marks.sql and schema-sketches.sql have what came later.

CREATE TABLE topics (
  name TEXT PRIMARY KEY,
  first INTEGER NOT NULL,        -- id of partition 0; the others follow it
  partitions INTEGER NOT NULL    -- fixed for life: a key's partition must never change
) STRICT, WITHOUT ROWID;

CREATE TABLE records (
  place INTEGER PRIMARY KEY,     -- partition id << 40 | offset: a partition lies together, in offset order
  appended_at INTEGER NOT NULL,  -- milliseconds; never falls within a partition
  key BLOB,
  value BLOB,
  headers BLOB,
  digest BLOB                    -- of all of the above; null in rows of older builds
) STRICT;

CREATE TABLE positions (
  group_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
  next_offset INTEGER NOT NULL, metadata TEXT NOT NULL,
  digest BLOB,                   -- as of records
  PRIMARY KEY (group_name, topic, partition)
) STRICT, WITHOUT ROWID;

-- The cases: the same rows as the CQL store has, which keeps the lists of a day in buckets.

CREATE TABLE case_events (
  complaint_id TEXT NOT NULL, kind INTEGER NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL,
  at INTEGER NOT NULL, task TEXT, team TEXT, model_id TEXT, model_version TEXT,
  schema_id INTEGER,
  body BLOB NOT NULL,            -- empty where it lies with a record
  origin TEXT NOT NULL,
  digest BLOB,                   -- as of records
  record_place INTEGER,          -- of the record that has the body; null where it is here
  PRIMARY KEY (complaint_id, kind, seq, id)
) STRICT;

CREATE TABLE queue_by_team_day (
  team TEXT NOT NULL, day TEXT NOT NULL, received_at INTEGER NOT NULL, complaint_id TEXT NOT NULL,
  revision INTEGER NOT NULL,     -- the newest one that wrote or took away this row
  gone INTEGER NOT NULL,         -- taken away at `revision`; kept, so that a replayed older insert stays without effect
  priority INTEGER, vulnerability TEXT, needs_human INTEGER, product TEXT, issue TEXT, missing TEXT, resolve_by INTEGER,
  PRIMARY KEY (team, day, received_at, complaint_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cases_by_customer (
  customer_ref TEXT NOT NULL, received_at INTEGER NOT NULL, complaint_id TEXT NOT NULL,
  PRIMARY KEY (customer_ref, received_at, complaint_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions_by_model (
  model_id TEXT NOT NULL, model_version TEXT NOT NULL, day TEXT NOT NULL,
  complaint_id TEXT NOT NULL, prediction_id TEXT NOT NULL,
  task TEXT NOT NULL, role TEXT NOT NULL, arm TEXT NOT NULL, outcome TEXT NOT NULL, label TEXT,
  confidence REAL NOT NULL, strategy_version INTEGER NOT NULL,
  PRIMARY KEY (model_id, model_version, day, complaint_id, prediction_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback_by_day (
  day TEXT NOT NULL, decided_at INTEGER NOT NULL, feedback_id TEXT NOT NULL, complaint_id TEXT NOT NULL,
  kind TEXT NOT NULL, model_version TEXT, label_before TEXT, label_after TEXT, audit_sample INTEGER NOT NULL,
  PRIMARY KEY (day, decided_at, feedback_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE strategy_history (
  scope TEXT NOT NULL, version INTEGER NOT NULL, effective_from INTEGER NOT NULL, changed_by TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (scope, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE model_versions (
  model_id TEXT NOT NULL, version TEXT NOT NULL, tasks TEXT NOT NULL, state TEXT NOT NULL,
  created_at INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (model_id, version)
) STRICT, WITHOUT ROWID;
