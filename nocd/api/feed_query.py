"""What a client of the feed asked for, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nocd.domain.severity import Severity
from nocd.errors import InputError
from nocd.feed.filters import Filter
from nocd.wire.changes import CHANGES

if TYPE_CHECKING:
    from aiohttp import web

    from nocd.domain.token import Token

NAMES_MAX = 200
NAME_CHARACTERS_MAX = 128
SEQ_MAX = 2**63 - 1
LIMIT_MAX = 500
WAIT_S_MAX = 60.0
FLAGS = {"": False, "0": False, "false": False, "1": True, "true": True}

_FEED = frozenset({"after", "sites", "clients", "types", "min_severity", "events"})
_POLL = _FEED | {"limit", "wait_s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """From where on (None: from now), and what of it."""

    after: int | None
    filter: Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPoll(Asked):
    """The same for a long poll: at most `limit` changes, after at most `wait_s`."""

    limit: int
    wait_s: float


def bad(detail: str) -> InputError:
    """Return the error for a query parameter that cannot be meant."""
    return InputError(detail, code="bad_parameter")


def asked(request: web.Request, token: Token) -> Asked:
    """Return what a stream asked for; `Last-Event-ID` goes before `after`; raises InputError naming the parameter."""
    _known(request, _FEED)
    return Asked(after=_after(request), filter=_filter(request, token))


def asked_poll(request: web.Request, token: Token) -> AskedPoll:
    """Return what a long poll asked for; raises InputError naming the parameter."""
    _known(request, _POLL)
    limit = _whole("limit", request.query.get("limit") or str(LIMIT_MAX), least=1, most=LIMIT_MAX)
    return AskedPoll(after=_after(request), filter=_filter(request, token), limit=limit, wait_s=_wait_s(request))


def _known(request: web.Request, known: frozenset[str]) -> None:
    if unknown := sorted(set(request.query) - known):
        raise bad(f"{unknown[0]} is no parameter here; there are {', '.join(sorted(known))}")


def _after(request: web.Request) -> int | None:
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    return _whole("after", text, least=0, most=SEQ_MAX) if text else None


def _whole(name: str, text: str, *, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise bad(f"{name} is a whole number from {least} to {most}")
    return int(text)


def _wait_s(request: web.Request) -> float:
    text = request.query.get("wait_s") or "0"
    try:
        wait_s = float(text)
    except ValueError:
        wait_s = -1.0
    if not 0 <= wait_s <= WAIT_S_MAX:
        raise bad(f"wait_s is a number of seconds from 0 to {WAIT_S_MAX:.0f}")
    return wait_s


def _filter(request: web.Request, token: Token) -> Filter:
    types = _names(request, "types")
    if unknown := sorted(types - CHANGES.keys()):
        raise bad(f"{unknown[0]} is no change type; there are {', '.join(sorted(CHANGES))}")
    events = request.query.get("events", "").lower()
    if events not in FLAGS:
        raise bad("events is 0 or 1")
    return Filter.of(
        token,
        sites=_names(request, "sites"),
        clients=_names(request, "clients"),
        types=types,
        min_severity=_severity(request),
        events=FLAGS[events],
    )


def _names(request: web.Request, parameter: str) -> frozenset[str]:
    texts = (text.strip() for value in request.query.getall(parameter, []) for text in value.split(","))
    names = frozenset(text for text in texts if text)
    if len(names) > NAMES_MAX or any(len(name) > NAME_CHARACTERS_MAX for name in names):
        raise bad(f"{parameter} is at most {NAMES_MAX} names of at most {NAME_CHARACTERS_MAX} characters, with commas")
    return names


def _severity(request: web.Request) -> Severity | None:
    text = request.query.get("min_severity", "").upper()
    if text and text not in Severity.__members__:
        raise bad(f"min_severity is one of {', '.join(Severity.__members__)}")
    return Severity[text] if text else None
