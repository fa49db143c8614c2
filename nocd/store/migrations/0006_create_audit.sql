-- Who did what, each row sealing the one before; and what is counted every five minutes and judged every day.

-- The audit trail. `detail` is JSON; `digest` is the SHA-256 of the row and of `prior`, the digest of the row before.
CREATE TABLE audit (
    no     INTEGER PRIMARY KEY,
    time   INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    act    TEXT    NOT NULL,
    target TEXT    NOT NULL,
    peer   TEXT    NOT NULL,
    site   TEXT,
    client TEXT,
    detail TEXT    NOT NULL,
    prior  TEXT    NOT NULL,
    digest TEXT    NOT NULL
) STRICT;

-- The last row that retention let go of, each time: the kept chain begins at the newest of these.
CREATE TABLE audit_anchors (
    no         INTEGER PRIMARY KEY,
    digest     TEXT    NOT NULL,
    removed_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'an audit row is never changed');
END;

CREATE TRIGGER audit_keeps_what_no_anchor_holds BEFORE DELETE ON audit
WHEN old.no > coalesce((SELECT max(no) FROM audit_anchors), 0)
BEGIN
    SELECT raise(ABORT, 'an audit row is let go of only behind an anchor');
END;

-- 189 388 800 000 ms are six years.
CREATE TRIGGER audit_anchors_hold_old_rows_alone BEFORE INSERT ON audit_anchors
WHEN NOT EXISTS (
    SELECT 1 FROM audit WHERE no = new.no AND digest = new.digest AND time <= new.removed_at - 189388800000
)
BEGIN
    SELECT raise(ABORT, 'an anchor is a row of the trail that is six years old');
END;

CREATE TRIGGER audit_anchors_never_change BEFORE UPDATE ON audit_anchors
BEGIN
    SELECT raise(ABORT, 'an anchor is never changed');
END;

CREATE TRIGGER audit_anchors_stay BEFORE DELETE ON audit_anchors
BEGIN
    SELECT raise(ABORT, 'an anchor stays');
END;

-- Key figures of a site, a client or the whole (`scope` `site:ID`, `client:ID`, `all`) over `minutes` from `time` on:
-- `body` has mean, least and greatest of each gauge, and sums of what is counted.
CREATE TABLE kpis (
    scope   TEXT    NOT NULL,
    minutes INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    PRIMARY KEY (scope, minutes, time)
) STRICT, WITHOUT ROWID;

CREATE INDEX kpis_by_time ON kpis (minutes, time);

-- A client's scorecard of one day, and the rows behind it.
CREATE TABLE scorecards (
    client TEXT    NOT NULL,
    day    INTEGER NOT NULL,
    body   BLOB    NOT NULL,
    PRIMARY KEY (client, day)
) STRICT, WITHOUT ROWID;
