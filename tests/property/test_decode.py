"""Laws of the parsers, whatever they are given."""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import fields
from itertools import pairwise
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.directory import DIRECTORY_TYPES
from nocd.domain.event import Event
from nocd.domain.observation import EVENT_TYPES
from nocd.errors import InputError
from nocd.ingest.alertmanager import to_lines
from nocd.ingest.bodies import Inflater, Line, LineSplitter, binary_line, split
from nocd.ingest.decode import DecodeError, Decoder, decode_body
from nocd.wire.views import Rejection
from tests.unit.ingest.examples import FULL, RECEIVED_AT, envelope

DECODER = Decoder(new_id=lambda: "made")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
field_names = sorted({field.name for data in EVENT_TYPES.values() for field in fields(data)} | {"removed"})
attributes = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.just("1.0") | json_values,
        "id": st.text(max_size=5) | json_values,
        "source": st.text(max_size=5) | json_values,
        "type": st.sampled_from(sorted(EVENT_TYPES)) | json_values,
        "time": st.datetimes().map(str) | st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}") | json_values,
        "data": st.dictionaries(st.sampled_from(field_names), json_values, max_size=6) | json_values,
        "subject": json_values,
        "data_base64": json_values,
    },
)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf"]), min_size=1, max_size=30)
changed_values: dict[str, st.SearchStrategy[Any]] = {
    "person": texts,
    "name": st.text(min_size=1, max_size=50).filter(lambda text: text.isprintable()),
    "lat": st.floats(-90, 90) | st.integers(-90, 90),
    "lon": st.floats(-180, 180) | st.integers(-180, 180),
    "value": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1),
    "message": st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
    "labels": st.dictionaries(texts, st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=5),
    "verified": st.booleans(),
}


@st.composite
def valid_events(draw: st.DrawFn) -> dict[str, Any]:
    event_type = draw(st.sampled_from(sorted(EVENT_TYPES)))
    data = dict(FULL[event_type])
    if event_type in DIRECTORY_TYPES and draw(st.booleans()):
        data |= {"removed": True}
    for name in sorted(data.keys() & changed_values.keys()):
        data[name] = draw(changed_values[name])
    optional = {"id": draw(texts), "time": draw(st.just(...) | st.just("2025-12-31T22:00:00.5+01:00"))}
    if draw(st.booleans()):
        return {"type": event_type, "data": data}
    return envelope(event_type, data, **optional, **draw(st.sampled_from([{}, {"traceparent": "00-1", "n": 7}])))


def take(raw: bytes) -> Event | DecodeError:
    try:
        return DECODER.line(raw, received_at=RECEIVED_AT, source="script")
    except DecodeError as error:
        return error


def holds(raw: bytes) -> None:
    """Whatever a line is: an event that can be stored, shown and rebuilt, or a refusal that can be answered."""
    outcome = take(raw)
    if isinstance(outcome, DecodeError):
        assert orjson.dumps(outcome.at(0).model_dump())
        assert outcome.detail.isprintable()
        assert len(outcome.detail) < 3_000
        return
    assert b"\n" not in outcome.body
    assert orjson.loads(outcome.body)["type"] == outcome.type
    assert rebuilt(outcome) == outcome


def rebuilt(event: Event) -> Event:
    return decode_body(
        event.body,
        time=event.time,
        received_at=event.received_at,
        claimed_time=event.claimed_time,
        late=event.late,
    )


