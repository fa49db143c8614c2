"""From a judgement to a finding: type, severity by margin, evidence, and a sentence to act on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nocd.detect.statistical import SIGNALS, TYPES, reason, severity, statistical
from nocd.domain.baseline import Baseline, Judgement, Level
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS
from nocd.domain.severity import Severity

ABOUT = Baseline(id="phone_events@S1", series="S1", metric="phone_events")
TOLD = Judgement(
    observed=4.0,
    expected=27.4,
    spread=6.7,
    z=-3.5,
    threshold=3.0,
    level=Level.BUCKET,
    effective_n=23.1,
    stable=True,
    borrowed=False,
    span_h=1,
    heads=2.0,
    hour_of_week=6 * 24 + 2,
    start=0,
    usual_low=20.3,
    usual_high=34.8,
    learned=False,
    hour_expected=27.4,
    hour_spread=6.7,
)


def found(told=TOLD, about=ABOUT, **more):
    return statistical(about, told, time=HOUR_MS, site="S1", site_name="Harbour Gate", **more)


def test_the_reason_says_what_was_seen_when_and_what_is_usual():
    assert found().reason == "4 phone events at Harbour Gate between 02 and 03, usual 21–34 on Sunday nights"
    assert found(so_far=True).reason.startswith("4 phone events at Harbour Gate so far between 02 and 03")
    wide = replace(TOLD, span_h=4, level=Level.WEEKPART)
    assert found(wide).reason.endswith("between 23 and 03, usual 21–34 on weekend nights")
    assert reason(ABOUT, replace(TOLD, level=Level.HOUR, hour_of_week=15)).endswith("usual 21–34 on afternoons")
    assert reason(ABOUT, replace(TOLD, level=Level.PEERS, hour_of_week=8)).endswith("on mornings at like sites")


def test_the_evidence_names_what_tuning_and_people_need():
    told = found().evidence
    assert told["baseline"] == "phone_events@S1"
    assert told["level"] == "hour_of_week"
    assert {"metric", "observed", "expected", "spread", "z", "threshold", "hour_of_week", "effective_samples"} <= set(
        told
    )


@pytest.mark.parametrize("metric", SIGNALS)
@pytest.mark.parametrize(("z", "side"), [(-4.0, "BELOW"), (4.0, "ABOVE")])
def test_each_signal_has_its_types_category_and_one_fingerprint_a_side(metric, z, side):
    about = replace(ABOUT, id=f"{metric}@S1", metric=metric)
    first, second = found(replace(TOLD, z=z), about), found(replace(TOLD, z=z, hour_of_week=5), about)
    assert first.type == f"ANOMALY_{metric.upper()}_{side}"
    assert first.type in TYPES
    assert first.category is SIGNALS[metric].category
    assert first.fingerprint == second.fingerprint


def test_sides_metrics_and_sites_are_different_troubles():
    marks = {
        found(replace(TOLD, z=z), replace(ABOUT, id=each, metric="x")).fingerprint for z in (4, -4) for each in "ab"
    }
    assert len(marks) == 4


def test_a_sampled_metric_is_told_as_a_mean_of_its_points():
    about = replace(ABOUT, id="cpu@S1", metric="cpu")
    told = found(replace(TOLD, observed=180.0, usual_low=9.0, usual_high=250.0), about)
    assert told.type == "ANOMALY_SAMPLE_BELOW"
    assert told.category is Category.OPERATIONAL
    assert told.evidence["observed"] == 90.0
    assert told.reason.startswith("cpu at 90 at Harbour Gate between 02 and 03, usual 4.5–125 ")


@pytest.mark.parametrize(
    ("margin", "told"),
    [(0.01, "MEDIUM"), (0.99, "MEDIUM"), (1.0, "HIGH"), (1.99, "HIGH"), (2.0, "CRITICAL"), (9.0, "CRITICAL")],
)
def test_severity_grows_with_the_margin_and_not_on_peers_experience(margin, told):
    assert severity(margin) == told
    assert severity(margin, borrowed=True) is Severity.MEDIUM


def test_what_is_usual_or_not_yet_known_is_no_finding():
    assert found(replace(TOLD, z=-3.0)) is None
    assert found(replace(TOLD, stable=False)) is None
    assert 0 < found(replace(TOLD, borrowed=True)).confidence < found().confidence <= 1
