"""The directory as the engine holds it: entries by kind and id, provisional ones for names nobody has told us yet."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from nocd.domain.directory import DIRECTORY_TYPES, Device, Entry, Person, Removal, Shift, Site, Task, Tour
from nocd.domain.instant import DAY_MS, MINUTE_MS, from_ms, to_ms

if TYPE_CHECKING:
    from nocd.domain.shelf import Shelves

KIND_OF_TYPE = {name: name.removeprefix("noc.") for name in DIRECTORY_TYPES}
PROVISIONAL_MAX = 20_000

LONGEST_SHIFT_MS = 7 * DAY_MS
DUE_WITHIN_MINUTES = {"CRITICAL": 15, "HIGH": 30, "MEDIUM": 60, "LOW": 120}  # of a task that names no time itself
LAST_ID = "\U0010ffff"  # sorts after every id

Placed = tuple[int, str]  # when a shift starts (ms), and its id
Due = tuple[int, str, str]  # when a tour or task is due (ms), its kind and id
_ENDS: dict[str, Callable[[Any], datetime]] = {
    "shift": lambda shift: shift.end,
    "tour": lambda tour: tour.closed_at or tour.planned_end or tour.planned_start,
    "task": lambda task: task.completed_at or task.due_at or task.created_at,
}

Happened = Literal["created", "updated", "removed", "provisional"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What an event did to one directory entry."""

    kind: str
    id: str
    name: str | None
    happened: Happened


