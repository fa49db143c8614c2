"""The features' names, order, blanks and digest."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan, nan

from nocd.fraud.features import FEATURES, NAMES, digest, vector, widened


def test_there_are_fourteen_features_in_their_order() -> None:
    assert (
        *("hour_of_day", "day_of_week", "is_weekend", "is_holiday", "gps_drift_m", "location_consistency"),
        *("checkin_frequency_z", "late_arrival_rate", "weekend_work_rate", "face_confidence"),
        *("biometric_mismatches_30d", "seconds_since_last_punch", "device_novelty", "hours_off_usual"),
    ) == NAMES


def test_the_defaults_are_those_for_nobody_known() -> None:
    assert [feature.default for feature in FEATURES] == [8, 0, 0, 0, 0, 0.5, 0, 0, 0, 0.5, 0, 86_400, 0, 0]


def test_only_known_signs_bind_the_model() -> None:
    signs = {feature.name: feature.sign for feature in FEATURES if feature.sign}
    up = {"gps_drift_m": 1, "biometric_mismatches_30d": 1, "device_novelty": 1, "hours_off_usual": 1}
    assert signs == {**up, "face_confidence": -1}


def test_a_missing_value_is_its_default_unless_that_would_lie() -> None:
    blank = dict(zip(NAMES, vector({}), strict=True))
    assert blank["location_consistency"] == 0.5
    assert blank["seconds_since_last_punch"] == 86_400
    assert {name for name, value in blank.items() if isnan(value)} == {
        *("gps_drift_m", "late_arrival_rate", "weekend_work_rate", "face_confidence"),
        *("device_novelty", "hours_off_usual"),
    }


def test_no_number_is_no_value() -> None:
    for nothing in (None, nan, inf, -inf):
        assert isnan(vector({"gps_drift_m": nothing})[4])


def test_values_take_their_places_whatever_their_order() -> None:
    values = {name: float(at) for at, name in reversed(list(enumerate(NAMES)))}
    assert vector(values) == tuple(range(len(NAMES)))


def test_the_digest_is_other_for_any_other_schema() -> None:
    first = FEATURES[4]
    others = [
        FEATURES[:-1],
        FEATURES[::-1],
        *((replace(first, **change), *FEATURES[1:]) for change in ({"name": "x"}, {"sign": 0}, {"default": 1.0})),
        (replace(first, stays_missing=False), *FEATURES[1:]),
    ]
    assert len({digest(), *map(digest, others)}) == len(others) + 1
    assert digest() == digest(FEATURES)


def test_a_vector_of_an_earlier_version_is_blank_where_it_knew_nothing_yet() -> None:
    former = [*(float(at) for at in range(11)), None]
    told = widened(former)
    assert (told[:11], len(told)) == (tuple(former[:11]), len(NAMES))
    assert all(isnan(value) for value in told[11:])
