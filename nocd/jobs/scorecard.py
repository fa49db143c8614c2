"""Daily: what went against each client in the day before, pillar by pillar, kept and told."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.change import Change
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, from_ms, rfc3339, to_ms
from nocd.store import scorecards
from nocd.triage.scorecard import Seen, Violation, card_view, judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from nocd.engine import Engine
    from nocd.store.scorecards import AnsweredRow, FoundRow
    from nocd.tenant import Tenant

# Which findings go against which pillar.
_OF_PILLAR: Final = {
    **dict.fromkeys(("TOUR_MISSED", "TOUR_INCOMPLETE", "CHECKPOINT_COVERAGE_LOW"), "supervision"),
    **dict.fromkeys(("REPORT_MISSING", "REPORT_NEVER_GENERATED"), "reports_and_legal"),
    "DAILY_REPORT_MISSING": "records",
}
_REPORT_KINDS: Final = {"reports_and_legal": "STATUTORY", "records": "DAILY"}
_ACK_WITHIN_S: Final = {5: 15 * 60, 4: 30 * 60}  # by severity rank
_CRITICAL: Final = 5
_ASSIGN_WITHIN_S: Final = 5 * 60
_ESCALATE_WITHIN_MS: Final = 2 * MINUTE_MS
_IN_TIME_MS: Final = 15 * MINUTE_MS
_ANSWER_MS: Final = 30 * MINUTE_MS  # what had less time than that to be answered is judged with the next day
_SITES_STEP: Final = 5
_TICKET_OLD_MS: Final = 72 * HOUR_MS

_Rows = dict[str, dict[str, list[Violation]]]  # by client and pillar


async def score_day(tenant: Tenant, *, now: int) -> str:
    """Judge the 24 hours before `now` (UTC ms) for every client of a tenant; return how many in which colour."""
    since = now - DAY_MS
    found = await tenant.store.read(scorecards.found, [*_OF_PILLAR], since=since, until=now)
    answered = await tenant.store.read(scorecards.answered, since=since - _ANSWER_MS, until=now - _ANSWER_MS)
    engine = tenant.pipeline.engine
    sites: dict[str, list[str]] = defaultdict(list)
    for site, entry in engine.roster.sites.items():
        if entry.client:
            sites[entry.client].append(site)
    rows = _against(found, answered, now)
    await _old_tickets(engine, rows, now)
    toured = await _toured(engine, since, now)
    colours: dict[str, int] = defaultdict(int)
    day, cards = now - now % DAY_MS, []
    for client, places in sorted(sites.items()):
        await asyncio.sleep(0)
        unmanned, slots = await _posts(engine, places, since, now)
        seen = _seen(engine, client, places, rows[client], toured=toured, since=since)
        seen["right_guard_right_post"] = Seen(violations=unmanned, slots=slots)
        card = card_view(judge(seen), client=client, day=f"{from_ms(day):%Y-%m-%d}", rows=_row)
        colours[card["colour"]] += 1
        cards.append((client, card))
    await tenant.store.run([scorecards.kept(client, day, card) for client, card in cards])
    for client, card in cards:
        data = {**card, "pillars": [{**pillar, "violations": []} for pillar in card["pillars"]]}
        tenant.pipeline.announce(Change(type="scorecard", time=now, data=data, client=client))
    return ", ".join(f"{count} {colour}" for colour, count in sorted(colours.items())) or "no client has a site"


def _row(row: Violation) -> dict[str, Any]:
    told = {"time": rfc3339(row.time), "what": row.what, "site": row.site, "object": row.object}
    return {**told, "critical": row.critical}


def _against(found: Sequence[FoundRow], answered: Sequence[AnsweredRow], now: int) -> _Rows:
    """Return what stored rows say against each client, pillar by pillar."""
    rows: _Rows = defaultdict(lambda: defaultdict(list))
    for row in found:
        against = Violation(time=row.time, what=row.type, site=row.site, object=row.id, critical=row.critical)
        rows[row.client or ""][_OF_PILLAR[row.type]].append(against)
    for alert in answered:
        for pillar, what in _late(alert, now):
            against = Violation(
                time=_ms(alert.opened_at),
                what=what,
                site=alert.site,
                object=alert.id,
                critical=alert.severity == _CRITICAL and pillar == "control_room_response",
            )
            rows[alert.client or ""][pillar].append(against)
    return rows


def _late(alert: AnsweredRow, now: int) -> list[tuple[str, str]]:
    """Return what about a grave alert was too late; one that ended by itself, or is hidden, waits for nobody."""
    opened = _ms(alert.opened_at)
    waited_s = alert.waited_s
    if waited_s is None:
        waited_s = 0.0 if alert.status in ("resolved", "suppressed") else (now - opened) / 1_000
    told = []
    if waited_s > _ACK_WITHIN_S[alert.severity]:
        told.append(("control_room_response", f"waited {waited_s / 60:.0f} min for an answer"))
    if alert.category == "SAFETY" and alert.severity == _CRITICAL:
        if waited_s > _ASSIGN_WITHIN_S:
            told.append(("emergency_response", f"an emergency was nobody's for {waited_s / 60:.0f} min"))
        elif alert.escalated_at is not None and _ms(alert.escalated_at) - opened > _ESCALATE_WITHIN_MS:
            told.append(("emergency_response", "an emergency was handed up after more than 2 min"))
    return told


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def _seen(
    engine: Engine,
    client: str,
    sites: Sequence[str],
    rows: Mapping[str, list[Violation]],
    *,
    toured: set[str],
    since: int,
) -> dict[str, Seen]:
    """Return what is known of a client's pillars but the first; of one that nothing could be known of, that."""
    heard = any(engine.heard.last.get(site, 0) >= since for site in sites)
    known = {
        "supervision": not toured.isdisjoint(sites),
        "control_room_response": heard,
        "emergency_response": heard,
        "field_support": engine.shelves.get("counter", "ticket") is not None,
        **{pillar: _reports(engine, client, sites, kind) for pillar, kind in _REPORT_KINDS.items()},
    }
    return {
        pillar: Seen(violations=rows.get(pillar, []), known=is_known or bool(rows.get(pillar)))
        for pillar, is_known in known.items()
    }


