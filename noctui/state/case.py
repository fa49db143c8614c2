"""A case as the console keeps it: a ticket or an incident, typed and harmless, the whole view beside the fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from noctui.state.alert import rank_of
from noctui.state.cells import clean
from noctui.state.times import HOUR_MS, parse

Kind: TypeAlias = Literal["ticket", "incident"]
Body: TypeAlias = Mapping[str, Any]
TICKET_ENDS = frozenset({"resolved", "closed", "cancelled"})
ACTIVE = frozenset({"in_progress", "acknowledged"})
DUE_WITHIN_MS = HOUR_MS
VIEWS = ("all", "mine", "due", "active")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One ticket or incident; `level` is 1 to 4, times are UTC milliseconds, `due` when its next clock runs out.

    `owners` are all names under which somebody holds it: a person's id and their name.
    """

    id: str
    kind: Kind
    name: str
    level: int
    status: str
    title: str
    site: str = ""
    place: str = ""
    owners: tuple[str, ...] = ()
    opened_at: int = 0
    updated_at: int = 0
    due: int | None = None
    late: bool = False
    storm: bool = False
    body: Body = field(default_factory=dict, compare=False, repr=False)

    @property
    def open(self) -> bool:
        """Tell whether somebody still has to do something."""
        return self.status not in TICKET_ENDS

    @property
    def owner(self) -> str:
        """Return who holds it, as they are called."""
        return self.owners[0] if self.owners else ""

    @property
    def order(self) -> tuple[int, bool, int, int, str]:
        """Return the sort key: severity first, then what is late, what is due next, and the oldest."""
        return self.level, not self.late, self.due or 1 << 62, self.opened_at, self.id

    @property
    def words(self) -> str:
        """Return what the plain filter searches, in lower case."""
        return " ".join(
            (self.id, self.name, self.kind, self.status, self.site, self.place, *self.owners, self.title)
        ).lower()

    def seen_in(self, view: str, *, me: str, now: int) -> bool:
        """Tell whether a view shows it: what is mine, what is late or due within an hour, what is being worked on."""
        if view == "mine":
            return bool(me) and me in self.owners
        if view == "due":
            return self.late or (self.due is not None and self.due - now <= DUE_WITHIN_MS)
        return view != "active" or self.status in ACTIVE


def kind_of(case_id: str) -> Kind:
    """Return which of the two an id like `T-12` or `I-3` names."""
    return "incident" if case_id.startswith("I-") else "ticket"


def read_case(body: Body) -> Case:
    """Return the case in a TicketView or IncidentView of the wire; raises KeyError where it has no id."""
    return _ticket(body) if kind_of(str(body["id"])) == "ticket" else _incident(body)


def _ticket(body: Body) -> Case:
    due, late = _clocks(body.get("sla"))
    return Case(
        **_shared(body),
        kind="ticket",
        name=_word(body, "number") or clean(body["id"]),
        level=_level(body),
        owners=_owners(body, "assignee_name", "assignee"),
        opened_at=parse(body.get("created_at")) or 0,
        due=due,
        late=late,
    )


def _incident(body: Body) -> Case:
    return Case(
        **_shared(body),
        kind="incident",
        name=clean(body["id"]),
        level=min(rank_of(body.get("severity")) + 1, 4),
        owners=_owners(body, "owner", "acknowledged_by"),
        opened_at=parse(body.get("opened_at")) or 0,
        storm=bool(body.get("storm")),
    )


def _shared(body: Body) -> dict[str, Any]:
    return {
        "id": clean(body["id"]),
        "status": _word(body, "status") or "open",
        "title": _word(body, "title"),
        "site": _word(body, "site"),
        "place": _word(body, "site_name") or _word(body, "site"),
        "updated_at": parse(body.get("updated_at")) or 0,
        "body": body,
    }


def _level(body: Body) -> int:
    priority = str(body.get("priority") or "")
    return int(priority[1:]) if priority in {"P1", "P2", "P3", "P4"} else min(rank_of(body.get("severity")) + 1, 4)


def _clocks(sla: object) -> tuple[int | None, bool]:
    """Return when the next of a ticket's clocks runs out, and whether one did."""
    clocks = [sla.get(name) for name in ("response", "resolution")] if isinstance(sla, Mapping) else []
    known = [clock for clock in clocks if isinstance(clock, Mapping)]
    dues = [due for clock in known if clock.get("met_at") is None and (due := parse(clock.get("due"))) is not None]
    return min(dues, default=None), any(clock.get("state") == "breached" for clock in known)


def _owners(body: Body, *keys: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for key in keys if (word := _word(body, key))))


def _word(body: Body, key: str) -> str:
    value = body.get(key)
    return "" if value is None else clean(value)
