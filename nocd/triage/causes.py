"""Why an alert is hidden: the silences, the maintenance windows and the worse alerts that are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from nocd.triage.inhibition import Pair, explains, inhibits, may_be_explained, where_lesser, where_worse
from nocd.triage.maintenance import subject_of, words_of
from nocd.triage.matchers import hides, value_of
from nocd.triage.standing import Standing

if TYPE_CHECKING:
    from nocd.detect.scene import Scene
    from nocd.domain.alert import Alert
    from nocd.domain.maintenance import Maintenance
    from nocd.domain.silence import Silence
    from nocd.triage.book import AlertBook
    from nocd.triage.silences import Silences
    from nocd.triage.standing import Key

_FOUND_BY: Final = ("fingerprint", "site", "type", "person")  # the fields that alerts are found by, the narrowest first


class Kind(Protocol):
    """One kind of cause: which of it are in force, and what these hide; each is named by its id."""

    def holds(self, name: str, now: int) -> bool:
        """Tell whether a cause is one at `now` (UTC ms)."""

    def begin(self, name: str) -> None:
        """Let a cause count from now on."""

    def end(self, name: str) -> None:
        """Let a cause count no more."""

    def of(self, alert: Alert) -> list[str]:
        """Return the causes in force that hide an alert, the oldest first."""

    def where(self, name: str) -> list[Key] | None:
        """Return what the alerts that a cause may hide are found by; None where they may be anywhere."""

    def why(self, name: str, alert: Alert) -> tuple[str, int | None]:
        """Return the sentence that says why it hides an alert, and until when (UTC ms) where that is known."""

    def why_not(self, name: str) -> str:
        """Return how a cause came to its end."""


class BySilence:
    """Silences, found by the value that one of their matchers demands."""

    def __init__(self, scene: Scene, silences: Silences) -> None:
        """Start with none in force."""
        self._scene = scene
        self._silences = silences
        self._by_value: dict[tuple[str, str], dict[int, Silence]] = {}
        self._fields: dict[str, int] = {}  # how many silences demand a value of each field; "" where they demand none

    def holds(self, name: str, now: int) -> bool:  # noqa: ARG002 - it is ended when its time is over
        """Tell whether a silence is in force."""
        silence = self._silences.get(name)
        return silence is not None and silence.in_force

    def begin(self, name: str) -> None:
        """Let a silence count."""
        silence = self._silences.get(name)
        assert silence is not None
        field, value = _demand(silence)
        self._by_value.setdefault((field, value), {})[silence.no] = silence
        self._fields[field] = self._fields.get(field, 0) + 1

    def end(self, name: str) -> None:
        """Let a silence count no more."""
        silence = self._silences.get(name)
        assert silence is not None
        field, value = _demand(silence)
        numbers = self._by_value[field, value]
        del numbers[silence.no]
        if not numbers:
            del self._by_value[field, value]
        self._fields[field] -= 1
        if not self._fields[field]:
            del self._fields[field]

    def of(self, alert: Alert) -> list[str]:
        """Return the silences that hide an alert, the oldest first."""
        found: dict[int, Silence] = {}
        for field in self._fields:
            found |= self._by_value.get((field, value_of(field, alert) if field else ""), {})
        return [silence.id for _, silence in sorted(found.items()) if hides(silence, alert)]

    def where(self, name: str) -> list[Key] | None:
        """Return what the alerts that a silence may hide are found by."""
        silence = self._silences.get(name)
        field, value = ("", "") if silence is None else _demand(silence)
        return [(field, value)] if field else None

    def why(self, name: str, alert: Alert) -> tuple[str, int | None]:
        """Return who silenced it, until when, and what they said."""
        silence = self._silences.get(name)
        assert silence is not None
        if silence.ends_at is None:
            until = "it is resolved" if silence.alert == alert.id else f"{silence.alert} is resolved"
        else:
            until = self._scene.wall(alert.site, silence.ends_at, told_at=silence.starts_at)
        said = f": {silence.comment}" if silence.comment else ""
        return f"silence {name} until {until} by {silence.author}{said}", silence.ends_at

    def why_not(self, name: str) -> str:
        """Return how a silence ended."""
        silence = self._silences.get(name)
        how = silence.ended_by if silence is not None else None
        return f"silence {name} {_ENDED.get(how or '', 'does not meet it any more')}"


class ByWindow:
    """Maintenance windows, found by their scope and target."""

    def __init__(self, scene: Scene) -> None:
        """Start with none in force."""
        self._scene = scene
        self._running: dict[tuple[str, str], dict[int, Maintenance]] = {}

    def holds(self, name: str, now: int) -> bool:
        """Tell whether a window runs at `now` (UTC ms)."""
        window = self._scene.plans.get(name)
        return window is not None and window.runs(now)

    def begin(self, name: str) -> None:
        """Let a window count."""
        window = self._window(name)
        self._running.setdefault((window.scope, window.target), {})[_number(name)] = window

    def end(self, name: str) -> None:
        """Let a window count no more."""
        window = self._window(name)
        running = self._running[window.scope, window.target]
        del running[_number(name)]
        if not running:
            del self._running[window.scope, window.target]

    def of(self, alert: Alert) -> list[str]:
        """Return the windows that hide an alert, the oldest first."""
        if not self._running:
            return []
        subject = subject_of(alert, client=self._scene.roster.client(alert.site))
        found: dict[int, Maintenance] = {}
        for place in subject.places():
            found |= self._running.get(place, {})
        return [window.id for _, window in sorted(found.items()) if window.hides(subject)]

    def where(self, name: str) -> list[Key] | None:
        """Return what the alerts that a window may hide are found by."""
        window, roster = self._window(name), self._scene.roster
        if window.scope == "client":
            return [("site", site) for site, entry in roster.sites.items() if entry.client == window.target]
        if window.scope == "device":
            return [("entity", f"device:{window.target}")]
        return None if window.scope == "all" else [("site", window.target)]

    def why(self, name: str, alert: Alert) -> tuple[str, int | None]:
        """Return who planned it, until when and why."""
        window = self._window(name)
        return words_of(window, alert, self._scene), window.end

    def why_not(self, name: str) -> str:
        """Return that it is over."""
        window = self._scene.plans.get(name)
        over = window is None or not window.runs(self._scene.now)
        return f"maintenance {name} {'is over' if over else 'does not cover it any more'}"

    def _window(self, name: str) -> Maintenance:
        window = self._scene.plans.get(name)
        assert window is not None
        return window


class ByWorse:
    """Worse alerts that explain lesser ones, by the rules of `nocd.triage.inhibition`."""

    def __init__(self, scene: Scene, book: AlertBook) -> None:
        """Start with none in force."""
        self._scene = scene
        self._book = book
        self._worse = Standing()

    def holds(self, name: str, now: int) -> bool:  # noqa: ARG002 - it stands or not
        """Tell whether an alert stands that may explain others."""
        alert = self._book.get(name)
        return alert is not None and alert.unresolved and explains(alert)

    def begin(self, name: str) -> None:
        """Let an alert count."""
        self._worse.enter(self._alert(name))

    def end(self, name: str) -> None:
        """Let an alert count no more."""
        self._worse.leave(self._alert(name))

    def of(self, alert: Alert) -> list[str]:
        """Return the worse alerts that hide one, the oldest first; none ever hides a CRITICAL one."""
        if not may_be_explained(alert):
            return []
        through = self._scene.activities.source_of(alert.person) if alert.person is not None else None
        worse = [self._alert(f"A-{no}") for no in sorted(self._worse.of(where_worse(alert, through)))]
        return [each.id for each in worse if each.unresolved and inhibits(Pair(each, alert, through))]

    def where(self, name: str) -> list[Key] | None:
        """Return what the alerts that one may hide are found by."""
        return where_lesser(self._alert(name))

    def why(self, name: str, alert: Alert) -> tuple[str, int | None]:  # noqa: ARG002 - the worse one says it all
        """Return which alert explains it."""
        worse = self._alert(name)
        return f"{name} explains it until it is resolved: {worse.title} ({worse.severity})", None

    def why_not(self, name: str) -> str:
        """Return that the worse alert is resolved."""
        alert = self._book.get(name)
        return f"{name} {'is resolved' if alert is None or not alert.unresolved else 'does not explain it any more'}"

    def _alert(self, name: str) -> Alert:
        alert = self._book.get(name)
        assert alert is not None
        return alert


_ENDED: Final[dict[str, str]] = {
    "ended": "was ended",
    "expired": "expired",
    "resolved": "lasted until the resolve",
    "undone": "was taken back",
}


def kinds(scene: Scene, book: AlertBook, silences: Silences) -> dict[str, Kind]:
    """Return every kind of cause by the letter of its ids, in the order in which one of several is named."""
    return {"S": BySilence(scene, silences), "M": ByWindow(scene), "A": ByWorse(scene, book)}


def _demand(silence: Silence) -> tuple[str, str]:
    """Return a field and the value of it that a silence demands, by which alerts are found; empty where by none."""
    demanded = ((field, silence.demands(field)) for field in _FOUND_BY)
    return next(((field, value) for field, value in demanded if value is not None), ("", ""))


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])
