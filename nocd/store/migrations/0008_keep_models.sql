-- What models made of punches, which punches are put up for review, and every step of a model's life.

-- `model_version` scored the punch; a former or coming one scored it in its shadow, without effect.
ALTER TABLE scores ADD COLUMN model_version TEXT;
ALTER TABLE scores ADD COLUMN shadow REAL;
ALTER TABLE scores ADD COLUMN shadow_version TEXT;

-- `how` is random or chosen; `weight` is one over the chance with which it was drawn.
CREATE TABLE reviews (
    score  INTEGER PRIMARY KEY,
    put_at INTEGER NOT NULL,
    how    TEXT    NOT NULL,
    weight REAL    NOT NULL
) STRICT;

CREATE INDEX reviews_put_at ON reviews (put_at);

-- `kind` is the type of the change that told of it.
CREATE TABLE model_steps (
    no      INTEGER PRIMARY KEY,
    time    INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    version TEXT,
    reason  TEXT    NOT NULL,
    body    BLOB    NOT NULL
) STRICT;