async def _toured(engine: Engine, since: int, now: int) -> set[str]:
    """Return the sites where a tour was to begin in the day."""
    toured = set()
    async for tour in _gently(engine.shelves.kind("tour").values()):
        if since <= to_ms(tour.planned_start) < now:
            toured.add(tour.site)
    return toured


async def _old_tickets(engine: Engine, rows: _Rows, now: int) -> None:
    """Put tickets that are open for three days against their client."""
    async for ticket in _gently(engine.shelves.kind("ticket").values()):
        if ticket.open and ticket.created_at < now - _TICKET_OLD_MS:
            hours = (now - ticket.created_at) // HOUR_MS
            against = Violation(time=ticket.created_at, what=f"open for {hours} h", site=ticket.site, object=ticket.id)
            rows[engine.roster.client(ticket.site) or ""]["field_support"].append(against)


async def _posts(engine: Engine, sites: Sequence[str], since: int, now: int) -> tuple[list[Violation], int]:
    """Return the shifts to be manned in the day whose person was not there in time, and how many were to be."""
    missed, slots = [], 0
    async for site in _gently(sites, step=_SITES_STEP):
        shifts = engine.roster.shifts_at(site, since - _IN_TIME_MS, now)
        replaced = {shift.substitute_for for shift in shifts if shift.substitute_for}
        for shift in shifts:
            start = to_ms(shift.start)
            if not since <= start + _IN_TIME_MS < now or shift.person in replaced:
                continue
            slots += 1
            came = engine.presence.came(shift)
            if came is None or came > start + _IN_TIME_MS:
                what = "nobody came" if came is None else f"{(came - start) // MINUTE_MS} min late"
                row = Violation(time=start, what=what, site=site, object=shift.id, critical=shift.critical)
                missed.append(row)
    return missed, slots


async def _gently(records: Iterable[Any], *, step: int = 500) -> AsyncIterator[Any]:
    """Yield what there is now, a few a turn of the loop."""
    for number, record in enumerate(list(records), 1):
        yield record
        if number % step == 0:
            await asyncio.sleep(0)


def _reports(engine: Engine, client: str, sites: Sequence[str], kind: str) -> bool:
    """Tell whether reports of a kind are known of a client or one of its sites (`nocd.detect.reports`)."""
    kept = engine.shelves.kind("reports")
    records = (kept.get(key) for key in (f"client|{client}", *(f"site|{site}" for site in sites)))
    return any(each.kind == kind for record in records if record is not None for each in record.known.values())
