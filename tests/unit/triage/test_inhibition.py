"""A worse alert hides what it explains, of what it covers, while it stands; and never a CRITICAL one."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.detect.registry import CATALOG
from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.severity import Severity
from nocd.engine import Engine
from nocd.triage.inhibition import RULES
from tests.build import T0, engine, event, firing, saved_and_loaded
from tests.build_hiding import alert, asked, found, over, rows, silence, stands
from tests.build_site import directory

PHONE: dict[str, Any] = {"person": "P1", "entity_type": "device", "entity_id": "phone-1"}
TOUR: dict[str, Any] = {"person": "P1", "entity_type": "tour", "entity_id": "round-1"}
SOURCE: dict[str, Any] = {"entity_type": "source", "entity_id": "/t"}
SHIFT: dict[str, Any] = {"starts_at": rfc3339(T0 - HOUR_MS), "ends_at": rfc3339(T0 + HOUR_MS)}
LOW: dict[str, Any] = {"severity": Severity.MEDIUM, "evidence": {"metric": "phone_events"}}


def heard() -> Engine:
    """Return an engine that has heard P1's phone through the source /t."""
    made = engine()
    made.fold([*directory(days=1), event("noc.phone.event", person="P1", kind="device_log")])
    made.finish()
    return made


COVERED = [
    ("SILENT_SITE", {}, "CRITICAL_SIGNAL_LOW_PHONE", {}),
    ("SILENT_SITE", {}, "CRITICAL_SIGNAL_LOW_LOCATION", {}),
    ("SILENT_SITE", {}, "DEVICE_OFFLINE", PHONE),
    ("SILENT_SITE", {}, "ANOMALY_PHONE_EVENTS_BELOW", LOW),
    ("SILENT_SITE", {}, "PHANTOM_GUARD", {"person": "P1"}),
    ("SOURCE_SILENT", SOURCE, "CRITICAL_SIGNAL_LOW_PHONE", {}),
    ("SOURCE_SILENT", SOURCE, "PHANTOM_GUARD", {"person": "P1"}),
    ("SOURCE_SILENT", {**SOURCE, "site": None}, "DEVICE_OFFLINE", PHONE),
    ("DEVICE_OFFLINE", PHONE, "DEVICE_CRITICAL", {**PHONE, "person": None}),
    ("DEVICE_OFFLINE", PHONE, "DEVICE_GPS_FAILURE", {"person": "P1"}),
    ("DEVICE_OFFLINE", PHONE, "CRITICAL_SIGNAL_LOW_PHONE", {"evidence": {"on_duty": 1}}),
    ("TOUR_MISSED", TOUR, "TOUR_OVERDUE", TOUR),
    ("NO_SHOW", {"person": "P2", "evidence": SHIFT}, "COVERAGE_GAP", {}),
]
NOT_COVERED = [
    ("SILENT_SITE", {}, "ANOMALY_PHONE_EVENTS_ABOVE", LOW),
    ("SILENT_SITE", {}, "DEVICE_SHARING", {**PHONE, "evidence": {}}),
    ("SILENT_SITE", {}, "NO_SHOW", {"person": "P1"}),
    ("SILENT_SITE", {}, "PHANTOM_GUARD", {"person": "P1", "site": "S2"}),
    ("SOURCE_SILENT", {**SOURCE, "entity_id": "/gate"}, "PHANTOM_GUARD", {"person": "P1"}),
    ("SOURCE_SILENT", {**SOURCE, "site": None}, "CRITICAL_SIGNAL_LOW_PHONE", {}),
    ("DEVICE_OFFLINE", PHONE, "DEVICE_GPS_FAILURE", {"person": "P2"}),
    ("DEVICE_OFFLINE", PHONE, "DEVICE_CRITICAL", {"entity_type": "device", "entity_id": "phone-2"}),
    ("DEVICE_OFFLINE", PHONE, "CRITICAL_SIGNAL_LOW_PHONE", {"evidence": {"on_duty": 2}}),
    ("DEVICE_OFFLINE", PHONE, "PHANTOM_GUARD", {"person": "P1"}),
    ("DEVICE_OFFLINE", PHONE, "DEVICE_OFFLINE", {**PHONE, "entity_id": "phone-2"}),
    ("TOUR_MISSED", TOUR, "TOUR_OVERDUE", {**TOUR, "entity_id": "round-2"}),
    ("NO_SHOW", {"person": "P2", "evidence": SHIFT}, "COVERAGE_GAP", {"site": "S2"}),
    ("NO_SHOW", {"person": "P2", "evidence": SHIFT}, "COVERAGE_GAP", {"at": T0 + HOUR_MS}),
    ("NO_SHOW", {"person": "P2"}, "COVERAGE_GAP", {}),
]


