-- What the desk keeps. Times are milliseconds since the Unix epoch; what is `until` a time that is over counts as gone.

CREATE TABLE leases (
  complaint_id TEXT PRIMARY KEY, lease_id TEXT NOT NULL, holder TEXT NOT NULL, team TEXT NOT NULL,
  revision INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
  finished INTEGER NOT NULL      -- the work is done: nobody gets it until then
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_by_holder ON leases (holder, since);
CREATE INDEX leases_by_end ON leases (until);

CREATE TABLE sessions (
  digest TEXT PRIMARY KEY,       -- of the session's id, which nobody keeps
  subject TEXT NOT NULL, body BLOB NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_subject ON sessions (subject);
CREATE INDEX sessions_by_end ON sessions (until);

CREATE TABLE requests (
  request_id TEXT PRIMARY KEY, requested_by TEXT NOT NULL, requested_at INTEGER NOT NULL, reason TEXT NOT NULL,
  base_version INTEGER NOT NULL, change TEXT NOT NULL, state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_state ON requests (state, requested_at);

CREATE TABLE approvals (
  request_id TEXT NOT NULL, number INTEGER NOT NULL, person TEXT NOT NULL,
  PRIMARY KEY (request_id, number), UNIQUE (request_id, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
  name TEXT PRIMARY KEY, password_hash TEXT,
  every_team INTEGER NOT NULL,   -- else those of user_teams
  disabled INTEGER NOT NULL, changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE user_roles (name TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (name, role)) STRICT, WITHOUT ROWID;
CREATE TABLE user_teams (name TEXT NOT NULL, team TEXT NOT NULL, PRIMARY KEY (name, team)) STRICT, WITHOUT ROWID;

CREATE TABLE links (
  digest TEXT PRIMARY KEY,       -- of the link's secret, which nobody keeps
  name TEXT NOT NULL, until INTEGER NOT NULL, used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_end ON links (until);
