"""How new a device and an hour are to a person who is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nocd.fraud.novelty import hours_off, novelty
from nocd.fraud.profile import HOURS_DAY, PUNCHES_MIN, Profile, Seen


def seen(hour: int = 6, device: str | None = "PH-1") -> Seen:
    return Seen(part=1, hour=hour, minute=0, weekday=0, site="S1", device=device)


def known(punches: int = PUNCHES_MIN) -> Profile:
    profile = Profile()
    for _ in range(punches):
        profile.add(seen())
    return profile


def test_before_ten_punches_nothing_is_new() -> None:
    assert novelty(known(PUNCHES_MIN - 1), seen(hour=18, device="PH-2")) == {}


def test_a_device_is_the_less_new_the_more_it_is_used() -> None:
    profile = known()
    assert novelty(profile, seen(device="PH-2"))["device_novelty"] == 1.0
    profile.add(seen(device="PH-2"))
    assert novelty(profile, seen(device="PH-2"))["device_novelty"] == 0.5
    assert novelty(profile, seen())["device_novelty"] == 1 / (1 + PUNCHES_MIN)


def test_of_a_punch_without_a_device_none_is_new() -> None:
    told = novelty(known(), seen(device=None))
    assert told == {"device_novelty": None, "hours_off_usual": 0}


def test_an_hour_is_as_far_off_as_the_nearest_usual_one_round_the_clock() -> None:
    profile = known()
    assert [novelty(profile, seen(hour))["hours_off_usual"] for hour in (6, 7, 4, 18, 23)] == [0, 1, 2, 12, 7]


def test_one_punch_of_many_makes_no_hour_usual() -> None:
    profile = known(100)
    profile.add(seen(hour=18))
    assert novelty(profile, seen(hour=18))["hours_off_usual"] == 12


@given(st.lists(st.integers(0, 50), min_size=HOURS_DAY, max_size=HOURS_DAY), st.integers(0, HOURS_DAY - 1))
def test_no_hour_is_further_off_than_half_a_day(hours: list[int], hour: int) -> None:
    off = hours_off(hours, hour)
    assert 0 <= off <= HOURS_DAY // 2
    assert hours_off([*hours[1:], hours[0]], (hour - 1) % HOURS_DAY) == off
