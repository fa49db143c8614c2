"""Phones without contact while their person is on duty."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from nocd.detect.offline import STRETCHES_MAX, Contacts
from nocd.domain.event import Event
from nocd.domain.finding import Category
from nocd.domain.instant import MINUTE_MS
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch, shift

PHONE = event("noc.device", id="A", kind="phone", person="P1")
ON_DUTY = (company("P1", "P2"), PHONE, shift("P1", 0, 8), punch("P1", "in", minutes(0)))


def log(at: float, *, person: str = "P1", received: float | None = None, again: str = "", **more: Any) -> Event:
    return event(
        "noc.phone.event",
        at=minutes(at),
        received_at=None if received is None else minutes(received),
        event_id=f"log-{person}-{at}{again}",
        person=person,
        kind="device_log",
        **{"device": "A", **more},
    )


def health(at: float, **more: Any) -> Event:
    return event("noc.device.health", at=minutes(at), event_id=f"health-{at}", device="A", **more)


def scan(at: float, **more: Any) -> Event:
    given = {"tour": "T1", "checkpoint": "C1", "person": "P1", "site": "S1", "scan": "NFC", **more}
    return event("noc.tour.scan", at=minutes(at), event_id=f"scan-{at}", **given)


def offline(*parts: Event | list[Event], until: float) -> Field:
    return played(*ON_DUTY, *parts, until=minutes(until))


def times(run: Field) -> list[float]:
    """Return when phones were found offline, in minutes."""
    return sorted((found.time - T0) / MINUTE_MS for found in run.of("DEVICE_OFFLINE"))


def test_half_an_hour_without_contact_on_duty_is_offline() -> None:
    assert not offline(log(10), until=39).of("DEVICE_OFFLINE")
    run = offline(log(10), until=40)
    found = run.of("DEVICE_OFFLINE")[0]
    assert (found.severity, found.category, found.confidence) == (Severity.HIGH, Category.DEVICE_HEALTH, 0.9)
    assert (found.time, found.person, found.site) == (minutes(40), "P1", "S1")
    assert (found.entity_type, found.entity_id) == ("device", "A")
    assert found.reason == (
        "The phone of Guard P1 on duty at Site S1 has had no contact since 00:10: call, then have someone look"
    )
    assert run.alerts("DEVICE_OFFLINE") == [("open", 1)]


def test_the_next_contact_ends_it_and_it_is_told_once() -> None:
    run = offline(log(10), until=90)
    assert len(run.of("DEVICE_OFFLINE")) == 1
    run.feed([log(100)])
    assert run.alerts("DEVICE_OFFLINE") == [("resolved", 1)]
    run.pass_time(minutes(140))
    assert times(run) == [40, 130]


def test_a_battery_flat_for_less_is_honest_and_a_contact_at_the_limit_is_one() -> None:
    assert not offline(log(10), log(30), log(60), log(90), until=119).of("DEVICE_OFFLINE")
    run = offline(log(10), until=40)
    run.feed([log(40)])
    assert not run.of("DEVICE_OFFLINE")


def test_late_evidence_takes_it_back_and_says_so() -> None:
    run = offline(log(10), until=45)
    run.feed([log(35, received=46)])
    assert run.withdrawn("DEVICE_OFFLINE") == 1
    assert run.alerts("DEVICE_OFFLINE") == [("resolved", 1)]
    run.pass_time(minutes(65))
    assert times(run) == [65]


def test_late_evidence_takes_back_what_was_over_already() -> None:
    run = offline(log(10), log(50), log(60), until=61)
    assert times(run) == [40]
    run.feed([log(30, received=61)])
    assert not run.of("DEVICE_OFFLINE")
    assert run.withdrawn("DEVICE_OFFLINE") == 1


@pytest.mark.parametrize("seed", range(5))
def test_neither_order_nor_repeats_of_the_content_matter(seed: int) -> None:
    rng = Random(seed)
    told = [log(at, received=at + rng.uniform(0, 9)) for at in (5, 8, 20, 55, 60, 70, 110, 125)]
    twice = [replace(each, id=f"{each.id}-again", received_at=each.received_at + 1) for each in told]
    assert times(offline(told, twice, until=150)) == [50, 100]


def test_the_end_of_the_duty_ends_it_by_punch_and_by_itself() -> None:
    run = offline(log(10), until=60)
    run.feed([punch("P1", "out", minutes(70))])
    assert run.alerts("DEVICE_OFFLINE") == [("resolved", 1)]
    alone = offline(log(10), until=539)
    assert alone.alerts("DEVICE_OFFLINE") == [("suppressed", 1)]  # the silent site explains it
    alone.pass_time(minutes(540))
    assert alone.alerts("DEVICE_OFFLINE") == [("resolved", 1)]


def test_off_duty_a_phone_may_rest() -> None:
    assert not offline(log(10), punch("P1", "out", minutes(39)), until=600).of("DEVICE_OFFLINE")
    before = (company("P1"), log(0), punch("P1", "in", minutes(20)))
    assert not played(*before, until=minutes(600)).of("DEVICE_OFFLINE")


def test_who_forgot_to_punch_out_went_home_with_the_phone() -> None:
    assert not offline([log(number * 10) for number in range(46)], until=600).of("DEVICE_OFFLINE")
    last = offline([log(number * 10) for number in range(45)], log(449), until=600)
    assert times(last) == [479]


def test_a_phone_not_heard_in_the_duty_is_a_ghost_shifts_matter() -> None:
    assert not offline(until=400).of("DEVICE_OFFLINE")


@pytest.mark.parametrize(
    "contact",
    [
        event("noc.location.fix", at=minutes(35), event_id="f", person="P1", lat=52.5, lon=13.4),
        health(35),
        health(35, online=True),
        scan(35, device="A"),
        scan(35, device="unknown"),
        punch("P1", "break_start", minutes(35), device="A"),
        punch("P2", "in", minutes(35), device="A"),
    ],
    ids=lambda each: each.id,
)
def test_whatever_names_the_phone_is_a_contact(contact: Event) -> None:
    assert times(offline(log(10), contact, until=70)) == [65]


@pytest.mark.parametrize(
    "no_contact",
    [
        health(35, online=False),
        scan(35),
        scan(35, device="B"),
        punch("P1", "break_start", minutes(35)),
        punch("P1", "break_start", minutes(35), device=None),
        event("noc.device.health", at=minutes(35), event_id="other", device="unknown"),
        event("noc.task.done", at=minutes(35), event_id="task", task="K", person="P1", site="S1"),
    ],
    ids=lambda each: each.id,
)
def test_what_says_nothing_of_the_phone_is_none(no_contact: Event) -> None:
    colleague = event("noc.device", id="B", kind="phone", person="P2")
    assert times(offline(colleague, log(10), no_contact, until=60)) == [40]


def test_a_phone_the_directory_does_not_know_is_known_by_what_it_tells() -> None:
    told = (company("P1"), punch("P1", "in", minutes(0)), log(10, device="X"))
    run = played(*told, punch("P1", "break_start", minutes(35), device="X"), until=minutes(70))
    assert times(run) == [65]
    nameless = played(company("P1"), punch("P1", "in", minutes(0)), log(10, device=None), until=minutes(70))
    assert nameless.of("DEVICE_OFFLINE")[0].entity_id == "phone of P1"


def test_a_phone_that_names_itself_when_it_is_heard_again_is_the_same_phone() -> None:
    run = played(company("P1"), punch("P1", "in", minutes(0)), log(10, device=None), until=minutes(50))
    run.feed([log(51, device="X")])
    assert run.alerts("DEVICE_OFFLINE") == [("resolved", 1)]
    assert run.withdrawn("DEVICE_OFFLINE") == 0


def test_while_the_daemon_was_stopped_nothing_was_silent() -> None:
    run = offline(log(10), until=12)
    run.beat(minutes(13))
    run.beat(minutes(60))
    run.pass_time(minutes(89))
    assert not run.of("DEVICE_OFFLINE")
    run.pass_time(minutes(90))
    assert times(run) == [90]


def test_behind_a_silent_source_nobody_is_accused() -> None:
    def through(at: float, person: str) -> Event:
        return replace(log(at, person=person, device=None), source="/gateway")

    people = ("P1", "P2")
    told = [through(number / 2, person) for number in range(200) for person in people]
    both = [punch(person, "in", minutes(0)) for person in people]
    run = played(company(*people), both, told, until=minutes(150))
    assert [found.entity_id for found in run.of("SOURCE_SILENT")] == ["/gateway"]
    assert not run.of("DEVICE_OFFLINE")


def test_contacts_are_bounded_in_number_and_time() -> None:
    contacts = Contacts()
    for number in range(STRETCHES_MAX + 5):
        contacts.heard(minutes(20 * number))
    assert len(contacts.stretches) == STRETCHES_MAX
    contacts.heard(hours(100))
    assert contacts.stretches == [(hours(100), hours(100))]


def test_a_contact_in_between_joins_what_it_is_near_to() -> None:
    contacts = Contacts()
    for at in (0, 19, 9):
        contacts.heard(minutes(at))
    assert contacts.stretches == [(minutes(0), minutes(19))]
    assert not contacts.heard(minutes(5))


def test_days_after_the_last_contact_all_is_forgotten() -> None:
    run = offline(log(10), until=60)
    run.pass_time(hours(24 * 4))
    assert not run.engine.shelves.kind("offline")
    assert run.alerts("DEVICE_OFFLINE") == [("resolved", 1)]
