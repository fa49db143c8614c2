from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from nocd.domain.event import Event
from nocd.domain.instant import DAY_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import OutsideAlert
from nocd.domain.severity import Severity
from nocd.errors import InputError, TooLarge
from nocd.ingest.alertmanager import ALERTS_MAX, to_lines
from nocd.ingest.bodies import Line
from nocd.ingest.decode import Decoder
from nocd.ingest.foreign import LABELS_BYTES_MAX
from nocd.wire.views import Rejection
from tests.unit.ingest.examples import RECEIVED_AT

REAL = Path(__file__).parents[4] / "shared" / "data" / "alertmanager" / "webhook_payloads.json"
STARTED = rfc3339(RECEIVED_AT - 10 * MINUTE_MS)
ENDED = rfc3339(RECEIVED_AT - MINUTE_MS)
GO_ZERO = "0001-01-01T00:00:00Z"


def alert(**changes: Any) -> dict[str, Any]:
    found = {
        "status": "firing",
        "labels": {"alertname": "CameraDown", "instance": "cam-4:80", "severity": "critical"},
        "annotations": {"summary": "Camera 4 is down", "description": "It has not answered for 5 minutes"},
        "startsAt": STARTED,
        "endsAt": GO_ZERO,
        "fingerprint": "fbab788ec4c1018b",
    }
    return {name: value for name, value in {**found, **changes}.items() if value is not ...}


def labelled(**labels: Any) -> dict[str, Any]:
    return alert(labels={"alertname": "CameraDown", **labels})


def body(*alerts: Any, **changes: Any) -> bytes:
    return orjson.dumps({"version": "4", "receiver": "noc", "status": "firing", "alerts": list(alerts), **changes})


def events(raw: bytes, received_at: int = RECEIVED_AT) -> list[Event]:
    decoder = Decoder(new_id=lambda: "never")
    found = []
    for item in to_lines(raw, received_at=received_at):
        assert isinstance(item, Line), item
        found.append(decoder.line(item.raw, received_at=received_at, source="token"))
    return found


def one(raw: bytes) -> OutsideAlert:
    (event,) = events(raw)
    assert isinstance(event.data, OutsideAlert)
    return event.data


def test_every_real_body_passes() -> None:
    if not REAL.exists():
        pytest.skip(f"third-party data is not here: {REAL}")
    payloads = [entry["payload"] for entry in orjson.loads(REAL.read_bytes())]
    assert len(payloads) == 7
    for payload in payloads:
        found = events(orjson.dumps(payload))
        assert len(found) == len(payload["alerts"])
        assert len({event.key for event in found}) == len(found)
        for event, sent in zip(found, payload["alerts"], strict=True):
            assert isinstance(event.data, OutsideAlert)
            assert event.data.alert_type == sent["labels"]["alertname"]
            assert event.data.status == sent["status"]
            assert event.data.labels == sent["labels"]
            assert event.data.entity_id
            assert event.data.message


def test_firing_alert_is_mapped() -> None:
    (event,) = events(body(alert()))
    assert event.id == f"fbab788ec4c1018b:{STARTED}:firing:{RECEIVED_AT // MINUTE_MS}"
    assert (event.source, event.type, event.time) == ("/alertmanager/noc", "noc.alert", RECEIVED_AT)
    assert event.data == OutsideAlert(
        alert_type="CameraDown",
        severity=Severity.CRITICAL,
        status="firing",
        message="Camera 4 is down",
        entity_type="instance",
        entity_id="cam-4:80",
        labels={"alertname": "CameraDown", "instance": "cam-4:80", "severity": "critical"},
        dedup_key="fbab788ec4c1018b",
    )
    assert orjson.loads(event.body)["startsat"] == STARTED


@pytest.mark.parametrize(
    ("ends_in_ms", "timeout_s"), [(-1, None), (0, None), (1, 60), (240_001, 241), (30 * DAY_MS, 604_800)]
)
def test_a_firing_alert_may_be_quiet_until_the_end_it_names(ends_in_ms: int, timeout_s: int | None) -> None:
    assert one(body(alert(endsAt=rfc3339(RECEIVED_AT + ends_in_ms)))).resolve_timeout_s == timeout_s
    ended = alert(status="resolved", endsAt=rfc3339(RECEIVED_AT + ends_in_ms))
    assert one(body(ended)).resolve_timeout_s is None


def test_resolved_alert_ends_at_its_receipt_and_its_repeat_is_a_duplicate() -> None:
    resolved = body(alert(status="resolved", endsAt=ENDED))
    (event,) = events(resolved)
    (again,) = events(resolved, RECEIVED_AT + 5 * MINUTE_MS)
    assert event.time == RECEIVED_AT  # not before the last repeat, which counts from its receipt too
    assert orjson.loads(event.body)["endsat"] == ENDED
    assert event.key == again.key
    assert event.id == f"fbab788ec4c1018b:{STARTED}:resolved"


