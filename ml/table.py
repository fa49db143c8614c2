"""Any table of dated, labelled rows, as CSV with a first line of names, gzipped or not; and which columns to use."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ml.dataset import ROWS_MAX, Columns, Rows, opened
from ml.labels import read_label
from ml.measure import Ranking
from ml.schema import COLUMNS_MAX, Refused, any_columns
from nocd.domain.instant import to_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ml.booster import Matrix

BLANK: Final = frozenset({"", "na", "nan", "null", "none"})
TELLING: Final = 0.98  # a column that ranks so well by itself was written after the fact
_SECONDS_MAX: Final = 10**11  # greater numbers are milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which column is what; all others are what a model may learn from, but those left out."""

    label: str
    time: str
    person: str | None = None
    rules: str | None = None
    weight: str | None = None
    site: str | None = None
    shift: str | None = None
    device: str | None = None
    omit: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    @property
    def named(self) -> set[str]:
        """Return the columns that are something else than a feature, unless they are kept."""
        given = (self.label, self.time, self.person, self.rules, self.weight, self.site, self.shift, self.device)
        return {name for name in given if name is not None}


def read_table(path: Path, plan: Plan) -> tuple[Rows, dict[str, str]]:
    """Return the table's rows, and why each column was left out that might have been used."""
    with opened(path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as lines:
        table = csv.reader(lines)
        try:
            names = next(table, [])
            _check(names, plan, path.name)
            cells = list(zip(*_rows(table, len(names)), strict=True))
        except (UnicodeDecodeError, csv.Error, EOFError, OSError) as error:
            raise Refused("unreadable", f"{path.name}: {error}") from error
    if not cells:
        raise Refused("no_rows", f"{path.name} has no row")
    return _assembled(dict(zip(names, cells, strict=True)), plan)


def _rows(table: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    for number, row in enumerate(table, 2):
        if len(row) != width:
            raise Refused("bad_row", f"line {number} has {len(row)} cells, the first line {width}", line=number)
        if number > ROWS_MAX:
            raise Refused("too_large", f"more than {ROWS_MAX:,} rows", rows_max=ROWS_MAX)
        yield row


def _check(names: list[str], plan: Plan, file: str) -> None:
    if not names or len(set(names)) < len(names) or len(names) > COLUMNS_MAX:
        raise Refused("bad_header", f"{file}: the first line must name at most {COLUMNS_MAX} columns, each once")
    for name in (*plan.named, *plan.omit, *plan.keep):
        if name not in names:
            raise Refused("no_such_column", f"{file} has no column {name}; it has {', '.join(names)}")


def _assembled(cells: dict[str, tuple[str, ...]], plan: Plan) -> tuple[Rows, dict[str, str]]:
    left: dict[str, str] = dict.fromkeys(plan.omit, "left out as asked")
    numbers: dict[str, Matrix] = {}
    for name, column in cells.items():
        if name in left or (name in plan.named and name not in plan.keep):
            continue
        try:
            numbers[name] = _numbers(column)
        except ValueError:
            left[name] = "holds words"
    values = _columns(cells, plan)
    matrix = np.column_stack(list(numbers.values())) if numbers else np.empty((len(cells[plan.label]), 0), np.float32)
    rows = Columns(any_columns(numbers), values).rows(matrix)
    left |= _suspects(rows, plan)
    used = [at for at, name in enumerate(rows.schema.names) if name not in left]
    if not used:
        raise Refused("no_columns", "no column is left to learn from")
    return _narrowed(rows, used), left


def _columns(cells: dict[str, tuple[str, ...]], plan: Plan) -> dict[str, list[Any]]:
    optional = {name: getattr(plan, name) for name in ("person", "site", "shift", "device")}
    values: dict[str, list[Any]] = {name: list(cells[column]) for name, column in optional.items() if column}
    for name, column in (("rules", plan.rules), ("weight", plan.weight)):
        values[name] = _scores(column, cells[column]) if column else []
    if not all(weight > 0 for weight in values["weight"]):
        raise Refused("bad_row", f"{plan.weight}: a weight that is not above 0 is none")
    values["id"] = list(range(1, len(cells[plan.label]) + 1))
    values["time_ms"] = [_time_ms(text) for text in cells[plan.time]]
    try:
        values["label"] = [read_label(text) for text in cells[plan.label]]
    except ValueError as error:
        raise Refused("bad_label", f"{plan.label}: {error} is no label; 1, 0 or nothing is") from None
    return {name: values.get(name, []) for name in ("person", "site", "shift", "device", "shift_id", "chosen")} | values


def _scores(name: str, cells: tuple[str, ...]) -> list[float]:
    try:
        found: list[float] = _numbers(cells).tolist()
    except ValueError as error:
        raise Refused("bad_row", f"{name}: {error}") from None
    return found


def _numbers(cells: tuple[str, ...]) -> Matrix:
    found = np.array([np.nan if cell.strip().lower() in BLANK else float(cell) for cell in cells])
    with np.errstate(over="ignore"):  # what is too large to hold is taken for missing
        return found.astype(np.float32)


def _time_ms(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return int(number if abs(number) > _SECONDS_MAX else number * 1_000)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Refused("bad_time", f"{text!r} is no time: RFC 3339 or seconds since 1970 are") from None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _narrowed(rows: Rows, used: list[int]) -> Rows:
    columns = any_columns(rows.schema.names[at] for at in used)
    return rows.replaced(schema=columns, x=np.ascontiguousarray(rows.x[:, used]))


def _suspects(rows: Rows, plan: Plan) -> dict[str, str]:
    """Return the columns that cannot be known beforehand or mean nothing later: names, clocks, the answer itself."""
    known = rows.labelled
    found = {}
    for at, name in enumerate(rows.schema.names):
        reason = None if name in plan.keep else _suspicion(name, known.x[:, at].astype(np.float64), known)
        if reason:
            found[name] = f"{reason}; --keep {name} uses it all the same"
    return found


def _suspicion(name: str, column: Any, known: Rows) -> str | None:
    plain = name.lower().replace(" ", "_").replace("-", "_")
    if plain == "id" or plain.endswith("_id"):
        return "names somebody or something"
    there = ~np.isnan(column)
    if there.sum() > 1 and len(np.unique(column)) > 2 and np.all(np.diff(column[there]) >= 0):  # noqa: PLR2004  a flag
        return "runs on with time"
    filled = np.where(there, column, np.nanmin(column) - 1 if there.any() else 0.0)
    ranks = (Ranking(known.label, sign * filled).average_precision(known.weight) for sign in (1.0, -1.0))
    return "tells the label by itself" if max(ranks) >= TELLING else None