def chunks(content: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    return [content[start:end] for start, end in pairwise(places)]


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_refusal(raw: bytes) -> None:
    holds(raw)


@given(attributes)
def test_any_json_is_an_event_or_a_refusal(event: dict[str, Any]) -> None:
    try:
        holds(orjson.dumps(event))
    except orjson.JSONEncodeError:
        return


@given(valid_events(), st.integers(0, 400), st.binary(max_size=3))
def test_damaged_event_is_an_event_or_a_refusal(event: dict[str, Any], place: int, damage: bytes) -> None:
    raw = orjson.dumps(event)
    holds(raw[:place] + damage + raw[place + len(damage) :])


@given(valid_events())
def test_valid_event_comes_back_from_its_stored_body(event: dict[str, Any]) -> None:
    outcome = take(orjson.dumps(event))
    assert isinstance(outcome, Event), outcome
    assert rebuilt(outcome) == outcome
    assert orjson.loads(outcome.body)["data"] == event["data"]


@given(valid_events(), st.sampled_from([math.nan, math.inf, True, [], {}, "text"]))
def test_numbers_are_numbers(event: dict[str, Any], value: Any) -> None:
    numeric = [name for name in ("lat", "value", "confidence", "battery_percent") if name in event["data"]]
    for name in numeric:
        data = {**event["data"], name: value}
        outcome = take(json.dumps({**event, "data": data}).encode())
        assert isinstance(outcome, DecodeError) or "removed" in data


@given(
    st.lists(st.sampled_from([b"", b"a", b" ", b"\r", b"bb", b"cccc", b"ddddd", b"e" * 30])), st.lists(st.integers(0))
)
def test_lines_are_the_same_for_every_chunking(lines: list[bytes], cuts: list[int]) -> None:
    content = b"\n".join(lines)
    whole = LineSplitter(max_event_bytes=4, max_events=1_000)
    pieces = LineSplitter(max_event_bytes=4, max_events=1_000)
    expected = whole.feed(content) + whole.end()
    assert [item for chunk in chunks(content, cuts) for item in pieces.feed(chunk)] + pieces.end() == expected
    good = {item.index: item.raw for item in expected if isinstance(item, Line)}
    long = {item.index for item in expected if isinstance(item, Rejection)}
    assert good == {n: line.strip() for n, line in enumerate(content.split(b"\n")) if 0 < len(line.strip()) <= 4}
    assert long == {n for n, line in enumerate(content.split(b"\n")) if len(line.strip()) > 4}


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.lists(st.integers(0), max_size=10))
def test_gzip_inflates_the_same_for_every_chunking(members: list[bytes], cuts: list[int]) -> None:
    content = b"".join(member * 500 for member in members)
    packed = b"".join(gzip.compress(member * 500) for member in members)
    inflater = Inflater(max_bytes=len(content))
    assert b"".join(piece for chunk in chunks(packed, cuts) for piece in inflater.feed(chunk)) == content
    inflater.end()


@given(st.binary(max_size=100), st.integers(0, 200))
def test_damaged_gzip_is_inflated_or_refused(damage: bytes, place: int) -> None:
    packed = gzip.compress(orjson.dumps(FULL))
    inflater = Inflater(max_bytes=100_000)
    try:
        for piece in inflater.feed(packed[:place] + damage + packed[place + len(damage) :]):
            assert len(piece) <= 65_536
        inflater.end()
    except InputError as error:
        assert error.code in {"bad_gzip", "body_too_large"}  # noqa: PT017 - not raising is fine too


@given(
    st.binary(max_size=100) | st.lists(json_values, max_size=3).map(lambda values: json.dumps(values).encode()),
    st.sampled_from(["application/json", "application/cloudevents-batch+json", "application/x-ndjson", "text/plain"]),
)
def test_any_body_is_split_or_refused(body: bytes, kind: str) -> None:
    try:
        items = split(kind, body)
    except InputError:
        return
    for item in items:
        if isinstance(item, Line):
            take(item.raw)


@given(
    st.dictionaries(st.sampled_from(["ce-id", "ce-type", "ce-time", "ce-x", "ce-Ä"]), st.text()), st.binary(max_size=20)
)
def test_any_binary_request_is_a_line_or_refused(headers: dict[str, str], body: bytes) -> None:
    try:
        take(binary_line(headers, body))
    except InputError:
        return


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "labels": st.dictionaries(
                    st.sampled_from(["alertname", "site", "pod", "severity"]) | texts, json_values
                ),
                "annotations": st.dictionaries(st.sampled_from(["summary", "title"]), json_values) | json_values,
                "status": st.sampled_from(["firing", "resolved"]) | json_values,
                "startsAt": st.datetimes().map(lambda at: at.isoformat() + "Z") | json_values,
                "endsAt": st.datetimes().map(lambda at: at.isoformat() + "+23:59") | json_values,
                "fingerprint": st.text() | json_values,
            },
        )
        | json_values,
        max_size=3,
    ),
    json_values,
)
def test_any_webhook_alert_is_a_valid_event_or_refused(alerts: list[Any], receiver: Any) -> None:
    try:
        body = orjson.dumps({"alerts": alerts, "receiver": receiver})
    except orjson.JSONEncodeError:
        return
    items = list(to_lines(body, received_at=RECEIVED_AT))
    assert [item.index for item in items] == list(range(len(alerts)))
    for item in items:
        if isinstance(item, Line):
            assert isinstance(take(item.raw), Event)
