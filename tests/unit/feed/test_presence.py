"""Who is where: said again and again, gone when not, and never more than a bound."""

from __future__ import annotations

from nocd.feed.presence import PEOPLE_MAX, PRESENT_MS, Presence

T0 = 1_000


def names(presence: Presence, now: int = T0) -> list[str]:
    return [each.name for each in presence.people(now)]


def test_who_says_nothing_more_is_gone_after_a_while_and_who_leaves_at_once() -> None:
    presence = Presence()
    presence.say("tomas", looking="A-1", claims=(), now=T0)
    presence.say("mara", looking=None, claims=("A-1",), now=T0 + 1)
    assert names(presence) == ["mara", "tomas"]
    assert names(presence, T0 + PRESENT_MS) == ["mara"]
    presence.say("mara", looking=None, claims=(), now=T0 + 2)
    assert names(presence) == []


def test_of_too_many_who_was_heard_of_longest_ago_is_let_go_of() -> None:
    presence = Presence()
    for number in range(PEOPLE_MAX):
        presence.say(f"p{number}", looking="A-1", claims=(), now=T0)
    presence.say("p0", looking="A-2", claims=(), now=T0)
    presence.say("new", looking="A-1", claims=(), now=T0)
    found = names(presence)
    assert len(found) == PEOPLE_MAX
    assert "p1" not in found
    assert {"p0", "new"} <= set(found)
