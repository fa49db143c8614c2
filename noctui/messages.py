"""What screens and widgets tell the app: questions answered, acts wanted, things to fetch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something asked in the prompt line; with `choices`, a letter of them comes before the text."""

    id: str
    label: str
    alert: str = ""
    value: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


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
class RetryWanted(Message):
    """A lost link is to be tried now."""


@dataclass
class LeaveWanted(Message):
    """The console is to be left."""


@dataclass
class Heard(Message):
    """The client has left something in the mailbox."""
