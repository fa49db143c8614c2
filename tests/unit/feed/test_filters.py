"""Who sees which change, and in which form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from nocd.domain.severity import Severity
from nocd.domain.token import DEFAULT_RIGHTS, Right, Role, Token
from nocd.feed.filters import Filter, events_range
from tests.unit.feed.made import numbered, stored

PLACED = {"site": "S1", "client": "C1", "severity": "MEDIUM"}
OPERATOR = Token(name="op", role=Role.OPERATOR, rights=DEFAULT_RIGHTS[Role.OPERATOR])


def names(*words: str) -> frozenset[str]:
    return frozenset(words)


def limited(sites: str = "", clients: str = "") -> Token:
    return replace(OPERATOR, sites=frozenset(sites.split()), clients=frozenset(clients.split()))


@pytest.mark.parametrize(
    ("wanted", "fields", "seen"),
    [
        ({}, PLACED, True),
        ({"sites": names("S1")}, PLACED, True),
        ({"sites": names("S2")}, PLACED, False),
        ({"clients": names("C1")}, PLACED, True),
        ({"clients": names("C2")}, PLACED, False),
        ({"sites": names("S1"), "clients": names("C2")}, PLACED, False),
        ({"sites": names("S1")}, {}, True),
        ({"clients": names("C1")}, {}, True),
        ({"clients": names("C1")}, {"site": "S9"}, False),
        ({"types": names("note_added")}, PLACED, True),
        ({"types": names("alert_created")}, PLACED, False),
        ({"min_rank": Severity.MEDIUM.rank}, PLACED, True),
        ({"min_rank": Severity.HIGH.rank}, PLACED, False),
        ({"min_rank": Severity.CRITICAL.rank}, {}, True),
        ({"min_rank": Severity.CRITICAL.rank}, {"severity": "UNHEARD_OF"}, True),
    ],
)
def test_each_filter_narrows_and_lets_through_what_it_is_not_about(
    wanted: dict[str, Any], fields: dict[str, Any], *, seen: bool
) -> None:
    assert Filter(**wanted).passes(numbered(1, **fields).change) is seen


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ({}, True),
        ({"sites": names("S1")}, False),
        ({"min_rank": 1}, False),
        ({"types": names("alert_created")}, False),
        ({"types": names("events_stored")}, True),
        ({"sites": names("S1"), "events": True}, True),
        ({"types": names("alert_created"), "events": True}, True),
    ],
)
def test_counts_of_events_reach_a_narrowed_client_only_where_asked_for(wanted: dict[str, Any], *, seen: bool) -> None:
    assert Filter(**wanted).passes(stored(1, 1, 2).change) is seen


@pytest.mark.parametrize(
    ("token", "fields", "seen"),
    [
        (limited("S1"), {"site": "S1"}, True),
        (limited("S1"), {"site": "S2"}, False),
        (limited(clients="C1"), {"site": "S2", "client": "C1"}, True),
        (limited(clients="C1"), {"site": "S2"}, False),
        (limited("S1"), {}, False),
    ],
)
def test_a_limited_token_sees_its_own_places_and_nothing_placeless(
    token: Token, fields: dict[str, Any], *, seen: bool
) -> None:
    assert Filter.of(token).passes(numbered(1, **fields).change) is seen


def test_a_limited_token_learns_no_counts_even_where_it_asks() -> None:
    wanted = Filter.of(limited("S1"), types=["events_stored"], events=True)
    assert not wanted.passes(stored(1, 1, 2).change)


def test_equal_wishes_of_different_tokens_are_one_filter() -> None:
    other = Token(name="second", role=Role.ADMIN, rights=frozenset(Right), last_used=5)
    assert Filter.of(OPERATOR, sites=["S1"]) == Filter.of(other, sites=["S1"])
    assert hash(Filter.of(OPERATOR)) == hash(Filter.of(other))


def test_wishes_and_rights_are_taken_over() -> None:
    viewer = Token(name="v", role=Role.VIEWER)
    wanted = Filter.of(viewer, clients=["C1"], types=["note_added"], min_severity=Severity.HIGH, events=True)
    assert wanted == Filter(
        clients=names("C1"), types=names("note_added"), min_rank=4, events=True, names=False, scores=False
    )


def test_scores_are_hidden_without_the_right_to_them() -> None:
    change = numbered(1, "fraud_scored").change
    assert Filter.of(OPERATOR).passes(change)
    assert not Filter.of(Token(name="v", role=Role.VIEWER)).passes(change)


def test_a_client_with_every_right_gets_the_stored_bytes() -> None:
    change = numbered(1, data={"person_name": "Asha"})
    assert Filter().part(change).body is change.body


def test_a_client_without_the_right_to_names_gets_them_masked() -> None:
    change = numbered(1, data={"person_name": "Asha", "fraud_score": 0.5})
    shown = orjson.loads(Filter(names=False).part(change).body)
    assert shown["data"] == {"person_name": "***", "fraud_score": 0.5}
    assert orjson.loads(Filter(scores=False).part(change).body)["data"]["person_name"] == "Asha"


def test_events_come_inside_as_they_were_received_and_count() -> None:
    change = stored(1, 4, 5)
    part = Filter(events=True).part(change, [(4, 0, b'{"id": "a"}'), (5, 1, b'{"id":"b"}')])
    data = orjson.loads(part.body)["data"]
    assert data["events"] == [
        {"no": 4, "received_at": "1970-01-01T00:00:00.000Z", "event": {"id": "a"}},
        {"no": 5, "received_at": "1970-01-01T00:00:00.001Z", "event": {"id": "b"}},
    ]
    assert part.weight == 3


@pytest.mark.parametrize("depth", [300, 2_000])
def test_an_event_too_deep_to_be_masked_is_withheld(depth: int) -> None:
    deep = b'{"a":' * depth + b'{"person_name":"Asha"}' + b"}" * depth
    events = [(4, 0, deep), (5, 0, b'{"person_name":"Bo"}')]
    shown = orjson.loads(Filter(events=True, names=False).part(stored(1, 4, 5), events).body)["data"]["events"]
    assert [each["event"] for each in shown] == [{"masked": True}, {"person_name": "***"}]


def test_the_numbers_an_events_stored_change_counts_are_read_from_its_body() -> None:
    assert events_range(stored(1, 4, 5)) == (4, 5)
