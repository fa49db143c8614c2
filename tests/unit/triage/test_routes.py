"""Which alerts a route takes, and when it is quiet."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, local, to_ms
from nocd.triage.deadlines import Deadlines
from nocd.triage.matchers import parse, parse_all
from nocd.triage.routes import Route, Routes, faults
from tests.build import T0


def route(name: str = "r", **more: Any) -> Route:
    return Route(**{"name": name, "receivers": ("desk",), **more})


@pytest.mark.parametrize(
    ("text", "labels", "fits"),
    [
        ('site="S1"', {"site": "S1"}, True),
        ("site = S1 ", {"site": "S1"}, True),
        ('site="S1"', {"site": "S10"}, False),
        ('site!="S1"', {"site": "S2"}, True),
        ('severity=~"HIGH|CRITICAL"', {"severity": "HIGH"}, True),
        ('severity=~"HIGH"', {"severity": "HIGHER"}, False),
        ('type!~"ANOMALY_.*"', {"type": "NO_SHOW"}, True),
        ('type!~"ANOMALY_.*"', {"type": "ANOMALY_STREAM"}, False),
        ('rack=""', {}, True),
    ],
)
def test_a_matcher_fits_or_does_not(text: str, labels: dict[str, str], *, fits: bool) -> None:
    assert parse(text)(labels) is fits


@pytest.mark.parametrize("text", ["", "site", 'site~"x"', 'a=~"("', f'site="{"x" * 600}"', '="x"'])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)


def test_all_matchers_must_fit_and_none_always_does() -> None:
    both = parse_all(["a=1", "b!=2"])
    assert [both({"a": "1", "b": each}) for each in "12"] == [True, False]
    assert parse_all([])({})


def test_an_alert_takes_every_route_it_fits_in_order() -> None:
    routes = Routes((route("a", matchers=("site=S1",)), route("b"), route("c", matchers=("site=S2",))))
    assert [each.name for each in routes.taken_by({"site": "S1"})] == ["a", "b"]
    assert routes
    assert not Routes()
    assert routes.named("a").matchers == ("site=S1",)
    assert routes.named("gone").group_wait_s == 0


def test_names_that_are_given_twice_or_lead_nowhere_are_told() -> None:
    assert faults([route("a"), route("a", receivers=("boss",))], ["desk"]) == [
        "there are two routes called a",
        "route a: no receiver is called boss",
    ]


@pytest.mark.parametrize("wrong", [{"quiet_hours": "22-6"}, {"quiet_hours": "24:00-06:00"}, {"matchers": ("x",)}])
def test_a_route_that_cannot_be_read_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        route(**wrong)


def test_quiet_hours_end_on_the_wall_clock_through_a_change_to_summer_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    late = to_ms(datetime(2026, 3, 28, 23, 0, tzinfo=berlin))
    end = route(quiet_hours="22:00-06:00").quiet_until(late, "Europe/Berlin")
    assert end == to_ms(datetime(2026, 3, 29, 6, 0, tzinfo=berlin)) == late + 6 * HOUR_MS


_minutes = st.integers(0, 1_439)


@given(_minutes, _minutes, st.integers(0, 3 * 1_440), st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]))
def test_quiet_hours_are_quiet_from_their_start_to_their_end_and_not_longer(
    start: int, end: int, minute: int, timezone: str
) -> None:
    quiet = route(quiet_hours="-".join(f"{each // 60:02}:{each % 60:02}" for each in (start, end)))
    now = T0 + minute * MINUTE_MS
    until = quiet.quiet_until(now, timezone)
    wall = local(now, timezone)
    inside = (wall.hour * 60 + wall.minute - start) % 1_440 < (end - start) % 1_440
    assert (until is not None) is inside
    if until is not None:
        assert now < until <= now + DAY_MS
        assert quiet.quiet_until(until, timezone) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 9))), st.integers(0, 9))
def test_each_key_comes_up_once_at_the_instant_it_was_last_planned_for(
    plans: list[tuple[str, int | None]], now: int
) -> None:
    deadlines = Deadlines()
    for key, at in plans:
        deadlines.plan(key, at)
    last = {key: at for key, at in plans if at is not None and dict(plans)[key] is not None}
    last = {key: at for key, at in dict(plans).items() if at is not None}
    assert deadlines.next() == min(last.values(), default=None)
    assert sorted(deadlines.take(now)) == sorted(key for key, at in last.items() if at <= now)
    assert deadlines.take(now) == []