class Roster:
    """Upserts, removals and look-ups; a shift is also found by its person."""

    def __init__(self, shelves: Shelves) -> None:
        """Read the shelves as they are; they may already hold a restored directory."""
        self._shelves = shelves
        self._shifts_of: dict[str, list[Placed]] = {}
        self._shifts_at: dict[str, list[Placed]] = {}
        self._team: dict[str, list[str]] = {}
        self._like: dict[tuple[str, int], list[str]] = {}
        self._dues: dict[tuple[str, str | None], list[Due]] = {}
        self._phones: dict[str, list[str]] = {}
        self._provisional = 0
        for kind in ("shift", "person", "site", "tour", "task", "device"):
            for entry in shelves.kind(kind).values():
                self._place(entry)
        for kind in ("site", "person"):
            self._provisional += sum(entry.provisional for entry in shelves.kind(kind).values())
        self.sites: dict[str, Site] = shelves.kind("site")
        self.people: dict[str, Person] = shelves.kind("person")

    def enter(self, event_type: str, data: Entry | Removal) -> Entered | None:
        """Upsert or remove an entry; None where nothing changed."""
        kind = KIND_OF_TYPE[event_type]
        former = self._shelves.get(kind, data.id)
        if isinstance(data, Removal):
            return self._remove(kind, former)
        if former == data:
            return None
        self._forget(former)
        self._shelves.put(kind, data.id, data)
        self._place(data)
        happened: Happened = "created" if former is None else "updated"
        return Entered(kind=kind, id=data.id, name=getattr(data, "name", None), happened=happened)

    def provide(self, *, site: str | None, person: str | None) -> list[Entered]:
        """Create provisional entries for names not in the directory, at most `PROVISIONAL_MAX` of them."""
        made = []
        if site is not None and site not in self.sites and self._provisional < PROVISIONAL_MAX:
            self._shelves.put("site", site, Site(id=site, name=site, timezone="UTC", provisional=True))
            self._place(self.sites[site])
            made.append(Entered(kind="site", id=site, name=site, happened="provisional"))
        if person is not None and person not in self.people and self._provisional < PROVISIONAL_MAX:
            self._shelves.put("person", person, Person(id=person, name=person, provisional=True))
            made.append(Entered(kind="person", id=person, name=person, happened="provisional"))
        self._provisional += len(made)
        return made

    def site_name(self, site: str | None) -> str | None:
        """Return the name of a site, or None."""
        entry = self.sites.get(site) if site is not None else None
        return entry.name if entry else None

    def person_name(self, person: str | None) -> str | None:
        """Return the name of a person, or None."""
        entry = self.people.get(person) if person is not None else None
        return entry.name if entry else None

    def client(self, site: str | None) -> str | None:
        """Return the client a site belongs to, or None."""
        entry = self.sites.get(site) if site is not None else None
        return (entry.client or None) if entry else None

    def shift_at(self, *, person: str, site: str, time: int, margin_ms: int) -> Shift | None:
        """Return the person's shift at the site that covers `time`, up to `margin_ms` before it starts.

        Of several the one that starts last; shifts that started over a week before are not looked at.
        """
        shifts = self._shifts_of.get(person, [])
        for start, shift_id in reversed(shifts[: bisect_right(shifts, (time + margin_ms, LAST_ID))]):
            if start < time - LONGEST_SHIFT_MS:
                return None
            shift: Shift = self._shelves.get("shift", shift_id)
            if shift.site == site and time < to_ms(shift.end) and not shift.on_call:
                return shift
        return None

    def shifts_at(self, site: str, start: int, end: int) -> list[Shift]:
        """Return the shifts at a site that overlap `start` to `end` (ms), on-call ones apart, by when they start."""
        placed = self._shifts_at.get(site, [])
        first = bisect_left(placed, (start - LONGEST_SHIFT_MS, ""))
        last = bisect_left(placed, (end, ""))
        shifts = [self._shelves.get("shift", shift_id) for _, shift_id in placed[first:last]]
        return [shift for shift in shifts if to_ms(shift.end) > start and not shift.on_call]

    def shift_of(self, person: str, time: int) -> Shift | None:
        """Return the shift a person is in at `time` (ms), wherever, or None; of several the one that starts last."""
        shifts = self._shifts_of.get(person, [])
        for start, shift_id in reversed(shifts[: bisect_right(shifts, (time, LAST_ID))]):
            if start < time - LONGEST_SHIFT_MS:
                return None
            shift: Shift = self._shelves.get("shift", shift_id)
            if time < to_ms(shift.end) and not shift.on_call:
                return shift
        return None

    def shifts_of(self, person: str, start: int, end: int) -> list[Shift]:
        """Return a person's shifts that overlap `start` to `end` (ms), on-call ones included, by when they start."""
        placed = self._shifts_of.get(person, [])
        first = bisect_left(placed, (start - LONGEST_SHIFT_MS, ""))
        last = bisect_left(placed, (end, ""))
        shifts = [self._shelves.get("shift", shift_id) for _, shift_id in placed[first:last]]
        return [shift for shift in shifts if to_ms(shift.end) > start]

    def on_call(self, site: str, time: int) -> str | None:
        """Return who is on call for a site at `time` (ms), or None; of several the one whose shift starts last."""
        placed = self._shifts_at.get(site, [])
        for start, shift_id in reversed(placed[: bisect_right(placed, (time, LAST_ID))]):
            if start < time - LONGEST_SHIFT_MS:
                return None
            shift: Shift = self._shelves.get("shift", shift_id)
            if shift.on_call and time < to_ms(shift.end):
                return shift.person
        return None

    def device(self, device: str) -> Device | None:
        """Return a device by its id, or None."""
        entry: Device | None = self._shelves.get("device", device)
        return entry

    def device_site(self, device: str) -> str | None:
        """Return the site a device stands at, or the one site of the person it belongs to, or None."""
        entry: Device | None = self._shelves.get("device", device)
        person = self.people.get(entry.person) if entry is not None and entry.person is not None else None
        if entry is None or entry.site is not None:
            return None if entry is None else entry.site
        return person.sites[0] if person is not None and len(person.sites) == 1 else None

    def dues(self, site: str, person: str | None, start: int, end: int) -> list[Tour | Task]:
        """Return the tours and tasks of a person at a site, or of nobody, that are due from `start` to `end` (ms)."""
        placed = self._dues.get((site, person), [])
        first, last = bisect_left(placed, (start, "", "")), bisect_left(placed, (end, "", ""))
        return [self._shelves.get(kind, entry_id) for _, kind, entry_id in placed[first:last]]

    def has_phone(self, person: str) -> bool:
        """Tell whether the directory knows a phone of a person's."""
        return person in self._phones

    def phone_of(self, person: str) -> str | None:
        """Return the phone the directory knows of a person, the first by id of several, or None."""
        phones = self._phones.get(person)
        return phones[0] if phones else None

    def shift_span(self, site: str) -> tuple[int, int] | None:
        """Return when the first shift known of a site begins and the one that begins last ends (UTC ms), or None."""
        placed = self._shifts_at.get(site)
        return (placed[0][0], to_ms(self._shelves.get("shift", placed[-1][1]).end)) if placed else None

    def shift(self, shift_id: str) -> Shift | None:
        """Return a shift by its id, or None."""
        shift: Shift | None = self._shelves.get("shift", shift_id)
        return shift

    def planned(self, site: str) -> bool:
        """Tell whether anyone's shifts at a site are known."""
        return site in self._shifts_at

    def team(self, site: str) -> list[str]:
        """Return the people who belong to this site and no other, by id."""
        return self._team.get(site, [])

    def like(self, site: str) -> list[str]:
        """Return the other sites of a site's client and tier, by id; a site without a client has none."""
        entry = self.sites.get(site)
        if entry is None or not entry.client:
            return []
        return [other for other in self._like[entry.client, entry.tier] if other != site]

    def forget_before(self, instant: int) -> int:
        """Let go of shifts, tours and tasks that were over before `instant` (ms); return how many."""
        before = from_ms(instant)
        over = [
            (kind, entry)
            for kind, ends in _ENDS.items()
            for entry in self._shelves.kind(kind).values()
            if ends(entry) < before
        ]
        for kind, entry in over:
            self._forget(entry)
            self._shelves.drop(kind, entry.id)
        return len(over)

    def _place(self, entry: Entry) -> None:
        for index, key, placed in self._indexed(entry):
            insort(index.setdefault(key, []), placed)
        if isinstance(entry, Person) and len(entry.sites) == 1:
            insort(self._team.setdefault(entry.sites[0], []), entry.id)
        elif isinstance(entry, Site):
            insort(self._like.setdefault((entry.client, entry.tier), []), entry.id)

    def _indexed(self, entry: Entry | None) -> list[tuple[dict[Any, list[Any]], Any, Any]]:
        """Return where an entry with a time is placed: (index, key, place)."""
        if isinstance(entry, Shift):
            placed = (to_ms(entry.start), entry.id)
            return [(self._shifts_of, entry.person, placed), (self._shifts_at, entry.site, placed)]
        if isinstance(entry, (Tour, Task)):
            kind = "tour" if isinstance(entry, Tour) else "task"
            return [(self._dues, (entry.site, entry.person), (due_ms(entry), kind, entry.id))]
        if isinstance(entry, Device) and entry.kind == "phone" and entry.person is not None:
            return [(self._phones, entry.person, entry.id)]
        return []

    def _remove(self, kind: str, former: Entry | None) -> Entered | None:
        if former is None:
            return None
        self._forget(former)
        self._shelves.drop(kind, former.id)
        return Entered(kind=kind, id=former.id, name=getattr(former, "name", None), happened="removed")

    def _forget(self, former: Entry | None) -> None:
        for index, key, placed in self._indexed(former):
            index[key].remove(placed)
            if not index[key]:
                del index[key]
        if isinstance(former, Person) and len(former.sites) == 1:
            self._team[former.sites[0]].remove(former.id)
        elif isinstance(former, Site):
            self._like[former.client, former.tier].remove(former.id)
        if isinstance(former, (Site, Person)) and former.provisional:
            self._provisional -= 1


def due_ms(entry: Tour | Task) -> int:
    """Return when a tour must have begun or a task be done (UTC ms)."""
    if isinstance(entry, Tour):
        return to_ms(entry.planned_start) + int(entry.grace_minutes * MINUTE_MS)
    if entry.due_at is not None:
        return to_ms(entry.due_at)
    return to_ms(entry.created_at) + DUE_WITHIN_MINUTES[entry.priority] * MINUTE_MS
