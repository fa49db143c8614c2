"""Going back and forth between places, within a bound."""

from __future__ import annotations

from noctui.state.trail import PLACES_MAX, Place, Trail

A, B, C = Place("cases", "T-1"), Place("alerts", "A-1"), Place("sites", "NTH-04")


def test_back_leads_to_where_one_jumped_from_and_forward_to_where_one_was() -> None:
    trail = Trail()
    trail.leave(A)
    trail.leave(B)
    assert trail.back(C) == B
    assert trail.back(B) == A
    assert trail.back(A) is None
    assert trail.forward(A) == B
    assert trail.forward(B) == C
    assert trail.forward(C) is None
    assert trail.back(C) == B


def test_a_new_jump_forgets_what_one_had_gone_back_from() -> None:
    trail = Trail()
    trail.leave(A)
    trail.back(B)
    trail.leave(A)
    assert trail.forward(C) is None


def test_the_trail_is_bounded() -> None:
    trail = Trail()
    for number in range(PLACES_MAX + 10):
        trail.leave(Place("cases", f"T-{number}"))
    assert len(trail.past) == PLACES_MAX
    assert trail.past[0].id == "T-10"
