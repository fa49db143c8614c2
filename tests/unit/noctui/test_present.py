"""Who else is where: named while it counts, and what is said of oneself."""

from __future__ import annotations

from datetime import UTC

from noctui.state import reduce
from noctui.state.alert import read_alert
from noctui.state.model import Model, holder, look_at
from noctui.state.present import AGAIN_MS, PEOPLE_MAX, Present, Warned
from tests.unit.noctui.story import T0, alert, rfc3339, snapshot


def people(*names: str, until: int = T0 + 75_000, claims: tuple[str, ...] = ()):
    return [{"name": name, "looking": "A-1", "claims": [*claims], "until": rfc3339(until)} for name in names]


def test_others_are_named_while_it_counts_and_never_oneself() -> None:
    model = Model(tz=UTC, me="mara")
    reduce.snapshot(model, snapshot(), now=0)
    reduce.frame(model, {"type": "presence", "people": people("mara", "tomas")}, now=0)
    assert look_at(model, 0).there("A-1") == ("tomas",)
    assert look_at(model, 0).there("A-2") == ()
    assert model.present.looking("A-1", me="", now=T0 + 75_000) == ()


def test_a_claim_is_somebodys_word_or_their_name_on_it() -> None:
    model = Model(me="mara")
    reduce.snapshot(model, snapshot(), now=0)
    mine = read_alert(alert("A-1"))
    assert holder(mine, model, 0) == ""
    model.present.take({"people": people("tomas", claims=("A-1",))})
    assert holder(mine, model, 0) == "tomas"
    assert holder(read_alert(alert("A-2", assignee="rui")), model, 0) == "rui"
    assert holder(read_alert(alert("A-2", assignee="mara")), model, 0) == ""
    model.me = ""
    assert holder(read_alert(alert("A-2", assignee="rui")), model, 0) == ""


def test_a_change_is_said_at_once_and_the_same_again_each_half_minute() -> None:
    present = Present()
    assert present.due("", (), 0) is None
    assert present.due("A-1", (), 10) == {"looking": "A-1", "claims": []}
    assert present.due("A-1", (), 10 + AGAIN_MS - 1) is None
    assert present.due("A-1", ("A-1",), 11) == {"looking": "A-1", "claims": ["A-1"]}
    assert present.due("A-1", ("A-1",), 11 + AGAIN_MS) == {"looking": "A-1", "claims": ["A-1"]}
    assert present.due("", (), 12) == {"looking": None, "claims": []}
    assert present.due("", (), 12 + 2 * AGAIN_MS) is None


def test_people_are_bounded_and_harmless() -> None:
    present = Present()
    present.take({"people": [*people(*(f"p{number}" for number in range(PEOPLE_MAX + 9))), "nobody"]})
    assert len(present.people) == PEOPLE_MAX
    present.take({"people": [{"name": "a\x1b[31m"}]})
    assert present.people[0].name == "a^[[31m"


def test_one_is_warned_of_the_same_thing_once() -> None:
    warned = Warned()
    assert [warned.first(name) for name in ("A-1", "A-1", "A-2", "A-1")] == [True, False, True, True]
