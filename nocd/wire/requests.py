"""What operators ask: the bodies of the command routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from nocd.wire.views import VerdictName

Note = Annotated[str, Field(max_length=4_000)]


class Request(BaseModel):
    """Base of every request body: a typo must not pass."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Ack(Request):
    """Take an alert on; it stands unattended again after `expires_minutes` (else after the daemon's setting)."""

    note: Note | None = None
    expires_minutes: Annotated[int, Field(ge=1, le=1_440)] | None = None


class Assign(Request):
    """Hand an alert to someone."""

    assignee: Annotated[str, Field(min_length=1, max_length=128)]
    note: Note | None = None


class Start(Request):
    """Say that work on it has begun."""

    note: Note | None = None


class Escalate(Request):
    """Hand it up."""

    note: Note | None = None


class AddNote(Request):
    """Write something down."""

    text: Annotated[str, Field(min_length=1, max_length=4_000)]


class Resolve(Request):
    """End it, saying what it turned out to be."""

    verdict: VerdictName
    note: Note | None = None


class Reopen(Request):
    """Open it again."""

    note: Note | None = None


class Undo(Request):
    """Take back one's own last acknowledge or resolve, within 10 s."""


COMMANDS: dict[str, type[Request]] = {
    "ack": Ack,
    "assign": Assign,
    "start": Start,
    "escalate": Escalate,
    "note": AddNote,
    "resolve": Resolve,
    "reopen": Reopen,
    "undo": Undo,
}


class PlanMaintenance(Request):
    """Hide by plan what is found of all, a client, a site or a device (`target`) from `start` to `end`.

    `types` are the finding types it hides, empty for all but SAFETY.
    """

    scope: Literal["all", "client", "site", "device"]
    target: Annotated[str, Field(max_length=128)] = ""
    start: AwareDatetime
    end: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=1_000)]
    types: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=100)] = Field(
        default_factory=list
    )


class Bulk(Request):
    """One command for many alerts (at most 100), answered one by one."""

    ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=100)]
    command: str
    args: dict[str, object] = Field(default_factory=dict)
