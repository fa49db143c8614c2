"""Handovers of a shift on the wire; every time is RFC 3339 UTC."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nocd.wire.requests import Note, Request
from nocd.wire.views import SeverityName, View


class ShiftView(View):
    """The shift of the desk: from when to when."""

    starts_at: str
    ends_at: str


class DeskNoteView(View):
    """Something the next shift must know; a pinned one is kept until somebody closes it."""

    id: str
    text: str
    author: str
    at: str
    site: str | None = None
    pinned: bool


class ItemView(View):
    """One thing on the sheet: an alert, incident, ticket, silence or change of a threshold."""

    id: str
    text: str
    site: str | None = None
    site_name: str | None = None
    person: str | None = None
    person_name: str | None = None
    severity: SeverityName | None = None
    status: str | None = None
    since: str
    until: str | None = None
    who: str | None = None


class SectionView(View):
    """One kind of thing: how many there are, how many of them are `urgent_word`, and the first fifty."""

    key: Literal["p1", "p2", "p3", "incidents", "tickets", "silences", "stale_acks", "silent_devices", "rule_changes"]
    title: str
    count: int
    urgent: int
    urgent_word: str
    items: list[ItemView]


class SheetView(View):
    """What would be handed over now."""

    time: str
    shift: ShiftView
    sheet: list[SectionView]
    notes: list[DeskNoteView]


class HandoverView(View):
    """What a shift handed over: the sheet and notes as it signed them, and who took it over."""

    id: str
    shift: ShiftView
    signed_by: str
    signed_at: str
    comment: str
    sheet: list[SectionView]
    notes: list[DeskNoteView]
    accepted_by: str | None = None
    accepted_at: str | None = None
    remark: str = ""


class HandoverChanged(View):
    """A shift was signed off or taken over, or a note of the desk was written or closed."""

    happened: Literal["signed", "accepted", "noted", "note_closed"]
    actor: str
    handover: HandoverView | None = None
    note: DeskNoteView | None = None


class AddDeskNote(Request):
    """Write something down for the next shift."""

    text: Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"\S")]
    site: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    pinned: bool = False


class SignHandover(Request):
    """Sign the sheet as it stands."""

    note: Note | None = None


class AcceptHandover(Request):
    """Take a shift over."""

    note: Note | None = None
