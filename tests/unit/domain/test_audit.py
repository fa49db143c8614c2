"""The audit trail's rows: what each says, and that none can be altered, left out or put in unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nocd.domain.audit import GENESIS, Entry, Sealed, carried_out, fault, sealed, standing
from nocd.domain.command import HEARTBEAT, Command, Reply
from tests.build import T0, engine, firing


def chain(count: int) -> list[Sealed]:
    rows: list[Sealed] = []
    for no in range(1, count + 1):
        entry = Entry(time=T0 + no, actor="mara", act="ack", target=f"A-{no}", peer="10.0.0.1", detail={"n": no})
        rows.append(sealed(entry, no=no, prior=rows[-1].digest if rows else GENESIS))
    return rows


def walked(rows: list[Sealed]) -> str | None:
    no, prior = 0, GENESIS
    for row in rows:
        if (found := fault(row, no=no + 1, prior=prior)) is not None:
            return found
        no, prior = row.no, row.digest
    return None


def test_a_chain_as_it_was_written_holds() -> None:
    assert walked(chain(5)) is None


@pytest.mark.parametrize(
    "altered",
    [
        {"time": T0},
        {"actor": "olga"},
        {"act": "resolve"},
        {"target": "A-9"},
        {"peer": "10.0.0.2"},
        {"site": "S1"},
        {"client": "C"},
        {"detail": '{"n":9}'},
        {"digest": "f" * 64},
    ],
)
def test_whatever_is_altered_in_a_row_is_found_at_it(altered: dict[str, Any]) -> None:
    rows = chain(5)
    rows[2] = replace(rows[2], **altered)
    assert walked(rows) == "row 3 was altered"


def test_a_row_left_out_put_in_or_rewritten_with_its_digest_is_found() -> None:
    rows = chain(5)
    assert walked(rows[:2] + rows[3:]) == "row 3 is missing"
    assert walked([*rows[:3], rows[2], *rows[3:]]) == "row 3 stands where row 4 belongs"
    forged = sealed(Entry(time=T0, actor="olga", act="ack"), no=3, prior=rows[1].digest)
    assert walked([*rows[:2], forged, *rows[3:]]) == "row 4 does not seal the row before it"


def command(verb: str, target: str = "A-1", /, **args: Any) -> Command:
    return Command(verb=verb, target=target, actor="mara", time=T0 + 1, args=args, peer="10.0.0.1")


def on_record(made: Any, asked: Command) -> list[Entry]:
    before = standing(made.shelves, asked)
    reply = made.apply(asked)
    assert reply.ok
    return carried_out(asked, reply, before=before, shelves=made.shelves, client=made.roster.client)


def test_a_command_goes_on_record_with_what_it_changed() -> None:
    made = engine()
    made.fold([firing()])
    (entry,) = on_record(made, command("ack", note="on it"))
    assert (entry.actor, entry.act, entry.target, entry.peer, entry.site) == ("mara", "ack", "A-1", "10.0.0.1", "S1")
    assert entry.detail["args"] == {"note": "on it"}
    assert entry.detail["before"]["status"] == "open"
    assert entry.detail["after"]["status"] == "acknowledged"
    assert "updated_at" not in entry.detail["after"]


def test_what_is_made_is_named_and_a_note_changes_nothing() -> None:
    made = engine()
    made.fold([firing()])
    window = {"scope": "site", "target": "S1", "start": T0, "end": T0 + 3_600_000, "reason": "works", "types": []}
    (planned,) = on_record(made, command("plan_maintenance", "", **window))
    assert (planned.target, planned.site, planned.detail["before"]) == ("M-1", "S1", {})
    assert planned.detail["after"]["reason"] == "works"
    (noted,) = on_record(made, command("note", text="x"))
    assert noted.detail == {"args": {"text": "x"}}


def test_the_daemons_pulse_is_nobodys_act_and_a_witnessed_one_is_one() -> None:
    made = engine()
    assert on_record(made, command(HEARTBEAT, "default")) == []
    (entry,) = on_record(made, command("export", "alerts", format="csv"))
    assert (entry.act, entry.target, entry.detail) == ("export", "alerts", {"args": {"format": "csv"}})


def test_a_recalled_alert_tells_how_it_stood() -> None:
    made = engine()
    made.fold([firing()])
    recalled = replace(made.book.edit("A-1"), id="A-7")
    asked = replace(command("reopen", "A-7"), recalled=recalled)
    assert standing(made.shelves, asked)["status"] == "open"
    assert standing(made.shelves, command("ack", "A-9")) == {}
    silent = carried_out(asked, Reply(status=200, body={}), before={}, shelves=made.shelves, client=made.roster.client)
    assert silent[0].detail == {"args": {}}
