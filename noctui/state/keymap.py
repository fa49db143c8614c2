"""Keys of one's own: a file that says which keys do what, checked whole before any of it counts."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from noctui.state.actions import ACTIONS, BY_ID, EVERYWHERE, Action, key_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Multiplexers, flow control, suspend, and what terminals send for backspace, tab and enter.
FORBIDDEN = frozenset(
    {
        *("ctrl+a", "ctrl+b", "ctrl+space", "ctrl+@", "ctrl+s", "ctrl+q", "ctrl+z", "ctrl+c"),
        *("ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+enter", "backspace", "delete"),
    }
)
_BY_WORD = {key_word(key): key for action in ACTIONS for key in action.keys} | {"PgDn": "pagedown", "PgUp": "pageup"}


class BadKeymap(Exception):
    """A keymap that is not taken; the text says all that is wrong with it."""


def read_keymap(text: str) -> tuple[Action, ...]:
    """Return the action table with the keys of a keymap: `action = "key"` or a list of keys; raises BadKeymap."""
    try:
        wanted = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadKeymap(f"no TOML: {error}") from error
    faults = [fault for name, keys in wanted.items() for fault in _faults(name, keys)]
    if faults:
        raise BadKeymap("; ".join(faults))
    actions = tuple(replace(act, keys=_keys(wanted[act.id])) if act.id in wanted else act for act in ACTIONS)
    if clashes := list(_clashes(actions, wanted)):
        raise BadKeymap("; ".join(clashes))
    return actions


def keymap_text() -> str:
    """Return a keymap of the shipped keys, every line a comment: what one begins from."""
    lines = (f"# {action.id} = {[key_word(key) for key in action.keys]}".replace("'", '"') for action in ACTIONS)
    return (
        "# One line an action; a key or a list of keys, pressed in turn with a blank between.\n"
        + "\n".join(lines)
        + "\n"
    )


def _keys(value: object) -> tuple[str, ...]:
    words = [str(word) for word in value] if isinstance(value, list) else [str(value)]
    return tuple(_BY_WORD.get(word) or re.sub(r"^(ctrl|shift|alt)-", r"\1+", word) for word in words)


def _faults(name: str, value: object) -> Iterator[str]:
    if name not in BY_ID:
        near = get_close_matches(name, BY_ID, n=1)
        yield f"no action is called {name}" + (f"; did you mean {near[0]}?" if near else "")
    words = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) and word.strip() for word in words):
        yield f'{name}: a key is a text like "a", "ctrl-x" or "g g"'
        return
    for key in _keys(value):
        first = key.split()[0]
        if first in FORBIDDEN or first.startswith(("alt+", "f1")):
            yield f"{name}: {key_word(first)} is taken by terminals and multiplexers"


def _clashes(actions: tuple[Action, ...], wanted: Mapping[str, object]) -> Iterator[str]:
    for scope in EVERYWHERE:
        taken: dict[str, str] = {}
        for action in actions:
            for key in {key.split()[0] for key in action.keys if scope in action.scopes}:
                other = taken.setdefault(key, action.id)
                if other != action.id and (other in wanted or action.id in wanted):
                    yield f"{key_word(key)} is both {other} and {action.id} on {scope}"
