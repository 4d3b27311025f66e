-- Teams and products have numbers: every index names them.
CREATE TABLE teams (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE products (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE complaints (
    number INTEGER PRIMARY KEY,
    complaint_id TEXT NOT NULL UNIQUE,
    source BLOB NOT NULL,
    digest BLOB NOT NULL,
    -- 0: what is open; 1: what is answered or withdrawn; NULL: in no list.
    list INTEGER,
    team INTEGER,
    state INTEGER,
    vulnerability INTEGER,
    product INTEGER,
    needs_human INTEGER,
    audit_sample INTEGER,
    -- 0: vulnerable; 1: everything else.
    turn INTEGER,
    due INTEGER,
    urgency INTEGER,
    received_at INTEGER,
    changed_at INTEGER,
    customer_ref TEXT,
    external_ref TEXT
);

-- An index for each order. Behind the order stands all that pages are filtered by, so that what is passed over is never
-- looked up in the table.
CREATE INDEX by_next ON complaints
    (list, team, turn, due, urgency, complaint_id, state, vulnerability, product, needs_human, audit_sample)
    WHERE list IS NOT NULL;
CREATE INDEX by_due ON complaints
    (list, team, due, complaint_id, state, vulnerability, product, needs_human, audit_sample)
    WHERE list IS NOT NULL;
CREATE INDEX by_received ON complaints
    (list, team, received_at, complaint_id, due, state, vulnerability, product, needs_human, audit_sample)
    WHERE list IS NOT NULL;
CREATE INDEX by_changed ON complaints
    (list, team, changed_at, complaint_id, due, state, vulnerability, product, needs_human, audit_sample)
    WHERE list IS NOT NULL;
CREATE INDEX by_customer ON complaints (customer_ref, received_at) WHERE customer_ref IS NOT NULL;
CREATE INDEX by_external ON complaints (external_ref, received_at) WHERE external_ref IS NOT NULL;
CREATE INDEX closed_since ON complaints (changed_at) WHERE list = 1;

CREATE TABLE positions (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next INTEGER NOT NULL,
    last_offset INTEGER,
    last_digest BLOB,
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
