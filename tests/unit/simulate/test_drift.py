"""Devices that tell otherwise from some day on, and change nothing before it nor of anybody else."""

from __future__ import annotations

import pytest

from nocd.domain.instant import DAY_MS
from nocd.errors import InputError
from nocd.simulate import World, events
from nocd.simulate.drift import drift
from tests.unit.simulate.claims import START, Event, Seen, metres

pytestmark = pytest.mark.heavy

SINCE = START + DAY_MS


def both(kind: str) -> list[tuple[Event, Event]]:
    """Each event as it is told with and without the drift."""
    plain, other = (
        World(1, sites=2, people=12, start_ms=START, days=2, drift=each) for each in (None, drift(kind, SINCE))
    )
    return list(zip(Seen(events(plain)).all, Seen(events(other)).all, strict=True))


def test_phones_report_positions_eighty_metres_off_and_terminals_do_not():
    changed = [(plain, other) for plain, other in both("positions") if plain != other]
    assert {plain["type"] for plain, _ in changed} >= {"noc.location.fix", "noc.tour.scan"}
    for plain, other in changed:
        assert plain["at"] >= SINCE
        assert plain["source"].startswith("/phones/")
        assert 78 < metres(plain["data"], other["data"]) < 82


def test_nothing_says_how_well_a_face_matched():
    for plain, other in both("faces"):
        later = plain["at"] >= SINCE and plain["data"].get("method") == "FACE"
        gone = plain["data"].keys() - other["data"].keys()
        assert gone == ({"match_distance", "confidence"} if later else set())


def test_an_unknown_drift_is_refused():
    with pytest.raises(InputError, match="known: positions, faces"):
        drift("tides", START)
