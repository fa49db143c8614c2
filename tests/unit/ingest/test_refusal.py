from __future__ import annotations

from typing import Any

import orjson
import pytest

from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.observation import EVENT_TYPES
from nocd.ingest.decode import DecodeError, Decoder
from nocd.wire.views import Rejection
from tests.unit.ingest.examples import MINIMAL, RECEIVED_AT, native

DECODER = Decoder(new_id=lambda: "made")


def refused(raw: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        DECODER.line(raw, received_at=RECEIVED_AT, source="script")
    return caught.value


def fix(**changes: Any) -> bytes:
    return native("noc.location.fix", {**MINIMAL["noc.location.fix"], **changes})


FIX = native("noc.location.fix")


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        (b"hello", "Invalid JSON"),
        (FIX + FIX, "Invalid JSON"),
        (FIX.replace(b"12.97", b"NaN"), "Invalid JSON"),
        (FIX.replace(b"12.97", b"-Infinity"), "Invalid JSON"),
        (FIX.replace(b'"id"', b'"x":NaN,"id"'), "Invalid JSON"),
        (FIX.replace(b'"id"', b'"x":1e999,"id"'), "Invalid JSON"),
        (FIX.replace(b"e-1", b"\\ud800"), "Invalid JSON"),
        (FIX.replace(b"e-1", b"a\nb"), "Invalid JSON"),
        (FIX.replace(b'"id"', b'"x":' + b"[" * 201 + b"]" * 201 + b',"id"'), "Invalid JSON: recursion"),
        (b'{"type":"noc.sample","data":' + b"[" * 250 + b"]" * 250 + b"}", "Invalid JSON: recursion"),
        (b'{"type":"noc.sample",\n"data":' + b"[" * 300 + b"]" * 300 + b"}", "nested too deeply"),
        (b"1", "an event is a JSON object"),
        (b"null", "an event is a JSON object"),
        (b'"noc.sample"', "an event is a JSON object"),
        (b"[" + FIX + b"]", "an array is a batch"),
        (native("noc.location.fix", data=..., data_base64="aGk="), "data_base64: is not taken"),
        (native("noc.location.fix", data_base64="aGk="), "data_base64: is not taken"),
        (native("noc.location.fix", datacontenttype="text/xml"), "datacontenttype: must be a JSON media type"),
        (native("noc.location.fix", datacontenttype="application/jsonp"), "datacontenttype: must be a JSON"),
    ],
)
def test_not_json(raw: bytes, detail: str) -> None:
    error = refused(raw)
    assert error.code == "not_json"
    assert error.detail.startswith(detail) or detail in error.detail


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("noc.location.fx", "type: nobody knows 'noc.location.fx' (did you mean 'noc.location.fix'"),
        ("noc.punch", "'noc.attendance.punch'"),
        ("NOC.SITE", "; known are noc.site, noc.checkpoint"),
        ("", "; known are"),
        ("x" * 10_000, "xxx…'; known are"),
        ("\x1b[2J", "type: nobody knows '\\\\x1b[2J'; known"),
    ],
)
def test_unknown_type(name: str, detail: str) -> None:
    error = refused(native(name))
    assert error.code == "unknown_type"
    assert detail in error.detail
    assert error.event_id == "e-1"
    assert refused(orjson.dumps({"type": name, "data": {}})).code == "unknown_type"


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (fix(longitude=3), "data.longitude: unknown field"),
        (fix(lonn=3), "data.lonn: unknown field (did you mean 'lon'?)"),
        (fix(removed=True), "data.removed: unknown field"),
        (fix(**{"noc.location.fix": 1}), "data.noc.location.fix: unknown field"),
        (fix(**{"a\x1bb": 1}), "data.a\\x1bb: unknown field"),
        (b'{"type":"noc.sample","dat":{}}', "dat: unknown field (did you mean 'data'"),
        (b'{"type":"noc.sample","data":{},"subject":"x"}', "subject: unknown field"),
        (b'{"id":"7","Type":"noc.sample"}', "Type: unknown field (did you mean 'type'?)"),
    ],
)
def test_unknown_field(raw: bytes, detail: str) -> None:
    error = refused(raw)
    assert error.code == "unknown_field"
    assert error.detail.startswith(detail)


@pytest.mark.parametrize("name", ["id", "source", "data"])
def test_missing_attribute_of_a_native_event(name: str) -> None:
    error = refused(native("noc.location.fix", **{name: ...}))
    assert (error.code, error.detail) == ("missing_field", f"{name}: is required")