def test_repeat_of_a_firing_alert_is_new_after_a_minute_only() -> None:
    first, retried, renewed = (events(body(alert()), RECEIVED_AT + ms)[0] for ms in (0, 30_000, MINUTE_MS))
    assert first.key == retried.key
    assert first.key != renewed.key
    assert renewed.time == RECEIVED_AT + MINUTE_MS


@pytest.mark.parametrize(
    ("starts", "ahead_ms"),
    [
        (rfc3339(RECEIVED_AT + 60_000), 60_000),
        (rfc3339(RECEIVED_AT + DAY_MS + 1), 0),
        (GO_ZERO, 0),
        (None, 0),
        ("x", 0),
    ],
)
def test_firing_time_is_never_before_a_believable_start(starts: Any, ahead_ms: int) -> None:
    assert events(body(alert(startsAt=starts)))[0].time == RECEIVED_AT + ahead_ms


@pytest.mark.parametrize("ends", [GO_ZERO, ..., None, 7, "soon"])
def test_an_end_that_is_none_is_not_kept(ends: Any) -> None:
    assert "endsat" not in orjson.loads(events(body(alert(status="resolved", endsAt=ends)))[0].body)


def test_resolved_alert_without_any_time_is_told_apart_by_its_minute() -> None:
    (event,) = events(body(alert(status="resolved", startsAt=..., endsAt=...)))
    assert event.id == f"fbab788ec4c1018b:resolved:{RECEIVED_AT // MINUTE_MS}"
    (event,) = events(body(alert(status="resolved", startsAt=..., endsAt=ENDED)))
    assert event.id == f"fbab788ec4c1018b:{ENDED}:resolved"


@pytest.mark.parametrize(
    ("labels", "entity"),
    [
        ({"instance": "a:1", "host": "b", "job": "c"}, ("instance", "a:1")),
        ({"host": "b", "job": "c"}, ("host", "b")),
        ({"pod": "p-1", "instance": "scraper:80", "namespace": "n"}, ("pod", "p-1")),
        ({"deployment": "web", "instance": "scraper:80"}, ("deployment", "web")),
        ({"job": "backup"}, ("job", "backup")),
        ({"instance": "", "job": "c"}, ("job", "c")),
        ({"instance": "a\x1b[2J\nb"}, ("instance", "a [2J b")),
        ({"instance": 7}, ("instance", "7")),
        ({"host": "x" * 300}, ("host", "x" * 256)),
        ({}, ("alert", "CameraDown")),
    ],
)
def test_entity_is_the_narrowest_thing_the_labels_name(labels: dict[str, Any], entity: tuple[str, str]) -> None:
    data = one(body(labelled(**labels)))
    assert (data.entity_type, data.entity_id) == entity


@pytest.mark.parametrize(
    ("labels", "site", "person"),
    [
        ({"site": "S1", "person": "P1"}, "S1", "P1"),
        ({"site": " S1 "}, "S1", None),
        ({"site": "", "person": "x" * 129}, None, None),
        ({"site": "a\nb"}, None, None),
    ],
)
def test_site_and_person_come_from_labels_that_can_be_ids(
    labels: dict[str, str], site: str | None, person: str | None
) -> None:
    data = one(body(labelled(**labels)))
    assert (data.site, data.person) == (site, person)


@pytest.mark.parametrize(
    ("sent", "severity"),
    [
        (labelled(severity="Warning"), Severity.MEDIUM),
        (labelled(severity=" PAGE "), Severity.CRITICAL),
        (labelled(severity="none"), Severity.INFO),
        (labelled(severity="odd"), Severity.MEDIUM),
        (alert(labels={"alertname": "A"}, annotations={"severity": "major"}), Severity.HIGH),
        (labelled(), Severity.MEDIUM),
    ],
)
def test_severity_is_found_and_translated(sent: dict[str, Any], severity: Severity) -> None:
    assert one(body(sent)).severity is severity


@pytest.mark.parametrize(
    ("changes", "shared", "message"),
    [
        ({"annotations": {"description": "d", "title": "t"}}, {}, "d"),
        ({"annotations": {"message": "m"}}, {}, "m"),
        ({"annotations": None, "labels": {"alertname": "A", "summary": "s"}}, {}, "s"),
        ({"annotations": {}}, {"commonAnnotations": {"summary": "common"}}, "common"),
        ({"annotations": {"summary": "  "}}, {"message": "Grafana says"}, "Grafana says"),
        ({"annotations": 7}, {}, "CameraDown"),
        ({"annotations": {"summary": "x" * 5_000}}, {}, "x" * 4_000),
        ({"annotations": {"summary": {"nested": [1]}}}, {}, '{"nested":[1]}'),
    ],
)
def test_message_is_the_first_sentence_found(changes: dict[str, Any], shared: dict[str, Any], message: str) -> None:
    assert one(body(alert(**changes), **shared)).message == message


@pytest.mark.parametrize(
    ("labels", "shared", "alert_type"),
    [
        ({"alertname": "x" * 200}, {}, "x" * 128),
        ({"alertname": "a\nb"}, {}, "a b"),
        ({}, {"commonLabels": {"alertname": "Common"}}, "Common"),
        ({}, {"groupLabels": {"alertname": "Group"}}, "Group"),
        ({}, {"commonLabels": 7}, "ALERT"),
    ],
)
def test_alert_has_a_type_whatever_is_missing(labels: Any, shared: dict[str, Any], alert_type: str) -> None:
    assert one(body(alert(labels=labels), **shared)).alert_type == alert_type


