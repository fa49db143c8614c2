from __future__ import annotations

from itertools import count
from typing import Any

import orjson
import pytest

from nocd.domain.directory import DIRECTORY_TYPES, Removal
from nocd.domain.event import Event
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import EVENT_TYPES, LocationFix
from nocd.errors import StateError
from nocd.ingest.decode import Decoder, decode_body, uuid7
from tests.unit.ingest.examples import FULL, MINIMAL, RECEIVED_AT, TIME, envelope, native


def decode(raw: bytes, *, received_at: int = RECEIVED_AT, source: str = "script", **limits: int) -> Event:
    ids = count(1)
    return Decoder(new_id=lambda: f"made-{next(ids)}", **limits).line(raw, received_at=received_at, source=source)


def rebuilt(event: Event) -> Event:
    return decode_body(
        event.body,
        time=event.time,
        received_at=event.received_at,
        claimed_time=event.claimed_time,
        late=event.late,
    )


def test_every_type_has_its_examples() -> None:
    assert set(MINIMAL) == set(FULL) == set(EVENT_TYPES)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
@pytest.mark.parametrize("examples", [MINIMAL, FULL], ids=["minimal", "full"])
def test_native_event_of_every_type_is_decoded_and_kept_as_received(
    event_type: str, examples: dict[str, dict[str, Any]]
) -> None:
    raw = native(event_type, examples[event_type])
    event = decode(b" " + raw + b"\r\n")
    assert (event.id, event.source, event.type, event.time) == ("e-1", "/tests", event_type, RECEIVED_AT)
    assert type(event.data) is EVENT_TYPES[event_type]
    assert event.body == raw
    decoded = orjson.loads(orjson.dumps(event.data, option=orjson.OPT_UTC_Z))
    assert {name: decoded[name] for name in examples[event_type]} == examples[event_type]
    assert rebuilt(event) == event


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_plain_event_of_every_type_is_completed(event_type: str) -> None:
    event = decode(orjson.dumps({"type": event_type, "data": FULL[event_type]}), source="gate script")
    assert (event.id, event.source, event.time) == ("made-1", "gate%20script", RECEIVED_AT)
    assert orjson.loads(event.body) == {
        "specversion": "1.0",
        "id": "made-1",
        "source": "gate%20script",
        "type": event_type,
        "time": rfc3339(RECEIVED_AT),
        "data": FULL[event_type],
    }
    assert rebuilt(event) == event


def test_plain_event_keeps_what_it_says_of_itself() -> None:
    event = decode(orjson.dumps(envelope("noc.location.fix", specversion=..., time="2025-12-31T23:00:00Z")))
    assert (event.id, event.source, event.time) == ("e-1", "/tests", RECEIVED_AT - HOUR_MS)


@pytest.mark.parametrize("event_type", DIRECTORY_TYPES)
def test_removal_of_every_kind_of_entry_is_decoded(event_type: str) -> None:
    raw = native(event_type, {"id": "X1", "removed": True, "name": "ignored", "anything": [1]})
    event = decode(raw)
    assert event.data == Removal(id="X1", removed=True)
    assert event.body == raw
    assert rebuilt(event) == event


def test_plain_removal_is_decoded() -> None:
    event = decode(b'{"type":"noc.site","data":{"id":"S1","removed":true}}')
    assert event.data == Removal(id="S1", removed=True)
    assert rebuilt(event) == event


def test_extension_attributes_stay_in_the_body() -> None:
    raw = native(
        "noc.location.fix", subject="P1", traceparent="00-1", sampledrate=3, datacontenttype="application/json"
    )
    assert decode(raw).body == raw


def test_last_of_repeated_keys_wins() -> None:
    event = decode(native("noc.location.fix").replace(b'"id":"e-1"', b'"id":"first","id":"last"'))
    assert event.id == "last"
    assert orjson.loads(event.body)["id"] == "last"


def test_body_written_over_several_lines_is_kept_on_one() -> None:
    event = decode(orjson.dumps(envelope("noc.location.fix"), option=orjson.OPT_INDENT_2))
    assert event.body == native("noc.location.fix")


