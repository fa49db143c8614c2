"""The facts about the shift: silences, the sheet, notes, handovers and the audit trail, and what to ask for next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from noctui.state.cells import clean
from noctui.state.snooze import COUNTED_MAX
from noctui.state.times import DAY_MS, MINUTE_MS, parse

Body: TypeAlias = Mapping[str, Any]
Need: TypeAlias = tuple[str, str]
AGAIN_MS: Final = MINUTE_MS
LISTS: Final = ("sheet", "notes", "silences", "handovers", "audit")
KINDS: Final = frozenset({*LISTS, "hits", "handover"})
HITS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """One silence: what it hides until when, whose it is and why, and how many alerts it hides now."""

    id: str
    scope: str
    author: str
    why: str
    starts_at: int
    ends_at: int | None
    ended_at: int | None
    state: str
    hits: int

    @property
    def active(self) -> bool:
        """Tell whether it is in force."""
        return self.state == "active"

    @property
    def order(self) -> tuple[bool, int, str]:
        """Return the sort key: in force first, next to end first; of the others the newest."""
        return not self.active, (self.ends_at or 1 << 62) if self.active else -(self.ended_at or 0), self.id


def read_silence(body: Body) -> Silence:
    """Return the silence in a SilenceView of the wire; raises KeyError where it has no id."""
    matchers = [each for each in body.get("matchers") or () if isinstance(each, Mapping)]
    hiding = body.get("hiding")
    return Silence(
        id=clean(body["id"]),
        scope="  ".join(map(_term, matchers)),
        author=clean(body.get("author") or ""),
        why=clean(body.get("comment") or ""),
        starts_at=parse(body.get("starts_at")) or 0,
        ends_at=parse(body.get("ends_at")),
        ended_at=parse(body.get("ended_at")),
        state=clean(body.get("state") or "active"),
        hits=int(hiding.get("count") or 0) if isinstance(hiding, Mapping) else 0,
    )


def _term(matcher: Body) -> str:
    name, op, value = (clean(matcher.get(key) or "") for key in ("name", "op", "value"))
    name = "device" if name == "entity" else name
    return f"{name}:{value}" if op == "=" else f"{name}{op}{value}"


@dataclass(slots=True)
class ShiftBook:
    """What is known of the shift; None is what has not come yet. Asked and asked again as the page of a site is."""

    silences: dict[str, Silence] | None = None
    sheet: Body | None = None
    notes: tuple[Body, ...] | None = None
    handovers: tuple[Body, ...] | None = None
    audit: tuple[Body, ...] | None = None
    hits: OrderedDict[str, int] = field(default_factory=OrderedDict)
    asked: dict[Need, int] = field(default_factory=dict)
    problems: dict[Need, str] = field(default_factory=dict)

    def due(self, now: int) -> list[Need]:
        """Return the needs of the screen to be asked for now, and note them as asked."""
        needs: list[Need] = [(name, "") for name in LISTS]
        due = [need for need in needs if now - self.asked.get(need, now - AGAIN_MS) >= AGAIN_MS]
        self.asked.update(dict.fromkeys(due, now))
        return due

    def stir(self, *kinds: str) -> None:
        """Have needs of these kinds (none: of every kind) asked for again at once."""
        self.asked = {need: at for need, at in self.asked.items() if kinds and need[0] not in kinds}

    def take(self, kind: str, key: str, status: int, body: Body) -> str:
        """Take in what was answered; what came before is kept where that was a problem."""
        if status >= 400:  # noqa: PLR2004 - HTTP's own border
            self.problems[kind, key] = clean(body.get("detail") or f"HTTP {status}")
            return ""
        self.problems.pop((kind, key), None)
        found = tuple(each for each in body.get("items") or () if isinstance(each, Mapping))
        if kind == "sheet":
            self.sheet = body
        elif kind == "silences":
            self.silences = {silence.id: silence for silence in map(read_silence, found)}
        elif kind == "hits":
            self.hits[key] = COUNTED_MAX if body.get("cursor") else len(found)
            while len(self.hits) > HITS_MAX:
                self.hits.popitem(last=False)
        else:
            setattr(self, kind, found)
        return ""

    def put_silence(self, body: Body) -> None:
        """Know a silence as it stands now."""
        if self.silences is not None:
            silence = read_silence(body)
            self.silences[silence.id] = silence

    def listed_silences(self, now: int) -> list[Silence]:
        """Return the silences in force, next to end first, then those that ended within a day, the newest first."""
        kept = [each for each in (self.silences or {}).values() if each.active or now - (each.ended_at or 0) < DAY_MS]
        return sorted(kept, key=lambda each: each.order)

    def waiting(self, me: str) -> Body | None:
        """Return the newest handover that waits for somebody else than who signed it, None where none does."""
        return next(
            (each for each in self.handovers or () if not each.get("accepted_by") and each.get("signed_by") != me), None
        )

    @property
    def shift_ends(self) -> int | None:
        """Return when the shift ends (UTC ms), None where that is not known yet."""
        shift = (self.sheet or {}).get("shift")
        return parse(shift.get("ends_at")) if isinstance(shift, Mapping) else None