@pytest.mark.parametrize(
    ("word", "whole", "status"),
    [
        ("FIRING", "resolved", "firing"),
        ("alerting", "resolved", "firing"),
        ("ok", "firing", "resolved"),
        ("normal", "firing", "resolved"),
        (None, "resolved", "resolved"),
        (..., "resolved", "resolved"),
        (..., None, "firing"),
    ],
)
def test_status_is_each_alerts_own(word: Any, whole: str | None, status: str) -> None:
    assert one(body(alert(status=word), status=whole)).status == status


@pytest.mark.parametrize("given", [..., None, "", " ", "a\nb"])
def test_fingerprint_is_a_digest_of_the_labels_where_none_is_given(given: Any) -> None:
    first = one(body(alert(fingerprint=given, labels={"alertname": "A", "b": "1"})))
    again = one(body(alert(fingerprint=given, labels={"b": "1", "alertname": "A"})))
    other = one(body(alert(fingerprint=given, labels={"b": "2", "alertname": "A"})))
    assert first.dedup_key == again.dedup_key
    assert first.dedup_key != other.dedup_key
    assert len(first.dedup_key or "") == 16


def test_long_fingerprints_are_digested() -> None:
    assert len(one(body(alert(fingerprint="f" * 500))).dedup_key or "") == 16
    assert one(body(alert(fingerprint=17))).dedup_key == "17"


@pytest.mark.parametrize(
    ("receiver", "source"),
    [
        ("web\\.hook", "/alertmanager/web%5C.hook"),
        ("a b/ü", "/alertmanager/a%20b%2F%C3%BC"),
        ("", "/alertmanager"),
        (None, "/alertmanager"),
    ],
)
def test_source_is_the_receiver(receiver: Any, source: str) -> None:
    assert events(body(alert(), receiver=receiver))[0].source == source


def test_long_receivers_are_digested() -> None:
    assert len(events(body(alert(), receiver="é" * 100))[0].source) == len("/alertmanager/") + 16


def test_labels_become_text() -> None:
    sent = {"alertname": "A", "n": 1, "f": 1.5, "b": True, "none": None, "list": [1, "a"], "": "dropped"}
    assert one(body(alert(labels=sent))).labels == {
        "alertname": "A",
        "n": "1",
        "f": "1.5",
        "b": "true",
        "none": "",
        "list": '[1,"a"]',
    }


def test_label_nested_past_reading_is_empty() -> None:
    raw = body(labelled(deep="DEEP")).replace(b'"DEEP"', b"[" * 300 + b"]" * 300)
    assert one(raw).labels["deep"] == ""


@pytest.mark.parametrize("character", ["x", "\x01", "😀"])
def test_labels_are_bounded_so_that_the_event_fits(character: str) -> None:
    many = {f"{n}{character * 250}": character * 5_000 for n in range(500)}
    sent = alert(labels={"alertname": character * 500, **many}, annotations={"summary": character * 9_000})
    (event,) = events(body(sent, receiver=character * 500))
    assert len(event.body) <= 65_536
    small = one(body(labelled(**{f"l{n}": "v" for n in range(500)})))
    assert len(small.labels) == 128
    assert isinstance(event.data, OutsideAlert)
    assert len(orjson.dumps(event.data.labels)) <= LABELS_BYTES_MAX + 1_000


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (alert(labels=...), "missing_field"),
        (alert(labels=None), "missing_field"),
        (alert(labels=["a"]), "bad_value"),
        (alert(status="melting"), "bad_value"),
        (alert(status={"a": 1}), "bad_value"),
        (7, "bad_value"),
        (None, "bad_value"),
        ([], "bad_value"),
    ],
)
def test_alert_that_cannot_be_read_is_refused_alone(bad: Any, code: str) -> None:
    first, second, third = to_lines(body(alert(), bad, alert()), received_at=RECEIVED_AT)
    assert isinstance(first, Line)
    assert isinstance(second, Rejection)
    assert (second.index, second.code) == (1, code)
    assert isinstance(third, Line)
    assert third.index == 2


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b"[]", "not_json"),
        (b'{"alerts":NaN}', "not_json"),
        (b"{}", "missing_field"),
        (b'{"alerts":{}}', "bad_value"),
    ],
)
def test_body_that_is_no_webhook_is_refused_whole(raw: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        to_lines(raw, received_at=RECEIVED_AT)
    assert caught.value.code == code


def test_number_of_alerts_is_bounded() -> None:
    assert len(list(to_lines(body(*[7] * ALERTS_MAX), received_at=RECEIVED_AT))) == ALERTS_MAX
    with pytest.raises(TooLarge) as caught:
        to_lines(body(*[7] * (ALERTS_MAX + 1)), received_at=RECEIVED_AT)
    assert caught.value.code == "batch_too_large"