@pytest.mark.parametrize(("worse", "of_worse", "lesser", "of_lesser"), COVERED)
@pytest.mark.parametrize("worse_first", [True, False])
def test_a_worse_alert_hides_what_it_explains_whichever_comes_first(
    worse: str, of_worse: dict[str, Any], lesser: str, of_lesser: dict[str, Any], *, worse_first: bool
) -> None:
    made = heard()
    pair = [(worse, of_worse), (lesser, of_lesser)]
    numbers = [found(made, kind, **about) for kind, about in (pair if worse_first else reversed(pair))]
    graver, milder = numbers if worse_first else reversed(numbers)
    assert stands(made, milder) == ("suppressed", (f"A-{graver}",))
    assert stands(made, graver) == ("open", ())
    assert made.triage.suppression.hiding(f"A-{graver}").alerts == [f"A-{milder}"]
    over(made, graver, at=T0 + MINUTE_MS)
    assert stands(made, milder) == ("open", ())


@pytest.mark.parametrize(("worse", "of_worse", "lesser", "of_lesser"), NOT_COVERED)
@pytest.mark.parametrize("worse_first", [True, False])
def test_a_worse_alert_hides_nothing_else(
    worse: str, of_worse: dict[str, Any], lesser: str, of_lesser: dict[str, Any], *, worse_first: bool
) -> None:
    made = heard()
    pair = [(worse, of_worse), (lesser, of_lesser)]
    for kind, about in pair if worse_first else reversed(pair):
        assert stands(made, found(made, kind, **about)) == ("open", ())


def test_every_type_of_the_table_is_one_that_is_found() -> None:
    assert {rule.worse for rule in RULES} <= set(CATALOG)
    named = {kind for rule in RULES for kind in rule.hides if "*" not in kind}
    assert named <= set(CATALOG)


def test_a_critical_alert_is_never_hidden_by_another() -> None:
    made = heard()
    found(made, "SILENT_SITE")
    number = found(made, "DEVICE_CRITICAL", **PHONE, severity=Severity.CRITICAL)
    assert stands(made, number) == ("open", ())


def test_one_that_becomes_critical_comes_out_with_the_reason() -> None:
    made = heard()
    worse = found(made, "SILENT_SITE")
    number = found(made, "DEVICE_CRITICAL", **PHONE)
    assert stands(made, number) == ("suppressed", (f"A-{worse}",))
    made.finish()
    found(made, "DEVICE_CRITICAL", **PHONE, severity=Severity.CRITICAL, at=T0 + 1)
    assert stands(made, number) == ("open", ())
    assert ("unsuppressed", f"A-{worse} does not explain it any more") in rows(made)


def test_one_that_becomes_critical_stays_hidden_by_a_person() -> None:
    made = heard()
    found(made, "SILENT_SITE")
    silence(made, "type=DEVICE_CRITICAL")
    number = found(made, "DEVICE_CRITICAL", **PHONE)
    assert stands(made, number)[1] == ("S-1", "A-1")
    found(made, "DEVICE_CRITICAL", **PHONE, severity=Severity.CRITICAL, at=T0 + 1)
    assert stands(made, number) == ("suppressed", ("S-1",))


