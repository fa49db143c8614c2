"""Evidence: whatever is altered, added, taken away or swapped after it was sealed is found."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from nocd.domain.audit import GENESIS, Entry
from nocd.domain.audit import sealed as row_of
from nocd.domain.evidence import EVIDENCE, FORMAT, faults, item, sealed
from tests.build import T0

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER: dict[str, Any] = {"tenant": "default", "ticket": "T-1", "made_by": "mara", "model": None, "limits": []}


def row(act: str, target: str, args: dict[str, Any], no: int = 1) -> dict[str, Any]:
    entry = Entry(time=T0, actor="mara", act=act, target=target, detail={"args": args})
    made = row_of(entry, no=no, prior=GENESIS)
    names = ("no", "actor", "act", "target", "peer", "site", "client", "detail", "prior", "digest")
    return {**{name: getattr(made, name) for name in names}, "time_ms": made.time}


def document() -> dict[str, Any]:
    items = [
        item("ticket", "T-1", {"title": "Müller left", "score": 0.83}),
        item("event", "7", {"body": '{"id":"é"}'}),
        item("act", "3", row("ack_ticket", "T-1", {}, no=3)),
    ]
    made = sealed(HEADER, items)
    made["seal"] = row(EVIDENCE, "T-1", {"root": made["root"], "items": 3}, no=9)
    return orjson.loads(orjson.dumps(made))  # type: ignore[no-any-return]  # an object was dumped


def test_what_was_sealed_holds_after_a_journey_through_json() -> None:
    assert faults(document()) == []
    assert document()["format"] == FORMAT


def alter(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def altered(made: dict[str, Any]) -> None:
        place: Any = made
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return altered


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (alter("items", 0, "content", "title", to="Schmidt left"), "ticket T-1 was altered"),
        (alter("items", 1, "sha256", to="0" * 64), "event 7 was altered"),
        (alter("items", 0, "id", to="T-2"), "the root is another"),
        (alter("made_by", to="someone"), "the root is another"),
        (lambda made: made["items"].pop(), "the root is another"),
        (lambda made: made["items"].reverse(), "the root is another"),
        (lambda made: made["items"].append(item("event", "8", {})), "the root is another"),
        (alter("seal", "actor", to="someone"), "row 9 of the audit trail is not as it was sealed"),
        (
            alter("seal", to=row(EVIDENCE, "T-1", {"root": "other"}, no=9)),
            "row 9 of the audit trail seals something else",
        ),
        (alter("ticket", to="T-2"), "seals something else"),
        (alter("seal", to=None), "no row of the audit trail seals it"),
        (alter("format", to="nocd.evidence/9"), "its format is"),
        (alter("items", to=7), "it is no evidence of a ticket"),
        (lambda made: made.pop("seal"), "it is no evidence of a ticket"),
    ],
)
def test_whatever_is_not_as_it_was_sealed_is_told(tamper: Callable[[dict[str, Any]], None], said: str) -> None:
    made = copy.deepcopy(document())
    tamper(made)
    assert any(said in each for each in faults(made)), faults(made)


def test_an_act_with_a_digest_of_its_own_is_no_row_of_an_audit_trail() -> None:
    forged = {**row("ack_ticket", "T-1", {}), "actor": "someone"}
    made = sealed(HEADER, [item("act", "1", forged)])
    assert "act 1 is no row of an audit trail as it was sealed" in faults(made)
