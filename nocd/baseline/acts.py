"""What people and the tuning do to thresholds: set, pinned, tuned, rolled back; each move a change with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.baseline.threshold import THRESHOLD_MAX, THRESHOLD_MIN
from nocd.domain.command import Command, Refused
from nocd.domain.threshold import ThresholdChange

if TYPE_CHECKING:
    from nocd.domain.baseline import Baseline
    from nocd.domain.shelf import Shelves

BASELINE_KIND: Final = "baseline"
CHANGES_KIND: Final = "threshold_changes"
VERBS: Final = frozenset({"set_threshold", "pin", "tune", "roll_back"})
CHANGES_KEPT: Final = 50  # of each baseline, to be rolled back; all are in the store
_TOLD = (
    "pool",
    "verdicts",
    "alerts_before",
    "alerts_after",
    "false_positive_rate_before",
    "false_positive_rate_after",
)


class ThresholdActs:
    """Carries out commands on the thresholds of baselines."""

    def __init__(self, shelves: Shelves) -> None:
        """Work on the shelves."""
        self._shelves = shelves

    def act(self, command: Command, *, now: int) -> tuple[Baseline, list[ThresholdChange]]:
        """Carry out a command; return the baseline and the changes it made or marked. Raises Refused."""
        if self._shelves.get(BASELINE_KIND, command.target) is None:
            raise Refused("not_found", f"there is no baseline {command.target}")
        if command.verb == "roll_back":
            return self._roll_back(command, now)
        if command.verb == "pin":
            return self._pin(command, now)
        if command.verb == "tune":
            return self._tune(command, now)
        reason = str(command.args.get("note") or "") or "set by hand"
        return self._move(command, _within(command.args["threshold"]), reason, now)

    def _pin(self, command: Command, now: int) -> tuple[Baseline, list[ThresholdChange]]:
        """Pin a threshold or let go of it: a change of no size, so that its history tells."""
        baseline: Baseline = self._shelves.edit(BASELINE_KIND, command.target)
        pinned = bool(command.args["pinned"])
        if pinned == baseline.pinned:
            return baseline, []
        baseline.pinned = pinned
        note, done = str(command.args.get("note") or ""), "pinned" if pinned else "let go of"
        return baseline, [self._change(command, baseline, baseline.threshold, f"{done}: {note}" if note else done, now)]

    def _tune(self, command: Command, now: int) -> tuple[Baseline, list[ThresholdChange]]:
        """Take the weekly tuning's word, unless the threshold was pinned since it was asked."""
        baseline: Baseline = self._shelves.edit(BASELINE_KIND, command.target)
        if baseline.pinned:
            raise Refused("pinned", f"the threshold of {baseline.id} is pinned at {baseline.threshold:g}")
        baseline.calm_tunings = int(command.args["calm_tunings"])
        value = command.args.get("threshold")
        if value is None:
            return baseline, []
        return self._move(command, _within(value), str(command.args["reason"]), now)

    def _move(self, command: Command, value: float, reason: str, now: int) -> tuple[Baseline, list[ThresholdChange]]:
        baseline: Baseline = self._shelves.edit(BASELINE_KIND, command.target)
        if value == baseline.threshold:
            return baseline, []
        change = self._change(command, baseline, value, reason, now)
        baseline.threshold = value
        return baseline, [change]

    def _change(self, command: Command, baseline: Baseline, value: float, reason: str, now: int) -> ThresholdChange:
        number = (self._shelves.get("counter", "threshold_change") or 0) + 1
        self._shelves.put("counter", "threshold_change", number)
        known = {**command.args, **command.foreseen}
        told: dict[str, Any] = {name: known.get(name) for name in _TOLD}
        change = ThresholdChange(
            no=number,
            baseline=baseline.id,
            time=now,
            old=baseline.threshold,
            new=value,
            actor=command.actor,
            reason=reason,
            **told,
        )
        kept: list[ThresholdChange] = self._shelves.get(CHANGES_KIND, baseline.id) or []
        self._shelves.put(CHANGES_KIND, baseline.id, [*kept[1 - CHANGES_KEPT :], change])
        return change

    def _roll_back(self, command: Command, now: int) -> tuple[Baseline, list[ThresholdChange]]:
        """Put the threshold back to what it was before a change, once."""
        kept: list[ThresholdChange] = self._shelves.edit(CHANGES_KIND, command.target) or []
        change = next((each for each in kept if each.id == command.args["change"]), None)
        if change is None:
            raise Refused("not_found", f"{command.target} has no change {command.args['change']} that is kept to undo")
        if change.rolled_back_at is not None:
            raise Refused("rolled_back", f"{change.id} was rolled back already, by {change.rolled_back_by}")
        note = str(command.args.get("note") or "")
        reason = f"{change.id} rolled back" + (f": {note}" if note else "")
        baseline, moved = self._move(command, change.old, reason, now)
        change.rolled_back_at, change.rolled_back_by = now, command.actor
        return baseline, [change, *moved]


def _within(value: float) -> float:
    if not THRESHOLD_MIN <= value <= THRESHOLD_MAX:
        raise Refused(
            "bad_threshold", f"a threshold lies between {THRESHOLD_MIN} and {THRESHOLD_MAX}, not at {value:g}"
        )
    return float(value)