def test_null_island_is_a_position() -> None:
    data = decode(native("noc.location.fix", {"person": "P1", "lat": 0, "lon": -0.0})).data
    assert data == LocationFix(person="P1", lat=0.0, lon=0.0)


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "text/json; charset=utf-8", "application/vnd.acme+json", "Application/JSON", None],
)
def test_json_media_types_of_data_are_taken(media_type: str | None) -> None:
    assert decode(native("noc.location.fix", datacontenttype=media_type)).id == "e-1"


@pytest.mark.parametrize(
    ("time", "ms"),
    [
        ("2025-12-31T23:59:59Z", -1_000),
        ("2025-12-31t23:59:59z", -1_000),
        ("2025-12-31 23:59:59.5Z", -500),
        ("2026-01-01T05:30:00.123456789+05:30", 123),
        ("2025-12-31T12:00:00.0001-12:00", 0),
        ("2026-01-01T00:00:00-00:00", 0),
        (None, 0),
        (..., 0),
    ],
)
def test_time_is_utc_milliseconds_and_the_receipt_where_it_is_absent(time: Any, ms: int) -> None:
    event = decode(native("noc.location.fix", time=time))
    assert event.time == RECEIVED_AT + ms
    assert event.claimed_time is None
    assert rebuilt(event) == event


@pytest.mark.parametrize(
    ("offset_ms", "time", "claimed", "late"),
    [
        (5 * MINUTE_MS, 5 * MINUTE_MS, None, False),
        (5 * MINUTE_MS + 1, 0, 5 * MINUTE_MS + 1, False),
        (25 * HOUR_MS, 0, 25 * HOUR_MS, False),
        (-30 * DAY_MS, -30 * DAY_MS, None, False),
        (-30 * DAY_MS - 1, -30 * DAY_MS - 1, None, True),
    ],
)
def test_clock_ahead_is_brought_back_and_old_events_are_flagged(
    offset_ms: int, time: int, claimed: int | None, late: object
) -> None:
    event = decode(native("noc.location.fix", time=rfc3339(RECEIVED_AT + offset_ms)))
    assert event.time == RECEIVED_AT + time
    assert event.claimed_time == (None if claimed is None else RECEIVED_AT + claimed)
    assert event.late is late
    assert rebuilt(event) == event


def test_limits_are_the_callers() -> None:
    raw = native("noc.location.fix", time=rfc3339(RECEIVED_AT + 2))
    assert decode(raw, max_future_ms=1).claimed_time == RECEIVED_AT + 2
    assert decode(native("noc.location.fix"), received_at=RECEIVED_AT + 2, max_age_ms=1).late
    assert decode(raw, max_event_bytes=len(raw)).id == "e-1"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"type":"noc.site"}', b"\xff"])
def test_rebuilding_from_what_was_never_stored_says_so(body: bytes) -> None:
    with pytest.raises(StateError, match="a stored event cannot be read"):
        decode_body(body, time=0, received_at=0)


def test_rebuilding_applies_no_limit_of_today() -> None:
    labels = {f"name-{n}": "x" * 2_000 for n in range(100)}
    body = native("noc.alert", {**MINIMAL["noc.alert"], "labels": labels}, time="1999-01-01T00:00:00Z")
    event = decode_body(body, time=5, received_at=6, claimed_time=7, late=True)
    assert (event.time, event.received_at, event.claimed_time, event.late) == (5, 6, 7, True)


def test_uuid7_is_rfc_9562() -> None:
    # RFC 9562, appendix A.6
    assert uuid7(0x017F22E279B0, bytes.fromhex("0cc318c4dc0c0c07398f"))[:15] == "017f22e2-79b0-7"
    assert uuid7(0, bytes(10)) == "00000000-0000-7000-8000-000000000000"
    assert uuid7(2**48 - 1, b"\xff" * 10) == "ffffffff-ffff-7fff-bfff-ffffffffffff"
    assert uuid7(RECEIVED_AT, b"a" * 10) < uuid7(RECEIVED_AT + 1, bytes(10))


def test_time_of_examples_is_the_receipt() -> None:
    assert rfc3339(RECEIVED_AT)[:19] + "Z" == TIME
