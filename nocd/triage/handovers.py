"""What a desk does at the end of a shift: keep notes, sign the sheet, and take it over from those who leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.domain.command import Command, Refused
from nocd.domain.handover import (
    HANDOVER_KIND,
    NOTE_KIND,
    NOTES_MAX,
    WAITING_MAX,
    DeskNote,
    Handover,
    Shift,
    shift_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.shelf import Shelves
    from nocd.triage.intake import Limits
    from nocd.triage.sheet import Sheets

NOTE, CLOSE_NOTE, SIGN, ACCEPT = "add_desk_note", "close_desk_note", "sign_handover", "accept_handover"
VERBS: Final = frozenset({NOTE, CLOSE_NOTE, SIGN, ACCEPT})


class Handovers:
    """Keeps the desk's notes and the handovers that wait to be accepted; `sheets` draws up what is open."""

    def __init__(self, shelves: Shelves, sheets: Sheets, limits: Limits) -> None:
        """Take up what the shelves hold."""
        self._shelves, self._sheets, self._limits = shelves, sheets, limits
        self._notes: dict[str, DeskNote] = shelves.kind(NOTE_KIND)
        self._waiting: dict[str, Handover] = shelves.kind(HANDOVER_KIND)
        self._do: dict[str, Callable[[Command, int], DeskNote | Handover]] = {
            NOTE: self._add,
            CLOSE_NOTE: self._close,
            SIGN: self._sign,
            ACCEPT: self._accept,
        }

    def shift(self, now: int) -> Shift:
        """Return the shift that runs at `now` (UTC ms)."""
        return shift_at(now, starts=self._limits.shift_starts, timezone=self._limits.timezone)

    def notes(self) -> list[DeskNote]:
        """Return the notes that are kept, the pinned first, then the newest."""
        return sorted(self._notes.values(), key=lambda note: (not note.pinned, -note.no))

    def sheet(self, now: int) -> list[dict[str, Any]]:
        """Return the sections of the sheet as they are now."""
        return self._sheets.draw(now=now, since=self.shift(now).starts_at)

    def act(self, command: Command, *, now: int) -> tuple[DeskNote | Handover, str]:
        """Carry out a command; return the note or handover after it, and what happened. Raises Refused."""
        happened = {NOTE: "noted", CLOSE_NOTE: "note_closed", SIGN: "signed", ACCEPT: "accepted"}[command.verb]
        return self._do[command.verb](command, now), happened

    def _add(self, command: Command, now: int) -> DeskNote:
        if len(self._notes) >= NOTES_MAX:
            raise Refused("too_many_notes", f"{NOTES_MAX} notes are kept already; close some")
        number = self._next(NOTE_KIND)
        note = DeskNote(
            id=f"N-{number}",
            no=number,
            text=str(command.args["text"]),
            author=command.actor,
            at=now,
            site=command.args.get("site"),
            pinned=bool(command.args.get("pinned")),
        )
        self._shelves.put(NOTE_KIND, note.id, note)
        return note

    def _close(self, command: Command, _now: int) -> DeskNote:
        note = self._notes.get(command.target)
        if note is None:
            raise Refused("not_found", f"there is no note {command.target}")
        self._shelves.drop(NOTE_KIND, note.id)
        return note

    def _sign(self, command: Command, now: int) -> Handover:
        """Sign the sheet as it stands; notes that are not pinned go with it."""
        number = self._next(HANDOVER_KIND)
        handover = Handover(
            id=f"H-{number}",
            no=number,
            shift=self.shift(now),
            signed_by=command.actor,
            signed_at=now,
            comment=str(command.args.get("note") or ""),
            sheet=self.sheet(now),
            notes=self.notes(),
        )
        self._shelves.put(HANDOVER_KIND, handover.id, handover)
        for old in sorted(self._waiting.values(), key=lambda each: each.no)[:-WAITING_MAX]:
            self._shelves.drop(HANDOVER_KIND, old.id)
        for note in handover.notes:
            if not note.pinned:
                self._shelves.drop(NOTE_KIND, note.id)
        return handover

    def _accept(self, command: Command, now: int) -> Handover:
        """Take a shift over, which whoever signed it cannot do."""
        waiting = self._waiting.get(command.target)
        if waiting is None:
            raise Refused("not_found", f"no handover {command.target} waits to be accepted")
        if waiting.signed_by == command.actor:
            raise Refused("same_person", f"{waiting.id} was signed by you: whoever comes accepts it")
        self._shelves.drop(HANDOVER_KIND, waiting.id)
        return waiting.accepted(command.actor, now, str(command.args.get("note") or ""))

    def _next(self, counter: str) -> int:
        number = int(self._shelves.get("counter", counter) or 0) + 1
        self._shelves.put("counter", counter, number)
        return number
