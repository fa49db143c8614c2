-- Work handed to people: tickets as read (`body`, the view) and as held (`record`), and what happened to each.

CREATE TABLE tickets (
    no         INTEGER PRIMARY KEY,
    number     TEXT    NOT NULL UNIQUE,
    key        TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    open       INTEGER NOT NULL,
    priority   INTEGER NOT NULL,
    type       TEXT    NOT NULL,
    site       TEXT,
    client     TEXT,
    person     TEXT,
    assignee   TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body       BLOB    NOT NULL,
    record     BLOB    NOT NULL
) STRICT;

-- One trouble is one open ticket, whatever the engine believes.
CREATE UNIQUE INDEX tickets_open_key ON tickets (key) WHERE open = 1;

CREATE INDEX tickets_queue ON tickets (open, priority, no DESC);

CREATE INDEX tickets_status ON tickets (status, priority, no DESC);

CREATE TABLE ticket_timeline (
    ticket     INTEGER NOT NULL,
    row        INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    decision   TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    old_status TEXT,
    new_status TEXT,
    PRIMARY KEY (ticket, row)
) STRICT, WITHOUT ROWID;
