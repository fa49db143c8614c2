"""Any seed makes a world whose every event is valid, in order, paired and true to what was planted."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from nocd.domain.instant import HOUR_MS, local
from nocd.domain.observation import EVENT_TYPES
from nocd.simulate import RATES, World, events
from nocd.simulate.events import raws, untold
from nocd.simulate.truth import LIKENESSES
from tests.unit.simulate.claims import NONE, START, Seen, holds, ms, only, seen
from tests.unit.simulate.test_events import alternate
from tests.unit.simulate.test_troubles import assert_disjoint

pytestmark = pytest.mark.heavy

ADAPTERS: dict[str, TypeAdapter[Any]] = {kind: TypeAdapter(data) for kind, data in EVENT_TYPES.items()}
FEW = settings(max_examples=20)


@st.composite
def worlds(draw, rates: dict[str, float] | None = None, likenesses: dict[str, float] | None = None) -> World:
    return World(
        draw(st.integers(0, 2**64)),
        sites=draw(st.integers(1, 5)),
        people=draw(st.integers(1, 20)),
        start_ms=START + draw(st.integers(0, 400 * 86_400_000)),
        days=draw(st.integers(1, 2)),
        rates=rates,
        likenesses=likenesses,
    )


def everything(share: float) -> st.SearchStrategy[World]:
    return worlds(dict.fromkeys(RATES, share), dict.fromkeys(LIKENESSES, share))


@FEW
@given(st.one_of(worlds(), everything(0.05)))
def test_every_event_fits_its_type_strictly(made):
    for event in events(made):
        ADAPTERS[event["type"]].validate_json(orjson.dumps(event["data"]), strict=True)
        assert event["specversion"] == "1.0"
        assert 1 <= len(event["id"]) <= 128
        assert 1 <= len(event["source"]) <= 256


@FEW
@given(worlds())
def test_time_never_goes_back_and_names_never_repeat(made):
    stream = list(events(made))
    assert all(before["time"] <= after["time"] for before, after in pairwise(stream))
    assert len({(event["source"], event["id"]) for event in stream}) == len(stream)
    assert ms(stream[0]["time"]) == made.start_ms


@FEW
@given(everything(0.05))
def test_sending_never_goes_back_whatever_the_clocks_say(made):
    sent = list(raws(made, untold))
    assert all(before.time <= after.time for before, after in pairwise(sent))
    assert len({(raw.source, raw.id) for raw in sent}) == len(sent)


@FEW
@given(worlds(NONE))
def test_honest_punches_pair(made):
    saw, truths = seen(made)
    assert truths == []
    assert all(alternate(saw.punches(person)) for person in saw.person)


@FEW
@given(worlds(dict.fromkeys(RATES, 0.25)))
def test_every_truth_holds_and_points_at_an_event(made):
    saw, truths = seen(made)
    for truth in truths:
        assert not truth.event_id or truth.event_id in saw.by_id
        assert holds(truth, saw), truth
    if truths:
        assert_disjoint(made, truths)


@pytest.mark.long
@FEW
@given(st.integers(0, 2**64), st.sampled_from(["SILENT_SITE", "SLACK_NIGHT"]))
def test_silent_phones_and_slack_nights_are_borne_out_by_the_events(seed, kind):
    made = World(seed, sites=3, people=18, start_ms=START, days=3, rates=only(kind))
    saw, truths = seen(made)
    assert truths
    assert {truth.kind for truth in truths} == {kind}
    for truth in truths:
        assert holds(truth, saw), truth


@FEW
@given(st.integers(0, 2**64))
def test_the_same_seed_gives_the_same_bytes(seed):
    def told() -> bytes:
        return b"".join(map(orjson.dumps, events(World(seed, sites=2, people=8, start_ms=START, days=1))))

    assert told() == told()


@pytest.mark.long
@FEW
@given(st.integers(0, 2**64))
def test_nights_are_quieter_than_days(seed):
    """Phone events from three to five and from eight to noon, by the head on duty."""
    made = World(seed, sites=2, people=12, start_ms=START, days=4, rates=NONE)
    saw, _ = seen(made)
    site_of = {shift["person"]: saw.site[shift["site"]] for shift in saw.shifts}
    heard: Counter[int] = Counter()
    heads: Counter[int] = Counter()
    for event in saw.of["noc.phone.event"]:
        heard[local(event["at"], site_of[event["data"]["person"]]["timezone"]).hour] += 1
    for shift in saw.shifts:
        for time in range(ms(shift["start"]), ms(shift["end"]), HOUR_MS):
            heads[local(time, saw.site[shift["site"]]["timezone"]).hour] += 1

    def a_head(hours: range) -> float:
        return sum(heard[hour] for hour in hours) / sum(heads[hour] for hour in hours)

    assert a_head(range(3, 5)) < 0.85 * a_head(range(8, 12))


@FEW
@given(worlds())
def test_disorder_changes_arrival_alone(made):
    ordered = {event["id"]: event for event in events(made)}
    arrived = Seen(events(made, disorder=True))
    assert {event["id"] for event in arrived.all} == ordered.keys()
    latest = 0
    for event in arrived.all:
        assert event["time"] == ordered[event["id"]]["time"]
        assert latest - event["at"] < 600_000
        latest = max(latest, event["at"])
