"""What a token without the right does not read: personal names, phones, fraud scores and habits; ids stay."""

from __future__ import annotations

import re
from typing import Any

import orjson

MASK = "***"

_PERSONAL = ("person_name", "assignee_name", "phone", "phones", "contacts")
_SCORE = "fraud_score"
_BESIDE_SCORE = ("rule_score", "model_score", "model", "deviations")  # and what it is made of, and habits
_IDS = ("person", "id")


def mask(body: bytes, *, names: bool = True, scores: bool = False) -> bytes:
    """Return the JSON `body` without personal names and phones, and without fraud scores where `scores` is true.

    A name is also masked where a sentence repeats it; an id that stands in for an unknown name is left.
    """
    change = orjson.loads(body)
    if scores:
        _blank(change)
    if names:
        hidden = _hide(change)
        if hidden:
            _strike(change, hidden)
    return orjson.dumps(change)


def _containers(root: Any) -> list[Any]:
    """Return every object and array of a JSON value; a loop, so that depth costs no stack."""
    found = [root] if isinstance(root, dict | list) else []
    for each in found:
        found.extend(child for child in _children(each) if isinstance(child, dict | list))
    return found


def _children(container: Any) -> Any:
    return container.values() if isinstance(container, dict) else container


def _objects(root: Any) -> list[dict[str, Any]]:
    return [each for each in _containers(root) if isinstance(each, dict)]


def _blank(root: Any) -> None:
    for each in _objects(root):
        if _SCORE in each:
            each.update(dict.fromkeys(key for key in (_SCORE, *_BESIDE_SCORE) if key in each))


def _hide(root: Any) -> set[str]:
    """Mask the personal fields, and return the texts that stood in them and are nobody's id."""
    objects = _objects(root)
    ids = {each[key] for each in objects for key in _IDS if isinstance(each.get(key), str)}
    hidden: set[str] = set()
    for each in objects:
        for key, owner in _personal(each):
            hidden |= _texts(owner.get(key)) - ids
            owner[key] = _masked(owner.get(key), ids)
    return hidden


def _personal(each: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return where in this object something personal stands, as (key, the object that holds it)."""
    places = [(key, each) for key in _PERSONAL if key in each]
    if each.get("kind") == "person" and "name" in each:
        places.append(("name", each))
    entry = each.get("data")
    if each.get("type") == "noc.person" and isinstance(entry, dict) and "name" in entry:
        places.append(("name", entry))
    return places


def _texts(value: Any) -> set[str]:
    texts = value if isinstance(value, list) else [value]
    return {text for text in texts if isinstance(text, str) and text not in {"", MASK}}


def _masked(value: Any, ids: set[str]) -> Any:
    if value is None or (isinstance(value, str) and value in ids):
        return value
    return [MASK] * len(value) if isinstance(value, list) else MASK


def _strike(root: Any, hidden: set[str]) -> None:
    """Mask the words of `hidden` wherever a text of `root` repeats them."""
    words = "|".join(re.escape(text) for text in sorted(hidden, key=lambda text: (-len(text), text)))
    pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)")
    for each in _containers(root):
        for key, value in list(each.items()) if isinstance(each, dict) else list(enumerate(each)):
            if isinstance(value, str):
                each[key] = pattern.sub(MASK, value)
