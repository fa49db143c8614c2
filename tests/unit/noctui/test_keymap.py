"""Keys of one's own are taken whole or not at all, and say what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noctui.settings import KeymapFile, keymap_file
from noctui.state.actions import ACTIONS, action_of, footer_words
from noctui.state.keymap import BadKeymap, keymap_text, read_keymap


def keys(text: str, action: str) -> tuple[str, ...]:
    return next(act.keys for act in read_keymap(text) if act.id == action)


def test_what_is_named_gets_its_keys_and_the_rest_keeps_theirs():
    text = 'ack = "B"\npage_down = ["PgDn", "ctrl-n"]\ntop = "0 0"\nclear = "C"'
    assert keys(text, "ack") == ("B",)
    assert keys(text, "page_down") == ("pagedown", "ctrl+n")
    assert keys(text, "top") == ("0 0",)
    assert keys(text, "resolve") == ("r",)


def test_the_key_line_and_the_table_follow():
    actions = read_keymap('ack = "B"')
    assert "  B ack  " in footer_words("alerts", 200, actions)
    elsewhere = action_of("a", "alerts", actions)
    assert elsewhere is None or "alerts" not in elsewhere.scopes


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ack = ", "no TOML"),
        ('acc = "B"', "no action is called acc; did you mean ack?"),
        ('xyzzy = "B"', "no action is called xyzzy"),
        ("ack = 7", 'ack: a key is a text like "a", "ctrl-x" or "g g"'),
        ('ack = ["a", ""]', "ack: a key is a text"),
        ('ack = "ctrl-c"', "ack: ctrl-c is taken by terminals and multiplexers"),
        ('ack = "alt-a"', "ack: alt-a is taken by terminals"),
        ('ack = "r"', "r is both ack and resolve on alerts"),
        ('ack = "backspace"', "backspace is taken"),
    ],
)
def test_a_bad_keymap_says_all_that_is_wrong(text: str, fault: str):
    with pytest.raises(BadKeymap, match=fault.replace("?", "[?]")):
        read_keymap(text)


def test_the_same_key_may_do_different_things_on_different_screens():
    assert keys('take = "P"', "take") == ("P",)


def test_the_keymap_to_begin_from_names_every_action_and_changes_none():
    assert read_keymap(keymap_text()) == ACTIONS
    uncommented = keymap_text().replace("\n# ", "\n")
    assert read_keymap(uncommented) == ACTIONS


def test_a_file_is_taken_when_it_appears_changes_or_goes(tmp_path: Path):
    path = tmp_path / "keymap.toml"
    file = KeymapFile(path)
    assert file.changed() is None
    path.write_text('ack = "B"')
    taken = file.changed()
    assert taken is not None
    assert action_of("B", "alerts", taken) is not None
    assert file.changed() is None
    path.write_text('ack = "r"')
    os.utime(path, ns=(1, 1))
    with pytest.raises(BadKeymap, match="r is both"):
        file.changed()
    assert file.changed() is None
    path.unlink()
    assert file.changed() == ACTIONS


def test_what_cannot_be_read_says_so(tmp_path: Path):
    with pytest.raises(BadKeymap, match="cannot be read"):
        KeymapFile(tmp_path).changed()


def test_the_file_lies_where_settings_lie():
    assert keymap_file({"NOCTUI_KEYMAP": "/k"}) == Path("/k")
    assert keymap_file({"XDG_CONFIG_HOME": "/c"}) == Path("/c/noctui/keymap.toml")
    assert keymap_file({}).parts[-3:] == (".config", "noctui", "keymap.toml")
