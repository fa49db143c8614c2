-- What each shift handed over to the next, and who took it.

CREATE TABLE handovers (
    no          INTEGER PRIMARY KEY,
    signed_by   TEXT    NOT NULL,
    signed_at   INTEGER NOT NULL,
    accepted_by TEXT,
    accepted_at INTEGER,
    body        BLOB    NOT NULL
) STRICT;

CREATE INDEX handovers_signed ON handovers (signed_at);
