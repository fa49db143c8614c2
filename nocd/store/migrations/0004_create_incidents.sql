-- Incidents: alerts and signals that belong together; and the indexes that what surrounds an alert is read by.

CREATE TABLE incidents (
    no         INTEGER PRIMARY KEY,
    status     TEXT    NOT NULL,
    standing   INTEGER NOT NULL,
    severity   INTEGER NOT NULL,
    score      REAL    NOT NULL,
    last_seen  INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    site       TEXT,
    client     TEXT,
    person     TEXT,
    body       BLOB    NOT NULL,
    timeline   BLOB    NOT NULL
) STRICT;

CREATE INDEX incidents_queue ON incidents (standing, severity DESC, last_seen DESC, no DESC);

CREATE INDEX incidents_opened ON incidents (opened_at DESC, no DESC);

-- Alerts of a place lately, and how those of a kind ended there.
CREATE INDEX alerts_site ON alerts (site, last_seen DESC);

CREATE INDEX alerts_person ON alerts (person, last_seen DESC) WHERE person IS NOT NULL;

CREATE INDEX alerts_ended ON alerts (site, type, updated_at DESC) WHERE status = 'resolved';

-- What changed in the directory, newest first.
CREATE INDEX feed_directory ON feed (time DESC) WHERE type = 'directory_changed';
