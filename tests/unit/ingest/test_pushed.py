from __future__ import annotations

from typing import Any

import orjson
import pytest

from nocd.domain.event import Event
from nocd.domain.instant import MINUTE_MS, rfc3339
from nocd.domain.observation import OutsideAlert
from nocd.errors import InputError, TooLarge
from nocd.ingest.alertmanager import ALERTS_MAX, pushed_lines
from nocd.ingest.bodies import Line
from nocd.ingest.decode import Decoder
from nocd.wire.views import Rejection
from tests.unit.ingest.examples import RECEIVED_AT

STARTED = rfc3339(RECEIVED_AT - 10 * MINUTE_MS)
ALERT = {
    "labels": {"alertname": "CameraDown", "instance": "cam-4:80", "severity": "warning", "site": "NTH-04"},
    "annotations": {"summary": "Camera 4 is down"},
    "startsAt": STARTED,
    "endsAt": rfc3339(RECEIVED_AT + 4 * MINUTE_MS),
    "generatorURL": "http://prometheus.example/graph?g0.expr=up",
}


def pushed(*alerts: Any, received_at: int = RECEIVED_AT) -> list[Event]:
    lines = list(pushed_lines(orjson.dumps(alerts), received_at=received_at, pusher="prometheus"))
    assert all(isinstance(line, Line) for line in lines), lines
    decoder = Decoder(new_id=lambda: "never")
    raws = [line.raw for line in lines if isinstance(line, Line)]
    return [decoder.line(raw, received_at=received_at, source="token") for raw in raws]


def data(event: Event) -> OutsideAlert:
    assert isinstance(event.data, OutsideAlert)
    return event.data


def test_an_alert_that_ends_ahead_fires_until_then() -> None:
    (event,) = pushed(ALERT)
    assert event.source == "/alertmanager/prometheus"
    assert (data(event).status, data(event).resolve_timeout_s) == ("firing", 240)
    assert (data(event).alert_type, data(event).site, data(event).message) == (
        "CameraDown",
        "NTH-04",
        "Camera 4 is down",
    )
    assert orjson.loads(event.body)["generatorurl"] == ALERT["generatorURL"]


def test_an_alert_without_an_end_fires_for_as_long_as_outside_alerts_do() -> None:
    (event,) = pushed({"labels": {"alertname": "CameraDown"}})
    assert (data(event).status, data(event).resolve_timeout_s) == ("firing", None)


def test_an_alert_whose_end_is_behind_is_over_and_its_repeats_are_one_event() -> None:
    over = {**ALERT, "endsAt": rfc3339(RECEIVED_AT - MINUTE_MS)}
    (event,) = pushed(over)
    (again,) = pushed(over, received_at=RECEIVED_AT + 5 * MINUTE_MS)
    assert data(event).status == "resolved"
    assert event.key == again.key


def test_a_repeat_within_a_minute_is_one_event_and_a_later_one_another_of_the_same_alert() -> None:
    first, soon, later = (
        pushed(ALERT, received_at=at)[0] for at in (RECEIVED_AT, RECEIVED_AT + 1, RECEIVED_AT + 60_000)
    )
    assert first.key == soon.key != later.key
    assert data(first).dedup_key == data(later).dedup_key


def test_labels_alone_make_two_alerts_one() -> None:
    said = {**ALERT, "annotations": {"summary": "Still down"}, "fingerprint": "sent", "status": "resolved"}
    first, second = pushed(ALERT, said)
    assert data(first).dedup_key == data(second).dedup_key
    assert data(second).status == "firing"
    (other,) = pushed({**ALERT, "labels": {"alertname": "CameraDown", "instance": "cam-5:80"}})
    assert data(other).dedup_key != data(first).dedup_key


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"alerts":[]}', b"null", b"7"])
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(InputError) as refused:
        pushed_lines(body, received_at=RECEIVED_AT, pusher="p")
    assert refused.value.code == "not_json"


def test_more_than_it_takes_are_refused_whole_and_one_that_cannot_be_read_by_its_place() -> None:
    with pytest.raises(TooLarge):
        pushed_lines(orjson.dumps([{}] * (ALERTS_MAX + 1)), received_at=RECEIVED_AT, pusher="p")
    items = list(pushed_lines(orjson.dumps([7, ALERT, {"labels": []}]), received_at=RECEIVED_AT, pusher="p"))
    assert [item.index for item in items if isinstance(item, Rejection)] == [0, 2]
