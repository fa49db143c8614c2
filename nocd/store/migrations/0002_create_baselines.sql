-- What was usual and what was seen, hour by hour; how thresholds moved; which jobs ran.

-- One closed hour of one baseline; `hour` is its start (UTC ms). learned: 0 no, 1 yes. z is null while nothing is judged.
CREATE TABLE site_hours (
    baseline     TEXT    NOT NULL,
    hour         INTEGER NOT NULL,
    hour_of_week INTEGER NOT NULL,
    value        REAL    NOT NULL,
    heads        REAL,
    expected     REAL,
    spread       REAL,
    z            REAL,
    threshold    REAL    NOT NULL,
    anomalous    INTEGER NOT NULL,
    learned      INTEGER NOT NULL,
    PRIMARY KEY (baseline, hour)
) STRICT, WITHOUT ROWID;

CREATE INDEX site_hours_by_hour ON site_hours (hour);

CREATE TABLE threshold_changes (
    no             INTEGER PRIMARY KEY,
    baseline       TEXT    NOT NULL,
    time           INTEGER NOT NULL,
    site           TEXT,
    client         TEXT,
    rolled_back_at INTEGER,
    body           BLOB    NOT NULL
) STRICT;

CREATE INDEX threshold_changes_of ON threshold_changes (baseline, no);

CREATE TABLE job_runs (
    no      INTEGER PRIMARY KEY,
    job     TEXT    NOT NULL,
    started INTEGER NOT NULL,
    seconds REAL    NOT NULL,
    outcome TEXT    NOT NULL,
    detail  TEXT    NOT NULL
) STRICT;

CREATE INDEX job_runs_of ON job_runs (job, no);

-- What alerts turned out to be: the labels that thresholds and the model learn from. An alert that came back keeps its.
CREATE TABLE verdicts (
    alert    INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    verdict  TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    site     TEXT,
    client   TEXT,
    person   TEXT,
    baseline TEXT,
    PRIMARY KEY (alert, time)
) STRICT, WITHOUT ROWID;

CREATE INDEX verdicts_time ON verdicts (time);

CREATE INDEX verdicts_of ON verdicts (baseline, time);