@pytest.mark.parametrize("raw", [native("noc.location.fix", type=...), b"{}", b'{"type":null,"data":{}}'])
def test_missing_type(raw: bytes) -> None:
    error = refused(raw)
    assert (error.code, error.detail) == ("missing_field", "type: is required")


def test_plain_event_needs_data() -> None:
    assert refused(b'{"type":"noc.sample"}').detail == "data: is required"


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_each_required_field_of_each_type_is_named_when_missing(event_type: str) -> None:
    required = set()
    for name in MINIMAL[event_type]:
        data = {key: value for key, value in MINIMAL[event_type].items() if key != name}
        error = refused(native(event_type, data))
        assert (error.code, error.detail) == ("missing_field", f"data.{name}: is required")
        required.add(name)
    assert required


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (native("noc.location.fix", specversion="0.3"), "specversion: must be '1.0'"),
        (native("noc.location.fix", specversion=None), "specversion: must be '1.0'"),
        (native("noc.location.fix", id=""), "id: must not be empty"),
        (native("noc.location.fix", id="x" * 129), "id: must have at most 128 characters"),
        (native("noc.location.fix", id=7), "id: must be a string"),
        (native("noc.location.fix", id="a\x00b"), "id: must not contain control characters"),
        (native("noc.location.fix", id="a\x7f"), "id: must not contain control characters"),
        (native("noc.location.fix", id="a\x9b2J"), "id: must not contain control characters"),
        (native("noc.location.fix", id="a\u202eb"), "id: must not contain control characters"),
        (native("noc.location.fix", source=""), "source: must be a URI reference"),
        (native("noc.location.fix", source="a b"), "source: must be a URI reference"),
        (native("noc.location.fix", source="a\tb"), "source: must be a URI reference"),
        (native("noc.location.fix", source="x" * 257), "source: must be a URI reference"),
        (native("noc.location.fix", type=7), "type: must be a string"),
        (native("noc.location.fix", []), "data: must be an object"),
        (native("noc.location.fix", "text"), "data: must be an object"),
        (b'{"type":"noc.sample","data":null}', "data: must be an object"),
        (b'{"id":null,"type":"noc.sample","data":{"metric":"m","value":1}}', "id: must be a string"),
        (fix(lat=90.001), "data.lat: must be at most 90"),
        (fix(lat=-91), "data.lat: must be at least -90"),
        (fix(lat="1"), "data.lat: must be a number"),
        (fix(lat=True), "data.lat: must be a number"),
        (fix(lat=None), "data.lat: must be a number"),
        (fix(person=""), "data.person: must not be empty"),
        (fix(person="\x1b[31m"), "data.person: must not contain control characters"),
        (fix(speed_mps=-1), "data.speed_mps: must be at least 0"),
        (fix(location_mocked=1), "data.location_mocked: must be true or false"),
        (
            native("noc.attendance.punch", {**MINIMAL["noc.attendance.punch"], "direction": "IN"}),
            "data.direction: must be 'in', 'out', 'break_start' or 'break_end'",
        ),
        (
            native("noc.attendance.punch", {**MINIMAL["noc.attendance.punch"], "lat": 1}),
            "data: lat and lon come together",
        ),
        (
            native("noc.checkpoint", {**MINIMAL["noc.checkpoint"], "lon": 1}),
            "data: lat and lon come together",
        ),
        (
            native("noc.phone.event", {"person": "P1", "kind": "stepcount", "steps": 1.5}),
            "data.steps: must be a whole number",
        ),
        (
            native("noc.alert", {**MINIMAL["noc.alert"], "severity": "critical"}),
            "data.severity: must be 'INFO', 'LOW', 'MEDIUM', 'HIGH' or 'CRITICAL'",
        ),
        (
            native("noc.alert", {**MINIMAL["noc.alert"], "labels": {"a": 1}}),
            "data.labels.a: must be a string",
        ),
        (
            native("noc.alert", {**MINIMAL["noc.alert"], "labels": {str(n): "" for n in range(129)}}),
            "data.labels: must have at most 128 items",
        ),
        (
            native("noc.alert", {**MINIMAL["noc.alert"], "entity_id": "a\nb"}),
            "data.entity_id: must not contain control characters",
        ),
        (
            native("noc.site", {**MINIMAL["noc.site"], "timezone": "Mars/Olympus"}),
            "data: 'Mars/Olympus' is not an IANA time zone",
        ),
        (
            native("noc.site", {**MINIMAL["noc.site"], "polygon": [[1, 2], [3, 4]]}),
            "data.polygon: must have at least 3 items",
        ),
        (
            native("noc.person", {**MINIMAL["noc.person"], "sites": "S1"}),
            "data.sites: must be an array",
        ),
        (
            native("noc.site", {"id": "S1", "removed": False}),
            "data.removed: must be true, or left out",
        ),
        (
            native("noc.site", {"id": "", "removed": True}),
            "data.id: must not be empty",
        ),
        (
            native("noc.shift", {**MINIMAL["noc.shift"], "end": "2026-01-01T22:00:00+05:30"}),
            "data: end must be after start",
        ),
        (
            native("noc.shift", {**MINIMAL["noc.shift"], "start": "2026-01-01T22:00:00"}),
            "data: start needs an offset",
        ),
        (
            native("noc.shift", {**MINIMAL["noc.shift"], "start": "yesterday"}),
            "data.start: must be an RFC 3339 time with an offset",
        ),
        (
            native("noc.shift", {**MINIMAL["noc.shift"], "start": 1_700_000_000}),
            "data.start: must be an RFC 3339 time with an offset",
        ),
        (
            native("noc.task", {**MINIMAL["noc.task"], "due_at": "0001-01-01T00:00:00Z"}),
            "data: due_at must lie between 1970 and 9998",
        ),
        (
            native("noc.task", {**MINIMAL["noc.task"], "due_at": "9999-12-31T23:59:59-23:59"}),
            "data: due_at must lie between 1970 and 9998",
        ),
    ],
)
def test_bad_value(raw: bytes, detail: str) -> None:
    error = refused(raw)
    assert error.code == "bad_value"
    assert error.detail.startswith(detail)


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-01T00:00:00",
        "2026-01-01",
        "2026-01-01_00:00:00Z",
        "2026-01-01T00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T23:59:60Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:00+24:00",
        "20260101T000000Z",
        "2026-W01-1T00:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z",
        "1767225600",
        "now",
        "",
        1_767_225_600,
        True,
        "1969-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "1970-01-01T00:00:00+05:00",
    ],
)
def test_bad_time(time: Any) -> None:
    error = refused(native("noc.location.fix", time=time))
    assert error.code == "bad_time"
    assert error.detail.startswith("time: ")
    assert error.event_id == "e-1"


