"""Rows to learn from and to judge by: the daemon's training file read, and rows split by time."""

from __future__ import annotations

import gzip
import io
from array import array
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from ml.schema import TRAINING_FILE, Refused, Schema
from nocd.domain.instant import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ml.measure import Bools, Floats, Ints

ROWS_MAX: Final = 1_000_000
LINE_MAX_BYTES: Final = 64 * 1024
SHIFT_MS: Final = 16 * HOUR_MS  # rows of one person within it are one shift, where none is named
GROUPS: Final = ("site", "shift", "device")
TEST_SHARE: Final = 0.20
TEST_SHARE_MAX: Final = 0.40
CALIBRATION_SHARE: Final = 0.15
TEST_CLASS_MIN: Final = 10
_COLUMNS: Final = ("id", "time_ms", "x", "label", "rules", "weight", "chosen", "unit")

Words = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows as columns, in time order: `x` is rows by schema; `label` and `rules` are NaN where there is none.

    `unit` numbers one person's one shift. `groups` holds, for each of `GROUPS`, the class of every row ("" for none).
    """

    schema: Schema
    id: Words
    time_ms: Ints
    x: npt.NDArray[np.float32]
    label: Floats
    rules: Floats
    weight: Floats
    chosen: Bools
    unit: Ints
    groups: dict[str, Words]

    def __len__(self) -> int:
        return len(self.time_ms)

    def take(self, which: Bools | Ints) -> Rows:
        """Return some of the rows."""
        columns = {name: getattr(self, name)[which] for name in _COLUMNS}
        return replace(self, **columns, groups={name: words[which] for name, words in self.groups.items()})

    def replaced(self, *, schema: Schema, x: npt.NDArray[np.float32]) -> Rows:
        """Return the same rows with other columns."""
        return replace(self, schema=schema, x=x)

    @property
    def labelled(self) -> Rows:
        """Return the rows whose label is known."""
        return self.take(~np.isnan(self.label))

    @property
    def measurable(self) -> Rows:
        """Return the labelled rows that figures may be taken of: not those chosen for what they look like."""
        return self.take(~np.isnan(self.label) & ~self.chosen)

    @property
    def frauds(self) -> int:
        """Return how many rows are known to be fraud."""
        return int(np.nansum(self.label))

    @property
    def cluster(self) -> Ints:
        """Return the shifts numbered 0, 1, … within these rows."""
        return np.unique(self.unit, return_inverse=True)[1].astype(np.int64)

    def since(self, days: float) -> Rows:
        """Return the rows of the last days before the newest row."""
        return self.take(self.time_ms > self.time_ms[-1] - days * 24 * HOUR_MS) if len(self) else self

    def told(self) -> dict[str, Any]:
        """Return the counts and the time range of these rows."""
        known = int(np.sum(~np.isnan(self.label)))
        span = {"from_ms": int(self.time_ms[0]), "to_ms": int(self.time_ms[-1])} if len(self) else {}
        return {"rows": len(self), "labelled": known, "fraud": self.frauds, "chosen": int(self.chosen.sum())} | span


@dataclass(slots=True)
class Columns:
    """What a reader collects, row by row, until it is made `Rows`."""

    schema: Schema
    values: dict[str, list[Any]]

    @classmethod
    def empty(cls, schema: Schema) -> Columns:
        """Return columns without a row."""
        return cls(schema, defaultdict(list))

    def rows(self, x: npt.NDArray[np.float32]) -> Rows:
        """Return the rows in time order, those of equal time in the order they came."""
        held = self.values
        count = len(held["time_ms"])
        if not count:
            raise Refused("no_rows", "there is no row to read")
        time_ms = np.asarray(held["time_ms"], dtype=np.int64)
        order = np.argsort(time_ms, kind="stable")
        rows = Rows(
            schema=self.schema,
            id=_words(held["id"]),
            time_ms=time_ms,
            x=np.where(np.isfinite(x), x, np.float32(np.nan)),
            label=np.asarray([np.nan if label is None else label for label in held["label"]], dtype=np.float64),
            rules=np.asarray(held["rules"] or [np.nan] * count, dtype=np.float64),
            weight=np.asarray(held["weight"] or [1.0] * count, dtype=np.float64),
            chosen=np.asarray(held["chosen"] or [False] * count, dtype=np.bool_),
            unit=units(held["person"] or [None] * count, held["time_ms"], held["shift_id"] or [None] * count, order),
            groups={name: _words(held[name] or [None] * count) for name in GROUPS},
        )
        return rows.take(order)


def _words(values: Sequence[Any]) -> Words:
    return np.asarray(["" if value is None else str(value) for value in values], dtype=np.object_)


def units(person: Sequence[Any], time_ms: Sequence[int], shift_id: Sequence[Any], order: Ints) -> Ints:
    """Return a number for each person's shift: named, else what lies within `SHIFT_MS`; a row of nobody is one."""
    found: dict[Any, int] = {}
    begun: dict[Any, int] = {}
    unit = np.empty(len(order), dtype=np.int64)
    for at in order.tolist():
        who = person[at]
        key: Any = (who, "named", shift_id[at]) if shift_id[at] is not None else (who, at)
        if who is not None and shift_id[at] is None:
            if time_ms[at] - begun.get(who, -SHIFT_MS - 1) > SHIFT_MS:
                begun[who] = time_ms[at]
            key = (who, begun[who])
        unit[at] = found.setdefault(key, len(found))
    return unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Labelled rows apart by time; no person's shift lies on two sides. `test_share` is how far back the test goes."""

    fit: Rows
    calibration: Rows
    test: Rows
    test_share: float

    def told(self) -> dict[str, Any]:
        """Return the counts of each side."""
        sides = {"fit": self.fit, "calibration": self.calibration, "test": self.test}
        return {name: side.told() for name, side in sides.items()} | {"test_share": round(self.test_share, 4)}


