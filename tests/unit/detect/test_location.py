"""Where people punch: the fence, the accuracy, and null island."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from nocd.detect.fence import outside_m
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.directory import Site
from nocd.domain.geo import haversine_m
from nocd.domain.severity import Severity
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.store.codec import encode
from tests.build import ALONE, event
from tests.build_field import HERE, Field, company, hours, minutes, played, punch

if TYPE_CHECKING:
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding

METRE = 1 / 111_194.927  # degrees of latitude
SQUARE = ((52.0, 13.0), (52.0, 13.01), (52.01, 13.01), (52.01, 13.0))


def at(metres: float, **more: Any) -> Event:
    """Return a punch-in so far to the north of site S1."""
    return punch("P1", "in", hours(8), lat=HERE[0] + metres * METRE, lon=HERE[1], **more)


def found(finding_type: str, *punches: Event, **site: Any) -> list[Finding]:
    return played(company("P1", **site), punches).of(finding_type)


def ruled(**settings: dict[str, Any]) -> Field:
    """Return a run by other rules than the usual."""
    return Field(engine=Engine(Shelves(encode), ALONE, rules=Rules(CATALOG, general=settings)))


def test_a_punch_outside_the_fence_is_found_with_how_far() -> None:
    run = played(company("P1", hysteresis_m=5.0), at(300, accuracy_m=20.0))
    finding = run.of("GEOFENCE_VIOLATION")[0]
    assert (finding.severity, finding.confidence, finding.time) == (Severity.HIGH, 0.90, hours(8))
    assert finding.evidence["outside_m"] == 100.0
    assert finding.reason == (
        "Guard P1 punched in at Site S1 from 100 m outside its fence at 08:00; call and ask where they are"
    )
    assert run.alerts("GEOFENCE_VIOLATION") == [("open", 1)]


def test_accuracy_and_hysteresis_are_allowed_for_to_the_metre() -> None:
    assert not found("GEOFENCE_VIOLATION", at(224.9, accuracy_m=20.0), hysteresis_m=5.0)
    assert found("GEOFENCE_VIOLATION", at(225.1, accuracy_m=20.0), hysteresis_m=5.0)


def test_a_phone_indoors_that_knows_its_place_badly_accuses_nobody() -> None:
    assert not found("GEOFENCE_VIOLATION", at(280, accuracy_m=90.0))


def test_an_accuracy_that_is_not_given_is_taken_for_a_usual_one() -> None:
    assert not found("GEOFENCE_VIOLATION", at(225.9))
    assert not found("GEOFENCE_VIOLATION", at(225.9, accuracy_m=0.0))
    assert found("GEOFENCE_VIOLATION", at(226.1))


def test_without_a_position_or_a_fence_nothing_is_judged() -> None:
    assert not found("GEOFENCE_VIOLATION", punch("P1", "in", hours(8)))
    nowhere = [event("noc.site", id="S1", name="Site S1", timezone="UTC"), event("noc.person", id="P1", name="P")]
    assert not played(nowhere, at(9_000)).of("GEOFENCE_VIOLATION")
    assert not played(at(9_000)).of("GEOFENCE_VIOLATION")
    assert not found("GPS_LOW_ACCURACY", at(0))


def test_the_rule_sets_the_fence_of_sites_without_a_radius_of_their_own() -> None:
    wide = ruled(GEOFENCE_VIOLATION={"radius_m": 500.0})
    wide.feed([*company("P1"), at(400)])
    assert not wide.of("GEOFENCE_VIOLATION")
    own = ruled(GEOFENCE_VIOLATION={"radius_m": 500.0})
    own.feed([*company("P1", radius_m=100.0), at(400)])
    assert own.of("GEOFENCE_VIOLATION")


def test_late_twice_and_in_any_order_the_same_is_found() -> None:
    punches = [
        at(900, event_id="a"),
        at(900, event_id="b"),
        punch("P1", "out", hours(9), event_id="c", received_at=hours(9.1), lat=HERE[0], lon=HERE[1]),
    ]
    told = [found("GEOFENCE_VIOLATION", *order) for order in permutations(punches)]
    assert {tuple(sorted(str(each.evidence["punch"]) for each in findings)) for findings in told} == {("a", "b")}


def test_what_happened_over_a_day_before_the_newest_punch_stands_for_good() -> None:
    run = played(company("P1"), at(900), punch("P1", "out", hours(40)))
    assert len(run.of("GEOFENCE_VIOLATION")) == 1
    assert run.withdrawn("GEOFENCE_VIOLATION") == 0


def test_a_position_good_to_more_than_a_hundred_metres_is_noted_and_opens_no_alert() -> None:
    run = played(company("P1"), at(0, accuracy_m=100.1))
    finding = run.of("GPS_LOW_ACCURACY")[0]
    assert (finding.severity, finding.confidence) == (Severity.LOW, 0.70)
    assert finding.evidence["accuracy_m"] == 100.1
    assert not run.alerts("GPS_LOW_ACCURACY")
    assert not found("GPS_LOW_ACCURACY", at(0, accuracy_m=100.0))


def test_how_inexact_a_position_may_be_can_be_set() -> None:
    strict = ruled(GPS_LOW_ACCURACY={"accuracy_max_m": 30.0})
    strict.feed([*company("P1"), at(0, accuracy_m=31.0, received_at=hours(8.1)), at(0, accuracy_m=30.0)])
    assert len(strict.of("GPS_LOW_ACCURACY")) == 1


def test_an_accuracy_beyond_all_measure_still_makes_a_readable_sentence() -> None:
    assert len(found("GPS_LOW_ACCURACY", at(0, accuracy_m=1e300))[0].reason) < 300


@pytest.mark.parametrize("place", [(0.0, 0.0), (52.0, 13.0), (-90.0, 180.0)])
def test_a_punch_at_whole_degrees_is_at_null_island_and_nowhere_else(place: tuple[float, float]) -> None:
    run = played(company("P1"), punch("P1", "in", hours(8), lat=place[0], lon=place[1]))
    finding = run.of("NULL_ISLAND")[0]
    assert (finding.severity, finding.confidence) == (Severity.HIGH, 1.0)
    assert not run.of("GEOFENCE_VIOLATION")
    assert not run.of("GPS_SPOOFING")


def test_a_meridian_alone_is_no_null_island() -> None:
    assert not found("NULL_ISLAND", punch("P1", "in", hours(8), lat=52.0, lon=13.405))
    assert not found("NULL_ISLAND", punch("P1", "in", hours(8), lat=52.52, lon=0.0))


def test_null_island_is_found_late_and_each_punch_once() -> None:
    late = [punch("P1", "in", minutes(481), event_id=name, received_at=minutes(490), lat=0.0, lon=0.0) for name in "ab"]
    run = played(company("P1"), punch("P1", "out", minutes(485)), late)
    assert len(run.of("NULL_ISLAND")) == 2
    assert run.withdrawn("NULL_ISLAND") == 0


def test_within_a_polygon_nothing_is_outside_and_beyond_it_the_metres_to_its_edge_count() -> None:
    site = Site(id="S1", name="S1", timezone="UTC", lat=0.5, lon=0.5, polygon=SQUARE)
    assert outside_m(site, 52.005, 13.005, radius_m=200.0) == 0.0
    beside = outside_m(site, 52.005, 13.02, radius_m=200.0)
    assert beside == pytest.approx(haversine_m(52.005, 13.01, 52.005, 13.02), rel=1e-6)
    corner = outside_m(site, 52.02, 13.02, radius_m=200.0)
    assert corner == pytest.approx(haversine_m(52.01, 13.01, 52.02, 13.02), rel=1e-3)


def test_a_notch_of_a_polygon_lies_outside() -> None:
    notched = (*SQUARE[:2], (52.009, 13.005), *SQUARE[2:3], SQUARE[2], SQUARE[3])
    site = Site(id="S1", name="S1", timezone="UTC", polygon=notched)
    assert outside_m(site, 52.005, 13.009, radius_m=200.0) == pytest.approx(115, abs=1)
    assert outside_m(site, 52.005, 13.001, radius_m=200.0) == 0.0


def test_a_polygon_across_the_date_line_is_one_place() -> None:
    site = Site(id="S1", name="S1", timezone="UTC", polygon=((0.1, 179.9), (0.1, -179.9), (0.3, -179.9), (0.3, 179.9)))
    assert outside_m(site, 0.2, 179.95, radius_m=200.0) == 0.0
    assert outside_m(site, 0.2, -179.95, radius_m=200.0) == 0.0
    assert outside_m(site, 0.2, -179.8, radius_m=200.0) == pytest.approx(11_119, rel=0.01)


def test_a_punch_outside_a_polygon_is_found() -> None:
    north = HERE[0] + 50 * METRE
    polygon = ((HERE[0] - 0.001, 13.40), (HERE[0] - 0.001, 13.41), (north, 13.41), (north, 13.40))
    assert found("GEOFENCE_VIOLATION", at(80, accuracy_m=20.0), polygon=polygon)
    assert not found("GEOFENCE_VIOLATION", at(70, accuracy_m=20.0), polygon=polygon)
