"""Habits as people read them: words with units, and the counts behind them."""

from __future__ import annotations

from typing import Any

from nocd.fraud.portrait import portrait
from nocd.fraud.profile import PART_MS, PARTS_MAX, Profile, Seen

NAMES = {"S1": "North Gate", "S2": "Docks"}


def drawn(*punches: dict[str, Any], at: int = PART_MS) -> dict[str, Any]:
    """Return the portrait of whoever punched so, ten times each."""
    profile = Profile()
    for each in punches:
        for _ in range(10):
            profile.add(Seen(**{"part": 1, "hour": 6, "minute": 0, "weekday": 0, "site": "S1", **each}))
    before = [*profile.counts]
    told = portrait(profile, at=at, site_name=NAMES.get)
    assert profile.counts == before
    return told


def test_what_is_usual_is_told_in_words_with_units() -> None:
    told = drawn(
        {"device": "D-1", "distance_m": 40.0, "late_minutes": 3.0, "match": 0.9},
        {"hour": 22, "weekday": 4, "site": "S2", "device": "D-2", "distance_m": 9_000.0, "late_minutes": 90.0},
    )
    assert told["words"] == [
        "20 punches in 90 days",
        "usual at 06-07 and 22-23",
        "usual on Monday and Friday",
        "usual at North Gate and Docks",
        "usual with D-1 and D-2",
        "usual beyond 2.0 km from the middle of the site",
        "usual beyond 40 min after the start of a shift",
        "50% at night, from 22:00 to 06:00",
        "face, finger or iris matched to 90% in the mean",
    ]
    assert (told["matches"], told["match_mean"], told["night_share"]) == (10, 0.9, 0.5)
    assert [each for each in told["distances"] if each["punches"]] == [
        {"upto_m": 60, "punches": 10},
        {"upto_m": None, "punches": 10},
    ]
    assert told["delays"][0] == {"upto_minutes": 5, "punches": 10}


def test_what_is_near_and_in_time_is_told_up_to_where() -> None:
    words = drawn({"distance_m": 40.0, "late_minutes": -3.0})["words"]
    assert "usual up to 60 m from the middle of the site" in words
    assert "usual up to 5 min after the start of a shift" in words


def test_of_what_is_never_told_nothing_is_said() -> None:
    told = drawn({})
    assert told["words"][-1] == "0% at night, from 22:00 to 06:00"
    assert len(told["words"]) == 5
    assert (told["devices"], told["match_mean"]) == ([], None)


def test_long_lists_are_cut() -> None:
    told = drawn(*({"weekday": day} for day in range(6)), *({"site": f"G{number}"} for number in range(4)))
    assert told["words"][2] == "usual on Monday, Tuesday, Wednesday and 2 more"
    assert len(told["sites"]) == 5
    assert told["sites"][1] == {"site": "G0", "site_name": "G0", "punches": 10}


def test_a_season_later_nothing_is_known_any_more() -> None:
    told = drawn({}, at=PART_MS * (1 + PARTS_MAX))
    assert (told["punches"], told["hours"], told["night_share"]) == (0, [0] * 24, None)
    assert told["words"] == [told["not_judged"]]
    assert portrait(None, at=0, site_name=NAMES.get)["punches"] == 0