def split(rows: Rows) -> Split:
    """Split labelled rows by time: the last 20 % test, the 15 % before it calibrate.

    A shift is where it begins. The test grows backwards, to 40 % of the rows, until it holds ten frauds, and ten
    others, that may be measured; else `too_few_to_judge`.
    """
    known = rows.labelled
    begin = _begins(known)
    back = np.lexsort((known.unit, begin))[::-1]  # whole shifts, the last to begin first
    fraud = known.label[back] == 1
    frauds, others = (np.cumsum(side & ~known.chosen[back]) for side in (fraud, ~fraud))
    last_of_unit = np.append(known.unit[back][1:] != known.unit[back][:-1], True)
    ends = np.flatnonzero(last_of_unit) + 1
    holds = np.minimum(frauds, others)[ends - 1] >= TEST_CLASS_MIN
    enough = ends[(ends >= TEST_SHARE * len(known)) & holds]
    if not len(enough) or enough[0] > TEST_SHARE_MAX * len(known):
        last = max(0, int(TEST_SHARE_MAX * len(known)) - 1)
        raise Refused(
            "too_few_to_judge",
            f"the last 40 % of the labelled rows hold {frauds[last]} frauds and {others[last]} others to measure by, "
            f"of {TEST_CLASS_MIN} each needed",
            frauds=int(frauds[last]),
            others=int(others[last]),
            needed=TEST_CLASS_MIN,
        )
    tested = int(enough[0])
    calibrated = ends[np.searchsorted(ends, min(len(known), tested + CALIBRATION_SHARE * len(known)))]
    return Split(
        fit=known.take(np.sort(back[calibrated:])),
        calibration=known.take(np.sort(back[tested:calibrated])),
        test=known.take(np.sort(back[:tested])),
        test_share=tested / len(known),
    )


def _begins(rows: Rows) -> Ints:
    """Return for each row when its shift began."""
    cluster = rows.cluster
    first = np.full(int(cluster.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, cluster, rows.time_ms)
    return first[cluster]


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading, gzipped or not; `unreadable` where it cannot be."""
    try:
        with path.open("rb") as begin:
            zipped = begin.read(2) == b"\x1f\x8b"
        return io.BufferedReader(gzip.open(path, "rb")) if zipped else path.open("rb")
    except OSError as error:
        raise Refused("unreadable", f"{path.name}: {error.strerror or error}") from error


def read_rows(path: Path, schema: Schema) -> Rows:
    """Read a training file (`ml.schema.header`, then a `Row` a line); vectors of another schema are refused."""
    with opened(path) as lines:
        _check_header(next(_lines(lines), b""), schema)
        columns = Columns.empty(schema)
        vectors = array("d")
        for number, line in enumerate(_lines(lines), 2):
            try:
                vectors.extend(_read_row(orjson.loads(line), columns))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise Refused("bad_row", f"{path.name}, line {number}: {error!r} is no row", line=number) from error
            if number > ROWS_MAX:
                raise Refused("too_large", f"{path.name} has more than {ROWS_MAX:,} rows", rows_max=ROWS_MAX)
    with np.errstate(over="ignore"):  # what is too large to hold is taken for missing
        x = np.frombuffer(vectors).astype(np.float32)
    return columns.rows(x.reshape(-1, len(schema.features)))


def _lines(lines: IO[bytes]) -> Iterator[bytes]:
    while line := lines.readline(LINE_MAX_BYTES):
        if line.strip():
            yield line


def _check_header(line: bytes, schema: Schema) -> None:
    try:
        told = orjson.loads(line)
        theirs = Schema.read(told["schema"]) if told["kind"] == TRAINING_FILE else None
    except (KeyError, TypeError, ValueError):
        theirs = None
    if theirs is None:
        raise Refused("bad_header", "the first line is not the header of a training file")
    if theirs.digest != schema.digest:
        raise Refused("foreign_schema", f"vectors of schema {theirs.digest}; {schema.digest} is asked for")


def _read_row(row: dict[str, Any], columns: Columns) -> list[float]:
    vector = [np.nan if value is None else float(value) for value in row["x"]]
    if len(vector) != len(columns.schema.features):
        raise ValueError("x")
    if not isinstance(row["time_ms"], int):
        raise TypeError("time_ms")
    if row.get("label") not in (0, 1, None):
        raise ValueError("label")
    if not (weight := float(row.get("weight", 1))) > 0:
        raise ValueError("weight")
    add = columns.values
    for name in ("id", "person", "site", "time_ms"):
        add[name].append(row[name])
    for name in ("label", "shift_id", "shift", "device"):
        add[name].append(row.get(name))
    add["rules"].append(float(row["rules"]))
    add["weight"].append(weight)
    add["chosen"].append(bool(row.get("chosen")))
    return vector
