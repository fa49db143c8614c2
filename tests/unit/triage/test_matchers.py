"""What a silence is about: fields and labels, equal or like, and patterns that cannot be slow."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from nocd.domain.silence import PATTERN_CHARS_MAX, Matcher
from nocd.triage.matchers import meets, vague, value_of
from nocd.wire.pattern import whole
from tests.build import engine, firing
from tests.build_hiding import alert, matcher, silence, stands

if TYPE_CHECKING:
    from nocd.domain.alert import Alert


def camera(**more: Any) -> Alert:
    made = engine()
    made.fold([firing(person="P1", labels={"team": "north", "site": "rack 4", "label.x": "y"}, **more)])
    return alert(made)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "Camera"),
        ("site", "S1"),
        ("person", "P1"),
        ("severity", "HIGH"),
        ("category", "OPERATIONAL"),
        ("source", "/t"),
        ("entity", "cam-7"),
        ("fingerprint", "outside|Camera|S1|P1"),
        ("team", "north"),
        ("label.team", "north"),
        ("label.site", "rack 4"),
        ("no such label", ""),
    ],
)
def test_a_name_is_a_field_of_the_alert_else_a_label(name: str, value: str) -> None:
    assert value_of(name, camera()) == value


@pytest.mark.parametrize(
    ("text", "value", "met"),
    [
        ("site=S1", "S1", True),
        ("site=S1", "S10", False),
        ("site!=S1", "S1", False),
        ("site!=S1", "", True),
        ("site=~S[12]", "S2", True),
        ("site=~S[12]", "S12", False),
        ("site=~S1|S2", "S2x", False),
        ("site=~S1", "S1\n", False),
        ("site!~S.*", "S1", False),
        ("site!~S.*", "N1", True),
        ("site=~(?i)s1", "S1", True),
    ],
)
def test_a_value_is_equal_or_wholly_like(text: str, value: str, *, met: bool) -> None:
    assert meets(Matcher(**matcher(text)), value) is met


def test_every_matcher_must_be_met() -> None:
    made = engine()
    made.fold([firing(labels={"team": "north"}), firing(entity="cam-8", labels={"team": "south"}), firing("Door")])
    silence(made, "team!=south", "type=~Cam.*", "severity=HIGH")
    assert [stands(made, number)[0] for number in (1, 2, 3)] == ["suppressed", "open", "open"]


def test_a_silence_that_demands_no_value_finds_its_alerts_too() -> None:
    made = engine()
    made.fold([firing(), firing("Door")])
    silence(made, "entity=~cam-.*", "type!=Door")
    assert [stands(made, number)[0] for number in (1, 2)] == ["suppressed", "open"]


@pytest.mark.parametrize(
    ("texts", "is_vague"), [(["site!=S1"], True), (["site=~.*", "type!~x"], True), (["site!=S1", "type=x"], False)]
)
def test_matchers_that_an_unknown_alert_meets_are_vague(texts: list[str], *, is_vague: bool) -> None:
    assert vague([Matcher(**matcher(text)) for text in texts]) is is_vague


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a", "unclosed group"),
        ("a)|(b", "unopened group"),
        ("(?x)a #", "unclosed group"),
        ("[", "unclosed character class"),
        ("(?=a)b", "look-around"),
        (r"(a)\1", "backreferences"),
        ("a" * (PATTERN_CHARS_MAX + 1), "at most 128 characters"),
        (r"(\w{40}){40}", "at most 128 characters, 400 with the counts"),
        ("a{1,200}b{3}", "at most 128 characters, 400 with the counts"),
    ],
)
def test_a_pattern_that_cannot_be_read_or_grows_too_large_says_why(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        whole(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a?){20}b", "(.*a){12}b", "a*a*a*a*a*a*b"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    fits = whole(pattern)
    started = perf_counter()
    assert not fits("a" * 4_000)
    assert perf_counter() - started < 1.0
