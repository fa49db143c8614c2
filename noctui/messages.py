"""What screens and widgets tell the app: questions answered, acts wanted, things to fetch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from noctui.state.deeds import Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdAct:
    """A command on a baseline as it will be sent, save for the note; `title` names it for people."""

    verb: str
    baseline: str
    title: str
    change: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something asked in the prompt line; with `choices`, a letter of them comes before the text.

    `completions` are texts that the start of one may become by tab.

    It names the alert, the alerts, the baseline, the score or the case it is about; `act` is what will be done to the
    baseline. Where a question comes up by itself, `ready` tells whether anyone can have read it: until then an enter
    was meant for something else. `hint` is said below it, with its role; `turn` is the question that tab makes of it.
    """

    id: str
    label: str
    alert: str = ""
    alerts: tuple[str, ...] = ()
    baseline: str = ""
    score: str = ""
    act: ThresholdAct | None = None
    case: str = ""
    value: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    completions: Sequence[str] = ()
    ready: Callable[[], bool] | None = None
    hint: Callable[[], tuple[str, str]] | None = None
    turn: Callable[[], Question] | None = None


@dataclass
class Answered(Message):
    """Enter was pressed in the prompt; `choice` is the letter's meaning."""

    question: Question
    text: str
    choice: str = ""


@dataclass
class Wanted(Message):
    """An act on an alert was asked for and its reason is known."""

    verb: str
    alert: str
    text: str = ""
    verdict: str = ""


@dataclass
class ManyWanted(Message):
    """An act on many alerts was asked for and confirmed."""

    verb: str
    alerts: tuple[str, ...]
    text: str = ""


@dataclass
class ThresholdWanted(Message):
    """An act on a baseline was asked for, with the note that was typed."""

    act: ThresholdAct
    text: str = ""


@dataclass
class DeedsWanted(Message):
    """Commands on what is no alert were asked for, to be sent in this order."""

    deeds: tuple[Deed, ...]


@dataclass
class ExportWanted(Message):
    """A handover or sheet is to be written to a file, as text."""

    view: Mapping[str, Any]


@dataclass
class JumpWanted(Message):
    """A thing named elsewhere is to be shown on its own screen; `[` comes back."""

    kind: str
    id: str


@dataclass
class BackWanted(Message):
    """The place one jumped from is to be shown again, or with `forward` the one left by that."""

    forward: bool = False


@dataclass
class FactWanted(Message):
    """Something is looked at and not known, or is to be tried; most kinds are about a site, a person … by its key."""

    kind: str
    key: str = ""
    body: Mapping[str, Any] | None = None


@dataclass
class UndoWanted(Message):
    """The operator's last act is to be taken back."""


@dataclass
class LedgerWanted(Message):
    """The decisions about an alert are looked at and not known."""

    alert: str


@dataclass
class AlertWanted(Message):
    """An alert named elsewhere is to be shown on the alert screen."""

    alert: str


@dataclass
class CopyWanted(Message):
    """A text is to go to the terminal's clipboard; `what` names it."""

    text: str
    what: str


@dataclass
class SaveWanted(Message):
    """A text is to be written to a file whose name begins so."""

    text: str
    name: str
    lines: int


@dataclass
class RetryWanted(Message):
    """A lost link is to be tried now."""


@dataclass
class LeaveWanted(Message):
    """The console is to be left."""


@dataclass
class Heard(Message):
    """The client has left something in the mailbox."""
