"""The terms of a query: which fields there are, what may be compared with what, and how each is written."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from nocd.domain.alert import Status, Verdict
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, rfc3339, to_ms
from nocd.domain.severity import Severity

STARS_MAX: Final = 4
PATTERN_MAX: Final = 100
CHOICES_MAX: Final = 4  # of ? * + and | in a regex together, and of * and + two: backtracking stays short
UNBOUNDED_MAX: Final = 2


@dataclass(frozen=True, slots=True)
class Field:
    """What a term may ask for: its kind, and under which keys of a view it lies (a dot goes into an object)."""

    kind: str
    keys: tuple[str, ...]


# `severity` and `status` have words of their own; `word` any; `number`, `age` and `since` are compared.
FIELDS: Final[dict[str, Field]] = {
    "severity": Field("severity", ("severity",)),
    "status": Field("status", ("status",)),
    "type": Field("word", ("type",)),
    "category": Field("category", ("category",)),
    "site": Field("word", ("site", "site_name")),
    "client": Field("word", ("client",)),
    "person": Field("word", ("person", "person_name")),
    "device": Field("word", ("entity.id",)),
    "score": Field("number", ("fraud_score",)),
    "priority": Field("number", ("priority",)),
    "count": Field("number", ("count",)),
    "age": Field("age", ("opened_at",)),
    "since": Field("since", ("last_seen",)),
    "text": Field("text", ()),
    "incident": Field("word", ("incident",)),
    "ticket": Field("word", ("ticket",)),
    "case": Field("word", ("incident", "ticket")),
    "assignee": Field("word", ("assignee",)),
    "by": Field("word", ("acknowledged_by", "resolved_by", "assignee")),
    "silenced": Field("word", ("suppressed_by",)),
    "verdict": Field("verdict", ("verdict",)),
    "runbook": Field("word", ("runbook",)),
    "source": Field("word", ("source",)),
    "id": Field("word", ("id",)),
}
ALIASES: Final = {
    "sev": "severity",
    "state": "status",
    "rule": "type",
    "kind": "category",
    "who": "assignee",
    "guard": "person",
    "silenced_by": "silenced",
}
_STATES: Final = {
    "new": Status.OPEN,
    "ack": Status.ACKNOWLEDGED,
    "snz": Status.SUPPRESSED,
    "esc": Status.ESCALATED,
    "res": Status.RESOLVED,
}
_CLOSED: Final[dict[str, list[str]]] = {
    "severity": [*Severity],
    "status": [*Status],
    "category": [*Category],
    "verdict": [*Verdict],
}
# P1 to P4, most pressing first: the worst and the least severity each stands for.
_PRESSING: Final = {
    "1": (Severity.CRITICAL, Severity.CRITICAL),
    "2": (Severity.HIGH, Severity.HIGH),
    "3": (Severity.MEDIUM, Severity.MEDIUM),
    "4": (Severity.LOW, Severity.INFO),
}
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDERED: Final = frozenset({"severity", "number", "age"})
_UNITS: Final = {"w": 7 * DAY_MS, "d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS}
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_PLAIN: Final = re.compile(r"[^\s()|\",\\]+")
_DAYTIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


_ESCAPED: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_REFUSED: Final = re.compile(r"\)[*+?]|\{|\(\?")
_REFERENCE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")
_SETS: Final = re.compile(r"\[\^?\[|--|&&|~~|\|\|")
_CHOICE: Final = re.compile(r"[*+?|]")
_UNBOUNDED: Final = re.compile(r"[*+]")


class Faulty(Exception):
    """A term that means nothing; `whole` where not its value but its comparison is wrong."""

    def __init__(self, what: str, *, whole: bool = False) -> None:
        """Keep what is wrong."""
        super().__init__(what)
        self.what = what
        self.whole = whole


@dataclass(frozen=True, slots=True)
class Match:
    """A field that is any of some values, `*` standing for anything and `none` for no value."""

    field: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}:{','.join(map(_quoted, self.values))}"


@dataclass(frozen=True, slots=True)
class Order:
    """A field compared: a severity by rank, a number, an age in milliseconds, or `since` when it was last seen."""

    field: str
    operator: str
    value: float | str

    def __str__(self) -> str:
        if self.field == "since":
            return f"since:{self.value}"
        value = duration(int(self.value)) if self.field == "age" else self.value
        return f"{self.field}{self.operator}{value if isinstance(value, str) else _number_text(value)}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """What says a text anywhere."""

    text: str

    def __post_init__(self) -> None:
        """Refuse a text that is everywhere."""
        if not self.text:
            raise Faulty("a phrase has at least one character")

    def __str__(self) -> str:
        return _in_marks(self.text)


@dataclass(frozen=True, slots=True)
class Regex:
    """What says something of a form anywhere, whatever its case."""

    pattern: str

    def __str__(self) -> str:
        return f"/{self.pattern.replace('/', chr(92) + '/')}/"


def term(field: str, operator: str, values: list[str]) -> Match | Order | Phrase:
    """Return the term that compares a known field with values; raises Faulty."""
    kind = FIELDS[field].kind
    if kind == "text" and operator == ":" and len(values) == 1:
        return Phrase(values[0])
    if kind == "since" and operator == ":" and len(values) == 1:
        return Order("since", ">=", _moment(values[0]))
    if operator == ":" and kind not in ("text", "since", "age", "number"):
        return Match(field, tuple(dict.fromkeys(each for value in values for each in _words(kind, field, value))))
    if kind not in _ORDERED and operator != ":":
        raise Faulty(f"{field} has no order; write {field}:VALUE", whole=True)
    if len(values) > 1:
        raise Faulty(f"{field} is compared with one value", whole=True)
    return _compared(kind, field, operator, values[0])


def _compared(kind: str, field: str, operator: str, value: str) -> Match | Order:
    if kind == "severity":
        return _by_rank(operator, value)
    if operator == ":":
        raise Faulty(f"{field} is compared: write {field}>VALUE or {field}<VALUE", whole=True)
    if kind == "age":
        return Order(field, operator, float(_span(value)))
    return Order(field, operator, _number(field, value))


def _by_rank(operator: str, value: str) -> Order:
    pressing = _PRESSING.get(value.lower().removeprefix("p"))
    if pressing is None:
        return Order("severity", operator, _known("severity", "severity", value))
    turned = _TURNED[operator]  # P1 is less than P2 and worse
    return Order("severity", turned, pressing[turned in (">=", "<")])


def _words(kind: str, field: str, value: str) -> list[str]:
    if kind == "word":
        if value.count("*") > STARS_MAX:
            raise Faulty(f"a value has at most {STARS_MAX} *")
        return [value]
    if kind == "severity" and (pressing := _PRESSING.get(value.lower().removeprefix("p"))) is not None:
        return list(dict.fromkeys(pressing))
    if kind == "status" and (state := _STATES.get(value.lower())) is not None:
        return [state]
    return ["none"] if kind == "verdict" and value.lower() == "none" else [_known(kind, field, value)]


def _known(kind: str, field: str, value: str) -> str:
    known = {word.lower(): word for word in _CLOSED[kind]}
    if value.lower() in known:
        return str(known[value.lower()])
    near = difflib.get_close_matches(value.lower(), known, n=1, cutoff=0.6)
    meant = f"did you mean {known[near[0]]}?" if near else f"it is one of {', '.join(known.values())}"
    raise Faulty(f"{field} is never {value}; {meant}")


def _number(field: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Faulty(f"{field} is compared with a number, and {value} is none")
    return number


def _span(value: str) -> int:
    found = _DURATION.fullmatch(value)
    if found is None:
        raise Faulty(f"{value} is no duration like 90s, 10m, 2h, 3d or 1w")
    return int(found[1]) * _UNITS[found[2]]


def duration(span_ms: int) -> str:
    """Return a duration of whole seconds as it is written, in its largest unit without a rest."""
    unit = next(unit for unit, ms in _UNITS.items() if span_ms % ms == 0)
    return f"{span_ms // _UNITS[unit]}{unit}"


def _moment(value: str) -> str:
    """Return a time of day, a duration back from now, or an instant, as it is kept."""
    if _DAYTIME.fullmatch(value):
        return value
    if _DURATION.fullmatch(value):
        return duration(_span(value))
    try:
        moment = datetime.fromisoformat(value)
        return rfc3339(to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))
    except (ValueError, OverflowError):
        raise Faulty(f"{value} is no time like 13:00, 2h, 2026-01-31 or 2026-01-31T13:00Z") from None


def instant(value: str, now: int) -> int:
    """Return the instant a `since` means at `now` (both UTC ms); a time of day is the latest one, in UTC."""
    if _DAYTIME.fullmatch(value):
        today = now - now % DAY_MS + int(value[:2]) * HOUR_MS + int(value[3:]) * MINUTE_MS
        return today if today <= now else today - DAY_MS
    if _DURATION.fullmatch(value):
        return now - _span(value)
    return to_ms(datetime.fromisoformat(value))


def pattern_fault(pattern: str) -> str | None:
    """Return why a regex is not taken, or None: it must be one, and one that cannot search for long."""
    if not pattern or len(pattern) > PATTERN_MAX:
        return f"a regex has 1 to {PATTERN_MAX} characters"
    bare = _ESCAPED.sub("", pattern)
    if _REFUSED.search(bare) or _REFERENCE.search(pattern) or _SETS.search(pattern):
        return "a regex repeats no group here, and has neither { } nor (? nor \\1 nor sets of sets"
    if len(_CHOICE.findall(bare)) > CHOICES_MAX or len(_UNBOUNDED.findall(bare)) > UNBOUNDED_MAX:
        return f"a regex has at most {UNBOUNDED_MAX} of * and +, and {CHOICES_MAX} of these with ? and |"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"this is no regex: {error.msg}"
    return None


def _number_text(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - to there a float is its own whole number


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _in_marks(value)


def _in_marks(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
