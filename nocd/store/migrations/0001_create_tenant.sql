-- One tenant: what came in, what was decided, and the state between the two.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY
) STRICT;

-- Every input in one order. kind: 0 event, 1 command, 2 tick. Times are UTC milliseconds.
CREATE TABLE inputs (
    no           INTEGER PRIMARY KEY,
    kind         INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    claimed_time INTEGER,
    late         INTEGER NOT NULL,
    body         BLOB    NOT NULL
) STRICT;

-- The dedup index: a keyed 64-bit digest of (source, id). Lags behind `inputs` up to meta.saved_to.
CREATE TABLE seen (
    h  INTEGER PRIMARY KEY,
    no INTEGER NOT NULL
) STRICT;

-- The engine's records, each at the input number it is true at; the newest at or below meta.saved_to counts.
CREATE TABLE state (
    kind TEXT    NOT NULL,
    key  TEXT    NOT NULL,
    no   INTEGER NOT NULL,
    body BLOB,
    PRIMARY KEY (kind, key, no)
) STRICT, WITHOUT ROWID;

-- The durable feed: `body` is the change as every client gets it.
CREATE TABLE feed (
    seq      INTEGER PRIMARY KEY,
    no       INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    site     TEXT,
    client   TEXT,
    person   TEXT,
    severity TEXT,
    body     BLOB    NOT NULL
) STRICT;

-- Alerts as read (`body`, the view) and as held (`record`, the engine's own form, for those it no longer holds).
CREATE TABLE alerts (
    no          INTEGER PRIMARY KEY,
    status      TEXT    NOT NULL,
    standing    INTEGER NOT NULL,
    severity    INTEGER NOT NULL,
    priority    INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    type        TEXT    NOT NULL,
    site        TEXT,
    client      TEXT,
    person      TEXT,
    fingerprint TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    record      BLOB    NOT NULL
) STRICT;

CREATE INDEX alerts_queue ON alerts (standing, severity DESC, priority DESC, last_seen DESC, no DESC);

CREATE INDEX alerts_status ON alerts (status, severity DESC, priority DESC, last_seen DESC, no DESC);

CREATE TABLE ledger (
    alert      INTEGER NOT NULL,
    row        INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    decision   TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    old_status TEXT,
    new_status TEXT,
    PRIMARY KEY (alert, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE findings (
    no        INTEGER PRIMARY KEY,
    alert     INTEGER,
    time      INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    type      TEXT    NOT NULL,
    severity  INTEGER NOT NULL,
    site      TEXT,
    client    TEXT,
    person    TEXT,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    body      BLOB    NOT NULL
) STRICT;

CREATE INDEX findings_of_alert ON findings (alert, no) WHERE alert IS NOT NULL;

-- The first answer to a command that carried an idempotency key, for its repeats.
CREATE TABLE replies (
    key    TEXT PRIMARY KEY,
    time   INTEGER NOT NULL,
    asked  TEXT    NOT NULL,
    status INTEGER NOT NULL,
    body   BLOB    NOT NULL
) STRICT;

CREATE INDEX replies_time ON replies (time);
