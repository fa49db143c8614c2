from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from noctui.state.actions import (
    ACTIONS,
    BY_ID,
    EVERYWHERE,
    Scope,
    action_of,
    footer_words,
    key_words,
    keys_table,
    named,
)
from noctui.state.keymap import FORBIDDEN

README = Path(__file__).parents[3] / "noctui" / "README.md"


def test_no_default_key_is_one_that_terminals_and_multiplexers_need():
    keys = {key for action in ACTIONS for key in action.keys}
    assert not keys & FORBIDDEN
    assert not [key for key in keys if key.startswith(("alt+", "f1"))]


def meant(key: str, scope: Scope) -> str:
    action = action_of(key, scope)
    assert action is not None
    return action.id


@pytest.mark.parametrize("scope", EVERYWHERE)
def test_no_key_means_two_things_on_one_screen(scope: Scope):
    here = [action for action in ACTIONS if scope in action.scopes]
    first = Counter(key.split()[0] for action in here for key in action.keys)
    assert not [key for key, count in first.items() if count > 1]
    assert len(BY_ID) == len(ACTIONS)


def test_a_key_does_what_it_means_on_this_screen_or_names_what_it_does_elsewhere():
    assert meant("t", "alerts") == "take"
    assert meant("t", "sites") == "simulate"
    assert meant("t", "feed") in {"take", "simulate"}
    assert meant("g", "feed") == "top"
    assert action_of("F", "feed") is None


def test_an_action_is_named_by_the_start_of_its_title_or_id():
    assert [action.id for action in named("ack all", "alerts")] == ["ack_all"]
    assert {action.id for action in named("ack", "alerts")} == {"ack"}
    assert {action.id for action in named("mark", "alerts")} == {"mark"}
    assert {action.id for action in named("esc", "alerts")} == {"escalate"}
    assert named("pause", "alerts") == []


def test_every_act_on_data_is_marked_as_one():
    assert {action.id for action in ACTIONS if action.mutating} == {
        *("ack", "ack_all", "take", "escalate", "resolve", "note", "undo"),
        *("pin", "rollback", "judge"),
        *("check", "hold", "assign", "case", "snooze", "sign", "accept", "end_it", "merge", "link"),
    }


@pytest.mark.parametrize("cells", [20, 80, 200])
def test_the_key_line_fits_and_names_what_matters(cells: int):
    assert len(footer_words("alerts", cells)) <= cells
    if cells >= 80:
        assert {"a ack", "r resolve", "? help"} <= set(footer_words("alerts", cells).split("  "))
        assert "space pause" in footer_words("feed", cells)
        assert "a ack" not in footer_words("feed", cells)
        assert {"t try", "P pin", "U roll back"} <= set(footer_words("sites", cells).split("  "))
        assert {"enter open", "a ack", "? help", "1-8 screens"} <= set(footer_words("overview", cells).split("  "))
        assert {"t level", "l verdict", "v heat", "? help"} <= set(footer_words("risk", cells).split("  "))


def test_keys_are_written_for_people():
    assert key_words(BY_ID["page_down"]) == "PgDn ctrl-f ctrl-d"
    assert key_words(BY_ID["top"]) == "g g"


def test_the_readme_lists_exactly_what_the_keys_do():
    assert keys_table() in README.read_text("utf-8")
