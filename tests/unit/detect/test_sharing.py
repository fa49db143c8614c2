"""Devices that pass from hand to hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from nocd.detect.sharing import CROWD, SITES_MAX, USES_KEPT, Use, Uses
from nocd.domain.directory import Removal
from nocd.domain.event import Event
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, MINUTE_MS
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch

PEOPLE = ("P1", "P2", "P3", "P4", "P5", "P6")


def phone(owner: str | None = "P1", *, at: int = T0) -> Event:
    return event("noc.device", at=at, event_id=f"A-{owner}-{at}", id="A", kind="phone", person=owner)


def on(person: str, at: float, *, direction: str = "in", device: str = "A", **more: Any) -> Event:
    return punch(person, direction, minutes(at), device=device, **more)


def shared(*parts: Event | list[Event], owner: Event | None = None) -> Field:
    return played(company(*PEOPLE), owner or phone(), *parts)


def test_two_people_on_one_phone_within_minutes_are_buddies_and_the_stranger_is_named() -> None:
    run = shared(on("P1", 480), on("P2", 485))
    found = run.of("BUDDY_PUNCHING")[0]
    assert (found.severity, found.category, found.confidence) == (Severity.CRITICAL, Category.SECURITY, 0.95)
    assert (found.person, found.site, found.time) == ("P2", "S1", minutes(485))
    assert found.reason == (
        "Guard P2 and Guard P1 punched on one phone, A, within 5 min at Site S1: see that Guard P2 is there"
    )
    assert found.evidence["people"] == ["P1", "P2"]
    assert run.alerts("ATTENDANCE_FRAUD") == [("open", 1)]
    assert not run.of("DEVICE_SHARING")


def test_whoever_comes_first_the_owner_is_not_the_stranger() -> None:
    assert shared(on("P2", 480), on("P1", 482)).of("BUDDY_PUNCHING")[0].person == "P2"
    nobodys = shared(on("P2", 480), on("P1", 482), owner=phone(None))
    assert nobodys.of("BUDDY_PUNCHING")[0].person == "P1"


def test_after_the_window_it_is_sharing_and_after_half_an_hour_nothing() -> None:
    run = shared(on("P1", 480), on("P2", 485.1))
    assert not run.of("BUDDY_PUNCHING")
    found = run.of("DEVICE_SHARING")[0]
    assert (found.severity, found.category, found.confidence) == (Severity.HIGH, Category.SECURITY, 0.8)
    assert (found.person, found.time) == ("P2", minutes(485.1))
    assert found.reason == "Guard P2 and Guard P1 punched on one device, A, 5 min apart at Site S1; ask whose it is"
    assert shared(on("P1", 480), on("P2", 510)).of("DEVICE_SHARING")
    assert not shared(on("P1", 480), on("P2", 510.1)).of("DEVICE_SHARING")


def test_what_buddies_do_is_not_claimed_twice() -> None:
    run = shared(on("P1", 480), on("P2", 482), on("P1", 960, direction="out"), on("P2", 970, direction="out"))
    assert len(run.of("BUDDY_PUNCHING")) == 1
    assert not run.of("DEVICE_SHARING")


def test_one_person_alone_and_who_was_not_verified_share_nothing() -> None:
    assert not shared(on("P1", 480), on("P1", 482, direction="out")).standing
    assert not shared(on("P1", 480), on("P2", 482, verified=False)).of("BUDDY_PUNCHING")
    assert not shared(on("P1", 480), on("P2", 482, device="B")).of("BUDDY_PUNCHING")
    assert not shared(punch("P1", "in", hours(8), device=None), punch("P2", "in", hours(8), device=None)).standing


def test_at_a_terminal_crews_punch_one_after_another() -> None:
    run = shared(*(punch(person, "in", minutes(480 + number)) for number, person in enumerate(PEOPLE)))
    assert not run.of("BUDDY_PUNCHING")
    assert not run.of("DEVICE_SHARING")


def test_a_device_turned_terminal_takes_its_claims_back_and_one_removed_brings_them() -> None:
    run = shared(on("P1", 480), on("P2", 482))
    run.feed([event("noc.device", at=hours(9), id="A", kind="terminal", site="S1")])
    assert run.withdrawn("BUDDY_PUNCHING") == 1
    assert run.alerts("ATTENDANCE_FRAUD") == [("resolved", 1)]
    removal = replace(phone(at=hours(10)), data=Removal(id="A", removed=True), type="noc.device")
    run.feed([removal])
    assert len(run.of("BUDDY_PUNCHING")) == 1
    other = replace(removal, id="other", type="noc.site", data=Removal(id="A", removed=True))
    run.feed([other])
    assert len(run.of("BUDDY_PUNCHING")) == 1


def test_a_device_nobody_entered_is_a_terminal_once_five_people_at_a_site_use_it() -> None:
    uses = [on(person, 480 + number, device="new") for number, person in enumerate(PEOPLE[:CROWD])]
    run = shared(uses[:-1])
    assert len(run.of("BUDDY_PUNCHING")) == CROWD - 2
    run.feed(uses[-1:])
    assert not run.of("BUDDY_PUNCHING")
    assert run.withdrawn("BUDDY_PUNCHING") == CROWD - 2


def test_a_phone_stays_a_phone_however_many_use_it() -> None:
    uses = [on(person, 480 + number) for number, person in enumerate(PEOPLE)]
    assert len(shared(uses).of("BUDDY_PUNCHING")) == len(PEOPLE) - 1


def test_a_punch_that_comes_late_between_two_others_is_seen_and_a_repeat_is_not() -> None:
    run = shared(on("P1", 480), on("P1", 488, direction="break_start"))
    run.feed([on("P2", 484, received_at=minutes(489)), on("P2", 484, received_at=minutes(489), event_id="again")])
    assert [found.time for found in run.of("BUDDY_PUNCHING")] == [minutes(484), minutes(488)]


@pytest.mark.parametrize("seed", range(4))
def test_order_of_arrival_does_not_matter(seed: int) -> None:
    rng = Random(seed)
    plain = [on(rng.choice(PEOPLE[:3]), at, direction="break_start", event_id=f"e{at}") for at in range(480, 700, 4)]
    late = [replace(each, received_at=each.time + rng.randrange(9 * MINUTE_MS)) for each in plain]
    found = [{(each.time, each.person) for each in run.of("BUDDY_PUNCHING")} for run in (shared(plain), shared(late))]
    assert found[0] == found[1]


def test_uses_are_bounded_in_number_and_time_and_people_in_sites() -> None:
    uses = Uses()
    for number in range(USES_KEPT + 3):
        uses.take(use(number * MINUTE_MS, "P1"))
    assert len(uses.uses) == USES_KEPT
    assert uses.forgotten_to == 2 * MINUTE_MS
    uses.take(use(2 * DAY_MS, "P1"))
    assert len(uses.uses) == 1
    for number in range(SITES_MAX + 3):
        uses.take(use(2 * DAY_MS, f"P{number}", site=f"S{number}"))
    assert len(uses.people) == SITES_MAX


def use(time: int, person: str, site: str = "S1") -> Use:
    return Use(time=time, person=person, site=site, direction="in", id="e")


def test_what_is_forgotten_stands() -> None:
    run = shared(on("P1", 480), on("P2", 482), on("P1", 480 + 3 * 1_440))
    assert len(run.of("BUDDY_PUNCHING")) == 1
    run.pass_time(T0 + 40 * DAY_MS)
    assert not run.engine.shelves.kind("sharing")


def hops(*devices: str | None, every: float = 60, verified: bool = True) -> list[Event]:
    return [
        punch(
            "P1",
            "break_start",
            minutes(480 + every * number),
            device=device,
            verified=verified,
            event_id=f"hop{number}",
        )
        for number, device in enumerate(devices)
    ]


def test_four_devices_in_five_punches_are_too_many_and_told_once() -> None:
    run = shared(hops("A", "B", "C", "C", "D", "E"))
    found = run.of("DEVICE_SHARING")
    assert [each.time for each in found] == [minutes(480 + 4 * 60)]
    assert found[0].evidence["devices"] == ["A", "B", "C", "D"]
    assert found[0].reason == "Guard P1 punched on 4 devices in 5 punches, the last at Site S1; ask whose they are"
    assert run.alerts("DEVICE_SHARING") == [("open", 1)]


def test_three_are_not_and_neither_are_four_over_six_punches_or_days() -> None:
    assert not shared(hops("A", "B", "C", "C", "A")).of("DEVICE_SHARING")
    assert not shared(hops("A", "B", "B", "C", "C", "D")).of("DEVICE_SHARING")
    assert not shared(hops("A", "B", "C", "D", every=17 * 60)).of("DEVICE_SHARING")
    assert not shared(hops("A", "B", "C", None, None)).of("DEVICE_SHARING")
    assert not shared(hops("A", "B", "C", "D", verified=False)).of("DEVICE_SHARING")


def test_who_relieves_many_sites_uses_their_terminals() -> None:
    terminals = [event("noc.device", id=name, kind="terminal") for name in ("B", "C", "D")]
    assert not shared(terminals, hops("A", "B", "C", "D")).of("DEVICE_SHARING")


def test_a_late_punch_between_takes_the_hop_back() -> None:
    run = shared(hops("A", "B", "C", "D", every=2))
    assert len(run.of("DEVICE_SHARING")) == 1
    late = [
        punch(
            "P1", "break_end", minutes(485 + number / 10), device="C", received_at=minutes(490), event_id=f"l{number}"
        )
        for number in range(3)
    ]
    run.feed(late)
    assert not run.of("DEVICE_SHARING")
    assert run.withdrawn("DEVICE_SHARING") == 1
