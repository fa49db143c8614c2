"""A smallest and a fullest valid example of every event type, and lines made of them, for any test."""

from __future__ import annotations

from typing import Any

import orjson

RECEIVED_AT = 1_767_225_600_000  # 2026-01-01T00:00:00Z
TIME = "2026-01-01T00:00:00Z"

MINIMAL: dict[str, dict[str, Any]] = {
    "noc.site": {"id": "S1", "name": "North Gate", "timezone": "Asia/Kolkata"},
    "noc.checkpoint": {"id": "C1", "site": "S1"},
    "noc.person": {"id": "P1", "name": "Asha Rao"},
    "noc.shift": {
        "id": "SH1",
        "site": "S1",
        "person": "P1",
        "start": "2026-01-01T22:00:00+05:30",
        "end": "2026-01-02T06:00:00+05:30",
    },
    "noc.tour": {"id": "T1", "site": "S1", "planned_start": "2026-01-01T23:00:00Z"},
    "noc.task": {"id": "K1", "site": "S1", "created_at": "2026-01-01T00:00:00Z"},
    "noc.device": {"id": "D1"},
    "noc.attendance.punch": {"person": "P1", "site": "S1", "direction": "in", "method": "FACE"},
    "noc.biometric.check": {"person": "P1", "site": "S1", "method": "FINGERPRINT", "confidence": 0.9, "verified": True},
    "noc.location.fix": {"person": "P1", "lat": 12.97, "lon": 77.59},
    "noc.phone.event": {"person": "P1", "kind": "panic"},
    "noc.tour.scan": {"tour": "T1", "checkpoint": "C1", "person": "P1", "site": "S1", "scan": "NFC"},
    "noc.task.done": {"task": "K1", "person": "P1", "site": "S1"},
    "noc.device.health": {"device": "D1"},
    "noc.report": {"report": "R1", "kind": "DAILY"},
    "noc.sample": {"metric": "queue_length", "value": 3},
    "noc.alert": {
        "alert_type": "CameraDown",
        "severity": "HIGH",
        "status": "firing",
        "message": "Camera 4 does not answer",
        "entity_type": "camera",
        "entity_id": "cam-4",
    },
}

FULL: dict[str, dict[str, Any]] = {
    "noc.site": {
        **MINIMAL["noc.site"],
        "client": "Acme",
        "lat": 12.97,
        "lon": 77.59,
        "radius_m": 350.5,
        "polygon": [[12.9, 77.5], [12.9, 77.6], [13.0, 77.55]],
        "hysteresis_m": 5,
        "tier": 1,
        "required_guards": 4,
        "country": "IN",
        "region": "KA",
        "open_24h": False,
        "opening_hours": "Mon-Sat 08:00-20:00",
        "business_hours": "Mon-Fri 09:00-18:00",
        "supervisor": "P9",
        "manager": "P10",
        "contacts": ["+91 80 1234", "night desk"],
    },
    "noc.checkpoint": {**MINIMAL["noc.checkpoint"], "name": "Gate 2", "lat": 12.97, "lon": 77.59, "tag": "04:A2:F1"},
    "noc.person": {**MINIMAL["noc.person"], "sites": ["S1", "S2"], "role": "guard", "active": False, "phone": "+91 1"},
    "noc.shift": {
        **MINIMAL["noc.shift"],
        "post": "gate",
        "critical": True,
        "substitute_for": "P2",
        "on_call": True,
        "static_post": True,
    },
    "noc.tour": {
        **MINIMAL["noc.tour"],
        "checkpoints": ["C1", "C2"],
        "person": "P1",
        "kind": "PERIMETER",
        "mandatory": False,
        "ordered": True,
        "grace_minutes": 15,
        "planned_end": "2026-01-02T00:00:00Z",
        "cancelled": True,
        "closed_at": "2026-01-02T00:10:00Z",
    },
    "noc.task": {
        **MINIMAL["noc.task"],
        "person": "P1",
        "priority": "CRITICAL",
        "due_at": "2026-01-01T06:00:00Z",
        "completed_at": "2026-01-01T05:00:00Z",
    },
    "noc.device": {**MINIMAL["noc.device"], "person": "P1", "kind": "terminal", "site": "S1"},
    "noc.attendance.punch": {
        **MINIMAL["noc.attendance.punch"],
        "photo": "s3://photos/1.jpg",
        "lat": 12.97,
        "lon": 77.59,
        "accuracy_m": 12.5,
        "location_mocked": False,
        "device": "D1",
        "match_distance": 0.31,
        "confidence": 0.97,
        "liveness": 1,
        "verified": True,
        "shift": "SH1",
    },
    "noc.biometric.check": {**MINIMAL["noc.biometric.check"], "device": "D1", "quality": 0.7, "liveness": 0.8},
    "noc.location.fix": {
        **MINIMAL["noc.location.fix"],
        "accuracy_m": 8,
        "speed_mps": 1.4,
        "location_mocked": True,
        "device": "D1",
    },
    "noc.phone.event": {
        "person": "P1",
        "kind": "stepcount",
        "steps": 4200,
        "device": "D1",
        "battery_percent": 81,
        "signal_percent": 60.5,
    },
    "noc.tour.scan": {**MINIMAL["noc.tour.scan"], "lat": 0, "lon": 0, "accuracy_m": 4.5, "device": "D1"},
    "noc.task.done": MINIMAL["noc.task.done"],
    "noc.device.health": {
        "device": "D1",
        "battery_percent": 5,
        "signal_percent": 0,
        "temperature_c": -12.5,
        "online": False,
    },
    "noc.report": {
        **MINIMAL["noc.report"],
        "site": "S1",
        "client": "Acme",
        "due_at": "2026-01-02T00:00:00Z",
        "delivered_at": "2026-01-01T23:00:00Z",
    },
    "noc.sample": {**MINIMAL["noc.sample"], "site": "S1", "entity": "turnstile-2"},
    "noc.alert": {
        **MINIMAL["noc.alert"],
        "site": "S1",
        "person": "P1",
        "labels": {"rack": "12", "note": "два"},
        "dedup_key": "cam-4/down",
        "resolve_timeout_s": 300,
    },
}


def envelope(event_type: str, data: Any = None, **attributes: Any) -> dict[str, Any]:
    """Return a native event (minimal data unless given); an attribute given as `...` is left out."""
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/tests",
        "type": event_type,
        "time": TIME,
        "data": MINIMAL.get(event_type, {}) if data is None else data,
    }
    return {name: value for name, value in {**event, **attributes}.items() if value is not ...}


def native(event_type: str, data: Any = None, **attributes: Any) -> bytes:
    """Return a native event as its line."""
    return orjson.dumps(envelope(event_type, data, **attributes))
