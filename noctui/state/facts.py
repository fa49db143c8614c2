"""What was asked of the daemon and what it said, by need: a kind of question and what it is about."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from noctui.state.cells import clean
from noctui.state.glance import read_heat, read_mtta, read_overview, read_people, read_tickets, read_trend
from noctui.state.person import read_day, read_days, read_profile, read_risk
from noctui.state.score import Score, read_risks, read_scores, read_similar
from noctui.state.times import MINUTE_MS, SECOND_MS

Body: TypeAlias = Mapping[str, Any]
Need: TypeAlias = tuple[str, str]
AGAIN_MS = MINUTE_MS
STIRRED_MS = 5 * SECOND_MS
SELDOM_MS = 10 * MINUTE_MS
SELDOM = frozenset({"punches"})  # large, and only what is usual of many
FACTS_MAX = 200
READERS: dict[str, Callable[[Body], Any]] = {
    "overview": read_overview,
    "pulse": read_heat,
    "heat": read_heat,
    "mtta": read_mtta,
    "trend": read_trend,
    "due": read_tickets,
    "people": read_people,
    "risks": read_risks,
    "scores": read_scores,
    "punches": read_scores,
    "similar": read_similar,
    "days": read_days,
    "punches_of": read_scores,
    "day_of": read_day,
    "profile": read_profile,
    "person_risk": read_risk,
    "tickets_of": read_tickets,
}
# What the feed tells that makes an answer old.
STIRRED: Mapping[str, tuple[str, ...]] = {
    "fraud_scored": ("scores", "risks", "punches_of", "days", "day_of", "person_risk", "people"),
    "alert_created": ("overview", "pulse", "heat", "people"),
    "alert_updated": ("overview", "people", "similar"),
    "ticket_created": ("due", "tickets_of", "overview"),
    "ticket_updated": ("due", "tickets_of", "overview"),
    "finding_created": ("pulse", "heat"),
    "anomaly_detected": ("pulse", "heat"),
    "metrics_refresh": ("overview", "trend"),
}


@dataclass(slots=True)
class Facts:
    """Answers that were read, when each need was last asked for (this machine's ms), and what went wrong last.

    A need is asked for again after a minute (some seldomer), or five seconds after the last time once the feed says
    that it moved. What came before a problem is kept; the oldest needs past a bound are forgotten.
    """

    known: OrderedDict[Need, Any] = field(default_factory=OrderedDict)
    asked: OrderedDict[Need, int] = field(default_factory=OrderedDict)
    problems: dict[Need, str] = field(default_factory=dict)
    moved: dict[Need, bool] = field(default_factory=dict)

    def get(self, kind: str, key: str = "") -> Any:
        """Return what is known, None before it has come."""
        return self.known.get((kind, key))

    def problem(self, kind: str, key: str = "") -> str:
        """Return why the last try gave nothing, empty where it gave something."""
        return self.problems.get((kind, key), "")

    def due(self, needs: Iterable[Need], now: int) -> list[Need]:
        """Return the needs to be asked for now, and note them as asked."""
        due = [need for need in needs if self._due(need, now)]
        for need in due:
            self.moved.pop(need, None)
            self.asked[need] = now
            self.asked.move_to_end(need)
        while len(self.asked) > FACTS_MAX:
            self._forget(next(iter(self.asked)))
        return due

    def _due(self, need: Need, now: int) -> bool:
        last = self.asked.get(need)
        wait_ms = STIRRED_MS if self.moved.get(need) else SELDOM_MS if need[0] in SELDOM else AGAIN_MS
        return last is None or now - last >= wait_ms

    def _forget(self, need: Need) -> None:
        del self.asked[need]
        for held in (self.known, self.problems, self.moved):
            held.pop(need, None)

    def stir(self, *kinds: str) -> None:
        """Have needs of these kinds asked for again soon."""
        self.moved.update(dict.fromkeys((need for need in self.asked if need[0] in kinds), True))

    def again(self) -> None:
        """Have everything asked for again at once, as after a lost link."""
        self.asked = OrderedDict.fromkeys(self.asked, -SELDOM_MS)

    def rescore(self, score: Score) -> None:
        """Know a score as it stands after a verdict, wherever it is shown."""
        for (kind, _), known in self.known.items():
            if READERS[kind] is read_scores and score.id in known:
                known[score.id] = score

    def take(self, kind: str, key: str, status: int, body: Body) -> bool:
        """Take in what was answered, and tell whether it was asked for."""
        need = (kind, key)
        if need not in self.asked:
            return False
        if status >= 400:  # noqa: PLR2004 - HTTP's own border
            self.problems[need] = clean(body.get("detail") or f"HTTP {status}")
            return True
        self.problems.pop(need, None)
        self.known[need] = READERS[kind](body)
        return True
