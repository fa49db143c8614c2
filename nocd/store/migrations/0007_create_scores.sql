-- How much each punch looks like fraud, and what it turned out to be.

-- `punch` is the event's id; `x` the features as JSON, as they were when it was judged first; `score` the greater of
-- `rules` and `model`; `alert` the number of the alert it is part of.
CREATE TABLE scores (
    no         INTEGER PRIMARY KEY,
    punch      TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    site       TEXT    NOT NULL,
    client     TEXT,
    time       INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    rules      REAL    NOT NULL,
    model      REAL,
    score      REAL    NOT NULL,
    level      TEXT    NOT NULL,
    alert      INTEGER,
    x          BLOB,
    body       BLOB    NOT NULL,
    verdict    TEXT,
    judged_at  INTEGER,
    judged_by  TEXT,
    note       TEXT
) STRICT;

CREATE INDEX scores_time ON scores (time, score);

CREATE INDEX scores_of ON scores (person, time);
