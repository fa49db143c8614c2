"""How devices feel: battery, signal, uptime and temperature of the last 72 h as one score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.detect.readings import SLOT_MS, WINDOW_SLOTS, Readings, Score
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS
from nocd.domain.observation import DeviceHealth, PhoneEvent
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

WINDOW_MS: Final = WINDOW_SLOTS * SLOT_MS
# Whose readings of 72 h were none of them worse than this has a score of 60 at least.
_EASY_SCORE: Final = 60
_EASY_BATTERY_PERCENT: Final = 30
_FALLING_BATTERY_PERCENT: Final = 50  # less is no better than that where it falls
_EASY_SIGNAL_PERCENT: Final = 60
_EASY_C: Final = (10, 40)
_SAID: Final = {"battery": "battery", "signal": "signal", "uptime": "time online", "temperature": "temperature"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalRule(Rule):
    """Below which score a device is about to fail."""

    score_min: Annotated[float, Ge(0), Le(100)] = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRule(Rule):
    """Below which score a device needs care."""

    score_min: Annotated[float, Ge(0), Le(100)] = 60.0


DEVICE_CRITICAL: Final = Kind(
    name="DEVICE_CRITICAL",
    category=Category.DEVICE_HEALTH,
    severities=(Severity.HIGH,),
    confidence=0.85,
    says="a device whose score of battery, signal, uptime and temperature over 72 h is below 40; no data is no score",
    rule=CriticalRule,
)
DEVICE_WARNING: Final = Kind(
    name="DEVICE_WARNING",
    category=Category.DEVICE_HEALTH,
    severities=(Severity.MEDIUM,),
    confidence=0.75,
    says="a device whose score over 72 h is below 60 but not critical",
    rule=WarningRule,
)

Level = tuple[Kind, float]


@dataclass(frozen=True, slots=True)
class Devices(Detector):
    """Scores each device by what it tells of itself, and what its person's phone events tell of it."""

    name = "devices"
    kinds = (DEVICE_CRITICAL, DEVICE_WARNING)
    events = (DeviceHealth, PhoneEvent)
    record = Readings

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event says it
        """Return the device that tells something of itself."""
        data = event.data
        if isinstance(data, PhoneEvent) and data.battery_percent is None and data.signal_percent is None:
            return ()
        assert isinstance(data, (PhoneEvent, DeviceHealth))
        return () if data.device is None else (data.device,)

    def step(self, record: Readings, event: Event, scene: Scene) -> bool:
        """Take a reading in; tell whether a poor one, or a new one in the 72 h after, may have lowered the score."""
        data = event.data
        assert isinstance(data, (PhoneEvent, DeviceHealth))
        fresh = record.take(
            event.time,
            battery=data.battery_percent,
            signal=data.signal_percent,
            temperature=data.temperature_c if isinstance(data, DeviceHealth) else None,
            online=data.online if isinstance(data, DeviceHealth) else None,
        )
        poor = _poor(data) or self._strict(data.device, scene)
        if poor:
            record.poor_at = max(record.poor_at, event.time)
        return poor or (fresh and (event.time - record.poor_at <= WINDOW_MS or _falls(data, record)))

    def _strict(self, device: str | None, scene: Scene) -> bool:
        """Tell whether a rule asks for more than a device has whose readings are none of them poor."""
        site = None if device is None else scene.roster.device_site(device)
        return any(scene.rule(kind.name, site).score_min > _EASY_SCORE for kind in self.kinds)

    def claims(self, key: str, record: Readings, at: int, scene: Scene) -> list[Claim]:
        """Return the stretches of the last day in which the score was low, each as one condition."""
        entry = scene.roster.device(key)
        site = scene.roster.device_site(key)
        levels = [(score, _level(score, site, scene)) for score in record.scores()]
        claims: list[Claim] = []
        for number, (score, kind) in enumerate(levels):
            if kind is None or (number and levels[number - 1][1] is kind):
                continue
            after = next((other for other, its in levels[number:] if its is not kind), None)
            person = entry.person if entry is not None else None
            claims.append(_claim(key, kind, score, _ends(record, after, at), person=person, site=site, scene=scene))
        return claims

    def due(self, key: str, record: Readings, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return when nothing is known any more."""
        unknown = _unknown_by(record)
        return unknown if unknown > after else None

    def final_before(self, key: str, record: Readings, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return the first slot whose score is still looked at: the last day's."""
        return record.scored_from() * SLOT_MS

    def ends(self, key: str, record: Readings, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return a day after nothing is known any more."""
        return _unknown_by(record) + DAY_MS


def _poor(data: PhoneEvent | DeviceHealth) -> bool:
    if data.battery_percent is not None and data.battery_percent < _EASY_BATTERY_PERCENT:
        return True
    if data.signal_percent is not None and data.signal_percent < _EASY_SIGNAL_PERCENT:
        return True
    if isinstance(data, PhoneEvent):
        return False
    celsius = data.temperature_c
    return data.online is False or (celsius is not None and not _EASY_C[0] <= celsius <= _EASY_C[1])


def _falls(data: PhoneEvent | DeviceHealth, record: Readings) -> bool:
    """Tell whether a battery that is not low yet falls so that it counts as if it were."""
    battery_percent = data.battery_percent
    return battery_percent is not None and battery_percent < _FALLING_BATTERY_PERCENT and record.battery_falls()


def _unknown_by(record: Readings) -> int:
    """Return when the last reading is out of the window."""
    return (record.slots[-1] * SLOT_MS if record.slots else 0) + WINDOW_MS


def _level(score: Score, site: str | None, scene: Scene) -> Kind | None:
    critical: CriticalRule = scene.rule(DEVICE_CRITICAL.name, site)
    warning: WarningRule = scene.rule(DEVICE_WARNING.name, site)
    if score.score < critical.score_min:
        return DEVICE_CRITICAL
    return DEVICE_WARNING if score.score < warning.score_min else None


def _ends(record: Readings, after: Score | None, at: int) -> tuple[int | None, str]:
    """Return when a low score was over and why, or None while it lasts."""
    if after is not None:
        return after.slot * SLOT_MS, f"the score is {after.score:.0f} now"
    unknown = _unknown_by(record)
    return (unknown, "nothing was heard of it for 72 h: its health is unknown") if unknown <= at else (None, "")


def _claim(
    device: str,
    kind: Kind,
    score: Score,
    ended: tuple[int | None, str],
    *,
    person: str | None,
    site: str | None,
    scene: Scene,
) -> Claim:
    since, (until, over) = score.slot * SLOT_MS, ended
    weakest = min(score.parts, key=lambda name: score.parts[name])
    whose = "" if person is None else f" of {scene.person_name(person)}"
    where = "" if site is None else f" at {scene.site_name(site)}"
    finding = kind.finding(
        time=since,
        reason=f"{device}{whose}{where} scores {score.score:.0f} of 100 over 72 h; weakest is {_SAID[weakest]} "
        f"({score.parts[weakest]:.0f}): charge it, or swap it before the next shift",
        evidence={
            "score_percent": round(score.score, 1),
            **{f"{name}_score_percent": round(part, 1) for name, part in score.parts.items()},
        },
        site=site,
        person=person,
        entity_type="device",
        entity_id=device,
    )
    return Claim(key=f"{kind.name}:{since}", finding=finding, since=since, lasting=True, until=until, over=over)
