from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.event import Event
from nocd.domain.instant import MINUTE_MS, rfc3339
from nocd.domain.observation import RESOLVE_TIMEOUT_MAX_S, OutsideAlert
from nocd.domain.severity import Severity
from nocd.ingest.decode import Decoder
from nocd.ingest.pagerduty import NotAnEvent, routing_key, to_page
from tests.unit.ingest.examples import RECEIVED_AT

PAYLOAD = {
    "summary": "Disk of the recorder is full",
    "source": "nvr-3.example",
    "severity": "error",
    "timestamp": rfc3339(RECEIVED_AT - MINUTE_MS),
    "component": "recorder",
    "group": "cameras",
    "class": "disk",
    "custom_details": {"free": "0 %", "load": 0.75, "site": "NTH-04", "tags": ["a", "b"], "none": None},
}
TRIGGER: dict[str, Any] = {
    "routing_key": "noc_secret",
    "event_action": "trigger",
    "dedup_key": "nvr-3/disk",
    "client": "Zabbix",
    "client_url": "https://zabbix.example",
    "links": [{"href": "https://wiki.example/disk", "text": "What to do"}],
    "images": [{"src": "https://zabbix.example/graph.png"}],
    "payload": PAYLOAD,
}


def posted(told: Any, received_at: int = RECEIVED_AT) -> Event:
    raw = told if isinstance(told, bytes) else orjson.dumps(told)
    page = to_page(raw, received_at=received_at, sender="zabbix", new_key=lambda: "made")
    event = Decoder(new_id=lambda: "never").line(page.raw, received_at=received_at, source="token")
    assert isinstance(event.data, OutsideAlert)
    assert event.data.dedup_key == page.dedup_key
    return event


def test_a_trigger_is_a_firing_alert() -> None:
    event = posted(TRIGGER)
    assert (event.source, event.type, event.time) == ("/pagerduty/zabbix", "noc.alert", RECEIVED_AT)
    assert event.data == OutsideAlert(
        alert_type="disk",
        severity=Severity.HIGH,
        status="firing",
        message="Disk of the recorder is full",
        entity_type="source",
        entity_id="nvr-3.example",
        site="NTH-04",
        labels={
            "free": "0 %",
            "load": "0.75",
            "site": "NTH-04",
            "tags": '["a","b"]',
            "component": "recorder",
            "group": "cameras",
            "class": "disk",
            "source": "nvr-3.example",
            "client": "Zabbix",
            "client_url": "https://zabbix.example",
            "links": '[{"href":"https://wiki.example/disk","text":"What to do"}]',
        },
        dedup_key="nvr-3/disk",
        resolve_timeout_s=RESOLVE_TIMEOUT_MAX_S,
    )
    assert orjson.loads(event.body)["startsat"] == PAYLOAD["timestamp"]
    assert b"noc_secret" not in event.body


@pytest.mark.parametrize(
    ("word", "severity"), [("critical", "CRITICAL"), ("error", "HIGH"), ("warning", "MEDIUM"), ("info", "INFO")]
)
def test_each_severity_is_one_of_ours(word: str, severity: str) -> None:
    assert posted({**TRIGGER, "payload": {**PAYLOAD, "severity": word}}).data.severity == severity  # type: ignore[union-attr]  # an alert


@pytest.mark.parametrize(("action", "status"), [("acknowledge", "acknowledged"), ("resolve", "resolved")])
def test_what_follows_needs_its_key_alone(action: str, status: str) -> None:
    data = posted({"event_action": action, "dedup_key": "nvr-3/disk"}).data
    assert isinstance(data, OutsideAlert)
    assert (data.status, data.dedup_key) == (status, "nvr-3/disk")


@pytest.mark.parametrize("key", [None, ...])
def test_a_trigger_without_a_key_gets_one(key: object) -> None:
    told = {name: value for name, value in {**TRIGGER, "dedup_key": key}.items() if value is not ...}
    assert posted(told).data.dedup_key == "made"  # type: ignore[union-attr]  # an alert


@pytest.mark.parametrize(
    ("payload", "name"),
    [({"class": "disk"}, "disk"), ({"custom_details": {"alertname": "Watchdog"}}, "Watchdog"), ({}, "ALERT")],
)
def test_an_alert_is_named_by_its_class_else_by_its_alertname(payload: dict[str, Any], name: str) -> None:
    told = {**TRIGGER, "payload": {"summary": "s", "source": "h", "severity": "info", **payload}}
    assert posted(told).data.alert_type == name  # type: ignore[union-attr]  # an alert


def test_a_trigger_a_resolve_and_a_trigger_are_three_events() -> None:
    resolve = {**TRIGGER, "event_action": "resolve"}
    told = [TRIGGER, resolve, TRIGGER]
    assert len({posted(each, RECEIVED_AT + number).key for number, each in enumerate(told)}) == 3


@pytest.mark.parametrize(
    ("told", "code", "errors"),
    [
        (b"{", "not_json", ["EOF"]),
        (b"[]", "bad_value", ["event_action"]),
        ({}, "missing_field", ["event_action"]),
        ({"event_action": "close", "dedup_key": "x"}, "bad_value", ["event_action"]),
        ({"event_action": "resolve"}, "missing_field", ["dedup_key"]),
        ({"event_action": "resolve", "dedup_key": ""}, "bad_value", ["dedup_key"]),
        ({"event_action": "trigger"}, "missing_field", ["payload"]),
        ({"event_action": "trigger", "payload": []}, "bad_value", ["payload"]),
        ({**TRIGGER, "dedup_key": "x" * 256}, "bad_value", ["dedup_key"]),
        ({**TRIGGER, "dedup_key": "a\nb"}, "bad_value", ["dedup_key"]),
        (
            {"event_action": "trigger", "payload": {"source": " ", "severity": "bad"}},
            "missing_field",
            ["payload.summary", "payload.source", "payload.severity"],
        ),
    ],
)
def test_a_fault_is_named_by_its_field(told: Any, code: str, errors: list[str]) -> None:
    with pytest.raises(NotAnEvent) as refused:
        posted(told)
    assert refused.value.code == code
    assert len(refused.value.errors) == len(errors)
    for sentence, start in zip(refused.value.errors, errors, strict=True):
        assert start in sentence


@pytest.mark.parametrize(
    ("body", "key"),
    [(b'{"routing_key":"noc_x"}', "noc_x"), (b'{"routing_key":7}', None), (b"[]", None), (b"{", None), (b"", None)],
)
def test_the_routing_key_is_read_whatever_else_is_wrong(body: bytes, key: str | None) -> None:
    assert routing_key(body) == key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=8,
)


@given(
    details=JSON,
    texts=st.fixed_dictionaries({name: st.text() for name in ("summary", "source", "class", "timestamp")}),
    client=JSON,
)
def test_whatever_it_says_is_an_event_or_is_refused(details: Any, texts: dict[str, str], client: Any) -> None:
    payload = {**texts, "severity": "info", "custom_details": details}
    try:
        body = orjson.dumps({**TRIGGER, "client": client, "payload": payload})
    except orjson.JSONEncodeError:
        return
    with suppress(NotAnEvent):
        posted(body)
