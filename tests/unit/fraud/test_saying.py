"""What a model said, in words with units and what is usual."""

from __future__ import annotations

import pytest

from nocd.domain.prediction import Alike, Moved
from nocd.fraud.features import NAMES
from nocd.fraud.saying import of_alike, words


def moved(feature: str, value: float | None, usual: tuple[float, float] | None = None) -> Moved:
    return Moved(feature=feature, value=value, usual=usual, raises=True, share=0.5, strength=5)


@pytest.mark.parametrize(
    ("feature", "value", "usual", "said"),
    [
        ("gps_drift_m", 1_930.0, (0.0, 60.0), "from the middle of the site: 1.9 km; usual 0 m to 60 m"),
        ("hour_of_day", 3.0, (6.0, 20.0), "hour of the day: 03:00; usual 06:00 to 20:00"),
        ("day_of_week", 6.0, None, "day of the week: Sunday"),
        ("is_weekend", 1.0, (0.0, 0.0), "at a weekend: yes; usual no"),
        ("face_confidence", 0.41, (0.8, 0.97), "match of the face: 0.41; usual 0.80 to 0.97"),
        ("late_arrival_rate", 0.5, (0.0, 0.1), "share of late arrivals in a month: 50%; usual 0% to 10%"),
        ("seconds_since_last_punch", 41.0, (3_600.0, 86_400.0), "since the punch before: 41 s; usual 1.0 h to 24.0 h"),
        ("seconds_since_last_punch", 600.0, None, "since the punch before: 10 min"),
        ("checkin_frequency_z", -2.0, None, "punches here in a month against colleagues: -2.0 deviations"),
        ("gps_drift_m", None, (0.0, 60.0), "from the middle of the site: not known"),
        ("some_other_thing", 12_000.0, None, "some other thing: 12,000"),
    ],
)
def test_a_feature_is_told_with_its_unit_and_what_is_usual(
    feature: str, value: float | None, usual: tuple[float, float] | None, said: str
) -> None:
    assert words(moved(feature, value, usual)) == said


@pytest.mark.parametrize("feature", NAMES)
def test_every_feature_has_words_of_its_own(feature: str) -> None:
    assert not words(moved(feature, 1.0)).startswith(feature.replace("_", " ") + ":")


def test_what_became_of_such_scores_comes_with_its_bounds() -> None:
    assert of_alike(Alike(rows=43, share=0.88, low=0.77, high=0.94)) == "of 43 such scores 88% were fraud (77% to 94%)"
    assert of_alike(None) == of_alike(Alike(rows=0, share=None, low=None, high=None)) == "not calibrated"
