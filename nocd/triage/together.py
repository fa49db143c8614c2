"""What is found of one punch is one trouble: a fraud, else the worst of it, opens the alert; the rest is beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nocd.domain.finding import Finding  # noqa: TC001 - the store reads its type to bring records back
from nocd.domain.verdict import FRAUD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nocd.domain.shelf import Shelves
    from nocd.triage.intake import Intake

KIND: Final = "punch_alert"
PUNCHES_MAX: Final = 10_000  # past it each finding has an alert of its own


@dataclass(slots=True, kw_only=True)
class PunchAlert:
    """The alert of one punch, the finding it stands on with its id, what stands beside it, and since when (UTC ms)."""

    alert: str
    lead: str
    time: int
    led: Finding | None = None
    beside: dict[str, Finding] = field(default_factory=dict)


def punch_of(finding: Finding) -> str | None:
    """Return which punch a finding is about, None where it is about none, or about what lasts."""
    punch = finding.evidence.get("punch")
    return None if finding.condition or not isinstance(punch, str) else f"{finding.person}|{punch}"


class Together:
    """Hands findings of punches to the intake, those of one punch as one."""

    def __init__(self, shelves: Shelves, intake: Intake) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._intake = intake
        self._records: dict[str, PunchAlert] = shelves.kind(KIND)
        self._punches = {found: key for key, kept in self._records.items() for found in (kept.lead, *kept.beside)}

    def take(self, findings: Iterable[Finding], *, now: int) -> Iterator[tuple[Finding, str]]:
        """Yield each finding of punches with the id of the alert it opened, renewed or stands beside."""
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            groups.setdefault(punch_of(finding) or "", []).append(finding)
        for key, group in groups.items():
            yield from self._take(key, group, now)

    def _take(self, key: str, group: list[Finding], now: int) -> Iterator[tuple[Finding, str]]:
        kept = self._records.get(key)
        if kept is None or not self._intake.holds(kept.alert):
            if kept is not None:
                self._forget(key)  # what stood in the alert that is over is not part of the next
            lead = max(group, key=lambda each: (each.type == FRAUD, each.severity.rank, each.confidence))
            group.remove(lead)
            kept = PunchAlert(alert=self._intake.finding(lead, now=now), lead=lead.id, led=lead, time=now)
            yield lead, kept.alert
        elif (fraud := self._take_lead(key, kept, group, now)) is not None:
            group.remove(fraud)
            yield fraud, kept.alert
        self._keep(key, kept)
        for finding in group:
            own = finding.type == FRAUD or key not in self._records
            if own or self._intake.stands(finding.fingerprint):
                yield finding, self._intake.finding(finding, now=now)  # a trouble that is known by itself
                continue
            self._intake.beside(kept.alert, finding, now=now)
            kept.beside[finding.id] = finding
            self._punches[finding.id] = key
            yield finding, kept.alert

    def _take_lead(self, key: str, kept: PunchAlert, group: list[Finding], now: int) -> Finding | None:
        """Open the alert of a punch that is a fraud after all; return what it stands on, None where it is none."""
        fraud = next((each for each in group if each.type == FRAUD), None)
        former = kept.led
        if fraud is None or former is None or former.type == FRAUD or self._intake.stands(fraud.fingerprint):
            return None
        before, alert = kept.alert, self._intake.finding(fraud, now=now)
        self._shelves.touch(KIND, key)
        if self._intake.superseded(before, alert, now=now):
            kept.beside = {former.id: former, **kept.beside}
        else:
            self._punches.pop(former.id, None)
        kept.alert, kept.lead, kept.led = alert, fraud.id, fraud
        for each in kept.beside.values():
            self._intake.beside(alert, each, now=now)
        return fraud

    def _keep(self, key: str, kept: PunchAlert) -> None:
        if key in self._records or len(self._records) < PUNCHES_MAX:
            self._shelves.put(KIND, key, kept)
            self._punches[kept.lead] = key

    def alert_of(self, punch: str) -> str | None:
        """Return the alert of a punch, None where it has none."""
        kept = self._records.get(punch)
        return None if kept is None else kept.alert

    def withdrawn(self, findings: Sequence[str], *, now: int) -> list[tuple[str, str]]:
        """Let go of findings that are withdrawn; return (finding, alert) of what stood beside and now has its own."""
        moved: list[tuple[str, str]] = []
        for found in findings:
            key = self._punches.pop(found, None)
            if key is None:
                continue
            kept: PunchAlert = self._shelves.edit(KIND, key)
            if kept.beside.pop(found, None) is not None:
                self._intake.no_longer_beside(kept.alert, found, now=now)
            else:
                moved += self._lead_again(key, kept, now)
        return moved

    def _lead_again(self, key: str, kept: PunchAlert, now: int) -> list[tuple[str, str]]:
        self._forget(key)
        left = list(kept.beside.values())
        return [(finding.id, alert) for finding, alert in self.take(left, now=now)]

    def forget_before(self, instant: int) -> None:
        """Let go of punches whose alert opened before `instant` (UTC ms): nothing late comes of them any more."""
        for key in [key for key, kept in self._records.items() if kept.time < instant]:
            self._forget(key)

    def _forget(self, key: str) -> None:
        kept = self._records[key]
        for found in (kept.lead, *kept.beside):
            self._punches.pop(found, None)
        self._shelves.drop(KIND, key)