@pytest.mark.parametrize("time", [rfc3339(RECEIVED_AT + 25 * HOUR_MS + 1), "9999-12-31T23:59:59.999-23:59"])
def test_from_the_future(time: str) -> None:
    error = refused(native("noc.location.fix", time=time))
    assert (error.code, error.event_id) == ("from_the_future", "e-1")
    assert "more than 25 h ahead" in error.detail


def test_event_too_large() -> None:
    raw = fix(device="x")
    assert DECODER.line(raw.ljust(65_536) + b"  ", received_at=RECEIVED_AT, source="s").id == "e-1"
    error = refused(native("noc.location.fix", note="x" * 65_536))
    assert (error.code, error.status) == ("event_too_large", 413)
    assert "at most 65536" in error.detail


def test_five_faults_are_named_the_telling_one_first() -> None:
    data = {"lat": 91, "lon": 181, "perso": "P1", "accuracy_m": -1, "speed_mps": -1, "device": "", "x": 1}
    error = refused(native("noc.location.fix", data))
    assert error.code == "unknown_field"
    assert error.detail == (
        "data.perso: unknown field (did you mean 'person'?); data.x: unknown field; data.person: is required; "
        "data.lat: must be at most 90; data.lon: must be at most 180; and 3 more"
    )


def test_very_many_faults_are_counted_only() -> None:
    error = refused(native("noc.location.fix", {f"field-{n}": n for n in range(2_000)}))
    assert (error.code, error.detail) == ("bad_value", "data: 2003 faults, too many to name")


@pytest.mark.parametrize(("event_id", "told"), [("x" * 200, "x" * 128), (7, None), (None, None), (..., None)])
def test_refusal_tells_the_id_where_it_can_be_read(event_id: Any, told: str | None) -> None:
    assert refused(native("noc.location.fix", {}, id=event_id)).event_id == told


def test_refusal_answers_at_its_place() -> None:
    error = refused(fix(lat=99))
    assert error.status == 422
    assert error.at(3) == Rejection(index=3, id="e-1", code="bad_value", detail="data.lat: must be at most 90")