def test_what_others_name_so_explains_nothing_and_is_not_explained() -> None:
    made = heard()
    made.fold([firing("SILENT_SITE", severity="CRITICAL"), firing("PHANTOM_GUARD", severity="LOW")])
    number = found(made, "DEVICE_OFFLINE", **PHONE)
    assert stands(made, number) == ("open", ())
    found(made, "SILENT_SITE")
    assert [stands(made, each)[0] for each in (1, 2, number)] == ["open", "open", "suppressed"]


def test_a_worse_alert_that_is_itself_hidden_still_explains() -> None:
    made = heard()
    offline = found(made, "DEVICE_OFFLINE", **PHONE)
    number = found(made, "DEVICE_CRITICAL", **PHONE)
    worse = found(made, "SILENT_SITE")
    assert stands(made, offline) == ("suppressed", (f"A-{worse}",))
    assert stands(made, number) == ("suppressed", (f"A-{offline}", f"A-{worse}"))
    over(made, worse, at=T0 + MINUTE_MS)
    assert (stands(made, offline)[0], stands(made, number)) == ("open", ("suppressed", (f"A-{offline}",)))
    over(made, offline, at=T0 + 2 * MINUTE_MS)
    assert stands(made, number) == ("open", ())


def test_it_hides_again_when_it_comes_back_and_when_its_resolve_is_taken_back() -> None:
    made = heard()
    number, worse = found(made, "DEVICE_OFFLINE", **PHONE), found(made, "SILENT_SITE")
    over(made, worse, at=T0 + 1)
    assert stands(made, number) == ("open", ())
    found(made, "SILENT_SITE", at=T0 + 2)
    assert stands(made, number) == ("suppressed", (f"A-{worse}",))
    assert asked(made, "resolve", f"A-{worse}", at=T0 + 3, verdict="benign").ok
    assert stands(made, number) == ("open", ())
    assert asked(made, "undo", f"A-{worse}", at=T0 + 4).ok
    assert stands(made, number) == ("suppressed", (f"A-{worse}",))


def test_what_ends_in_the_moment_that_a_worse_one_opens_is_over() -> None:
    made = heard()
    offline, number = found(made, "DEVICE_OFFLINE", **PHONE), found(made, "DEVICE_GPS_FAILURE", person="P1")
    made.finish()
    found(made, "SILENT_SITE", at=T0 + 1, settle=False)
    over(made, number, at=T0 + 1)
    assert stands(made, number) == ("resolved", ())
    assert "unsuppressed" not in [decision for decision, _ in rows(made)]
    assert stands(made, offline)[0] == "suppressed"


def test_what_opens_in_the_moment_that_a_worse_one_ends_is_not_hidden_by_it() -> None:
    made = heard()
    worse = found(made, "SILENT_SITE")
    made.finish()
    number = found(made, "DEVICE_OFFLINE", **PHONE, at=T0 + 1, settle=False)
    over(made, worse, at=T0 + 1)
    assert stands(made, number) == ("open", ())
    assert sorted(decision for decision, _ in rows(made) if decision != "ticketed") == ["ended", "opened"]


def test_what_is_hidden_by_a_worse_alert_says_so_and_may_be_resolved_as_it_is() -> None:
    made = heard()
    worse, number = found(made, "SILENT_SITE"), found(made, "DEVICE_OFFLINE", **PHONE)
    assert ("suppressed", f"A-{worse} explains it until it is resolved: Silent site (CRITICAL)") in rows(made)
    assert (
        asked(made, "ack", f"A-{number}")
        .body["detail"]
        .startswith(f"ack is not possible while A-{number} is suppressed by A-{worse}")
    )
    assert asked(made, "resolve", f"A-{number}", verdict="duplicate").ok
    assert made.triage.suppression.hiding(f"A-{worse}").count == 0


def test_what_a_worse_alert_hides_is_the_same_after_a_restart() -> None:
    made = heard()
    number, worse = found(made, "DEVICE_OFFLINE", **PHONE), found(made, "SILENT_SITE")
    made.finish()
    again = saved_and_loaded(made)
    assert alert(again, number).hidden_by == (f"A-{worse}",)
    over(again, worse, at=T0 + MINUTE_MS)
    assert stands(again, number) == ("open", ())
