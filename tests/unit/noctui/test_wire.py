"""The console's idea of the wire against the daemon's own models."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from nocd.domain.signal import Metric, Quality
from nocd.wire.changes import CHANGES
from nocd.wire.fraud import JudgeScore
from nocd.wire.requests import COMMANDS
from nocd.wire.telemetry import LevelName, Pin, Rollback, SetThreshold, Simulate
from nocd.wire.views import AlertView, SeverityName, StatusName, VerdictName
from noctui.screens import risk
from noctui.state import feedtext, reduce
from noctui.state.acts import DONE, VERDICTS, body_of
from noctui.state.alert import SEVERITIES, STATES, read_alert
from noctui.state.deeds import NO_VERDICT, judging
from noctui.state.metricrows import quality_words
from noctui.state.score import Score
from noctui.state.scorerows import LABELS
from noctui.state.telemetry import METRICS, Reading, Usual
from noctui.state.threshold import HIGHEST, LOWEST
from noctui.state.week import level_words
from tests.integration.noctui.fake import view
from tests.unit.noctui.story import T0


def test_every_severity_state_and_verdict_of_the_wire_is_known():
    assert set(SEVERITIES) == set(SeverityName.__args__)  # type: ignore[attr-defined] # a Literal holds its values there
    assert set(STATES) == set(StatusName.__args__)  # type: ignore[attr-defined] # as above
    assert set(VERDICTS.values()) == set(VerdictName.__args__)  # type: ignore[attr-defined] # as above


def test_every_change_of_the_wire_has_words_or_is_counted():
    assert set(CHANGES) - {"events_stored"} <= set(feedtext._WORDS)
    assert set(reduce._CHANGES) <= set(CHANGES)


def test_an_alert_view_is_read_field_by_field():
    alert = read_alert(view("A-1", T0, person="P1", acknowledged_by="mara", ticket="NTH-1", fraud_score=0.5))
    assert (alert.id, alert.rank, alert.priority, alert.status) == ("A-1", 1, 50, "open")
    assert (alert.site, alert.site_name, alert.person, alert.who) == ("NTH-04", "Depot North", "P1", "mara")
    assert (alert.case, alert.score, alert.count, alert.opened_at) == ("NTH-1", 0.5, 1, T0)
    assert set(AlertView.model_fields) >= {"ended_unseen", "undo_until", "flapping", "acknowledged_at", "updated_at"}


@pytest.mark.parametrize("verb", sorted(DONE))
def test_what_the_console_asks_is_what_the_daemon_takes(verb: str):
    body = {} if verb == "undo" else body_of(verb, "because")
    if verb == "resolve":
        body["verdict"] = "benign"
    COMMANDS[verb].model_validate(body)
    if verb != "note":
        COMMANDS[verb].model_validate({**body_of(verb, ""), **({"verdict": "benign"} if verb == "resolve" else {})})
    with pytest.raises(ValidationError):
        COMMANDS[verb].model_validate({**body, "sureprise": 1})


def test_every_signal_quality_and_pool_of_the_wire_is_known():
    assert set(METRICS) == {metric.value for metric in Metric}
    shown = {quality: quality_words(Reading(value=0, quality=quality.value)) for quality in Quality}
    assert len({(value[0], word[0]) for value, word in shown.values()}) == len(Quality)
    levels = [level_words(Usual(hour_of_week=0, level=name)) for name in LevelName.__args__]  # type: ignore[attr-defined] # a Literal holds its values there
    assert levels == ["hour of week", "hour of weekday", "hour of day", "sites like it"]


def test_what_the_console_asks_of_a_baseline_is_what_the_daemon_takes():
    Simulate.model_validate({"threshold": LOWEST, "days": 30})
    SetThreshold.model_validate({"threshold": HIGHEST, **body_of("threshold", "calmer")})
    Pin.model_validate({"pinned": False, **body_of("pin", "")})
    Rollback.model_validate(body_of("rollback", "why"))
    for wrong in (LOWEST - 0.01, HIGHEST + 0.01):
        with pytest.raises(ValidationError):
            SetThreshold.model_validate({"threshold": wrong})


def test_every_verdict_on_a_score_is_one_that_the_daemon_takes():
    assert set(risk.VERDICTS.values()) <= set(LABELS)
    assert set(LABELS) == set(VerdictName.__args__)  # type: ignore[attr-defined] # a Literal holds its values there
    for verdict in (*risk.VERDICTS.values(), NO_VERDICT):
        JudgeScore.model_validate(judging(Score(id="FS-1"), verdict, "seen on camera").body)
