-- What is told outside, and playbooks that ran.

-- One message for one receiver. `id` is its webhook-id at every attempt. state: waiting, delivered, dead.
CREATE TABLE outbox (
    no         INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    receiver   TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    route      TEXT    NOT NULL,
    run        TEXT,
    step       INTEGER,
    site       TEXT,
    client     TEXT,
    alerts     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    give_up_at INTEGER NOT NULL,
    ended_at   INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    error      TEXT,
    body       BLOB    NOT NULL
) STRICT;

CREATE INDEX outbox_due ON outbox (receiver, due_at, no) WHERE state = 'waiting';

CREATE INDEX outbox_state ON outbox (state, no);

CREATE INDEX outbox_of ON outbox (receiver, no);

CREATE INDEX outbox_ended ON outbox (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE playbook_runs (
    no         INTEGER PRIMARY KEY,
    playbook   TEXT    NOT NULL,
    alert      INTEGER NOT NULL,
    status     TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    site       TEXT,
    client     TEXT,
    body       BLOB    NOT NULL
) STRICT;

CREATE INDEX playbook_runs_status ON playbook_runs (status, no);

CREATE INDEX playbook_runs_of ON playbook_runs (alert, no);
