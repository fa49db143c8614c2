"""Commands on what is no alert: where each goes, what it says, and what takes it back."""

from __future__ import annotations

from collections import defaultdict

import pytest

from nocd.wire.incidents import INCIDENT_COMMANDS
from nocd.wire.requests import Request
from nocd.wire.tickets import TICKET_COMMANDS
from noctui.state.acts import Act, Outbox, settle
from noctui.state.case import read_case
from noctui.state.deeds import Deed, case_deed, possible, undo_of, wants_words
from tests.unit.noctui import case_story as told
from tests.unit.noctui.story import T0, rfc3339

VERDICT = defaultdict(str, resolve="benign")
TICKET = read_case(told.ticket("T-12", T0))
INCIDENT = read_case(told.incident("I-3", T0))


@pytest.mark.parametrize(
    ("case", "verb", "path", "body"),
    [
        (TICKET, "hold", ("tickets", "T-12", "hold"), {"comment": "parts"}),
        (TICKET, "note", ("tickets", "T-12", "note"), {"text": "parts"}),
        (INCIDENT, "ack", ("incidents", "I-3", "ack"), {"note": "parts"}),
        (INCIDENT, "note", ("incidents", "I-3", "note"), {"text": "parts"}),
    ],
)
def test_words_go_where_the_api_wants_them(case, verb: str, path: tuple[str, ...], body: dict[str, str]) -> None:
    deed = case_deed(case, verb, text=" parts ")
    assert (deed.to, deed.body, deed.subject) == (path, body, case.id)


def test_only_an_incidents_acts_and_a_silence_are_taken_back() -> None:
    answer = {"id": "I-3", "undo_until": rfc3339(T0)}
    back = undo_of(case_deed(INCIDENT, "ack"), answer)
    assert back is not None
    assert back.to == ("incidents", "I-3", "undo")
    assert undo_of(case_deed(INCIDENT, "note"), {"id": "I-3", "undo_until": None}) is None
    assert undo_of(case_deed(TICKET, "start"), {"id": "T-12"}) is None
    silence = undo_of(Deed(verb="silence", subject="A-1", to=("silences",)), {"id": "S-7"})
    assert silence is not None
    assert (silence.method, silence.to) == ("DELETE", ("silences", "S-7"))


def test_what_was_answered_can_be_undone_for_as_long_as_the_daemon_says() -> None:
    outbox = Outbox()
    deed = case_deed(INCIDENT, "ack")
    outbox.ask(Act(key="k", verb="ack", deed=deed, title=deed.title, at=0))
    assert settle(outbox, "k", 200, {"id": "I-3", "undo_until": rfc3339(T0 + 10_000)}, now=1, offset_ms=T0) == ""
    act = outbox.undoable(9_999)
    assert act is not None
    assert act.sentence == "acked I-3 Forced entry, dock 3"
    assert outbox.undoable(10_000) is None


@pytest.mark.parametrize(("verb", "asked"), [*TICKET_COMMANDS.items()])
def test_what_the_console_asks_of_a_ticket_is_what_the_daemon_takes(verb: str, asked: type[Request]) -> None:
    given: dict[str, dict[str, object]] = {"assign": {"assignee": "mara"}, "check": {"step": 1, "done": False}}
    more = given.get(verb)
    asked.model_validate(
        case_deed(TICKET, verb, text="" if verb == "check" else "x", more=more, verdict=VERDICT[verb]).body
    )


@pytest.mark.parametrize("verb", ["ack", "assign", "escalate", "note", "resolve"])
def test_what_the_console_asks_of_an_incident_is_what_the_daemon_takes(verb: str) -> None:
    more = {"assignee": "mara"} if verb == "assign" else None
    INCIDENT_COMMANDS[verb].model_validate(case_deed(INCIDENT, verb, text="x", more=more, verdict=VERDICT[verb]).body)


def test_a_ticket_ends_with_words_and_an_incident_without() -> None:
    assert wants_words(TICKET, "resolve")
    assert not wants_words(INCIDENT, "resolve")
    assert wants_words(INCIDENT, "note")


def test_what_makes_no_sense_says_what_does() -> None:
    assert possible(INCIDENT, "hold") == "hold is for tickets; an incident is acked, assigned, escalated or resolved"
    assert possible(TICKET, "resolve") == "ack or start WST-01-12 first"
    assert possible(TICKET, "ack") == ""
