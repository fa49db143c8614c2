"""What operators ask: the bodies of the command routes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from nocd.domain.silence import MATCHERS_MAX, NAME_CHARS_MAX, SILENCE_MAX_DAYS, VALUE_CHARS_MAX
from nocd.wire.pattern import whole
from nocd.wire.views import VerdictName

Note = Annotated[str, Field(max_length=4_000)]
Subject = Annotated[str, Field(pattern="^[AIT]-[0-9]{1,18}$")]


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


class Verify(Request):
    """Say how a duty was checked and whether anybody answered: an answer acknowledges, none escalates at once."""

    method: Literal["call", "radio", "message", "video", "visit"]
    answer: Literal["answered", "no_answer"]
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


class Silence(Request):
    """Hide it, and what has its fingerprint, for so many minutes, else until it is resolved."""

    minutes: Annotated[int, Field(ge=1, le=SILENCE_MAX_DAYS * 1_440)] | None = None
    note: Note | None = None


class Undo(Request):
    """Take back one's own last acknowledge, resolve or silence, within 10 s."""


COMMANDS: dict[str, type[Request]] = {
    "ack": Ack,
    "assign": Assign,
    "start": Start,
    "escalate": Escalate,
    "verify": Verify,
    "note": AddNote,
    "resolve": Resolve,
    "reopen": Reopen,
    "silence": Silence,
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


class MatcherAsked(Request):
    """A demand on a field of an alert, else on a label; what the alert lacks is empty.

    Fields are `type`, `site`, `person`, `severity`, `category`, `source`, `entity` and `fingerprint`; a label of such a
    name is `label.site`. `=~` and `!~` take a pattern for the whole value, without look-around or references back.
    """

    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
    op: Literal["=", "!=", "=~", "!~"] = "="
    value: Annotated[str, Field(max_length=VALUE_CHARS_MAX)]

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.op in ("=~", "!~"):
            whole(self.value)
        return self


class PlanSilence(Request):
    """Hide the alerts that meet every matcher until `ends_at`, at most 31 days from now."""

    matchers: Annotated[list[MatcherAsked], Field(min_length=1, max_length=MATCHERS_MAX)]
    ends_at: AwareDatetime
    comment: Annotated[str, Field(min_length=1, max_length=1_000)]


class SayPresence(Request):
    """Say where you are: the alert, ticket or incident looked at (null for none), and those you are at work on."""

    looking: Subject | None = None
    claims: Annotated[list[Subject], Field(max_length=20)] = Field(default_factory=list)


class Bulk(Request):
    """One command for many alerts (at most 100), answered one by one."""

    ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(min_length=1, max_length=100)]
    command: str
    args: dict[str, object] = Field(default_factory=dict)
