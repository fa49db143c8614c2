"""Whether a trained model may be put in force: every gate a row: what was found, what was needed, the reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from ml.fairness import RATIO_MAX

PR_AUC_MIN: Final = 0.70
PRECISION_MIN: Final = 0.50
WORSE_MAX: Final = 0.02  # of PR-AUC: were it 0, a model retrained on one more week could never be shown to be as good


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate's answer; `found` is None where there was nothing to read."""

    name: str
    passed: bool
    found: float | None
    needed: float
    reason: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What all gates say together."""

    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Return whether every gate passed."""
        return all(gate.passed for gate in self.gates)

    def told(self) -> dict[str, Any]:
        """Return the ruling as it is printed and stored."""
        return {"passed": self.passed, "gates": [asdict(gate) for gate in self.gates]}


def judge(metrics: dict[str, Any]) -> Ruling:
    """Return the gates' answers to the figures of a trial."""
    model, differences = metrics["model"], metrics["differences"]
    gates = [
        _least("pr_auc", model["pr_auc"][0], PR_AUC_MIN, "PR-AUC"),
        _least("precision_at_80_recall", model["precision_at_80_recall"], PRECISION_MIN, "precision at 80 % recall"),
    ]
    gates += [_no_worse(other, differences[other]) for other in ("rules", "champion") if other in differences]
    gates += [_fair(group, told) for group, told in metrics["groups"].items()]
    return Ruling(tuple(gates))


def _least(name: str, found: float | None, needed: float, words: str) -> Gate:
    passed = found is not None and found >= needed
    told = "not known" if found is None else f"{found:.3f}"
    return Gate(name=name, passed=passed, found=found, needed=needed, reason=f"{words} {told}, {needed:.2f} needed")


def _no_worse(other: str, difference: list[float | None]) -> Gate:
    """Pass only if the lower bound of the paired difference shows no loss: luck with few frauds is no proof."""
    value, low, high = difference
    passed = low is not None and low >= -WORSE_MAX
    if value is None or low is None or high is None:
        told = f"the difference in PR-AUC to the {other} is not known"
    else:
        verdict = "no worse than" if passed else "not shown to be no worse than"
        told = f"{verdict} the {other}: PR-AUC {value:+.3f} ({low:+.3f} to {high:+.3f}) on the same rows"
    return Gate(name=f"no_worse_than_{other}", passed=passed, found=low, needed=-WORSE_MAX, reason=told)


def _fair(group: str, told: dict[str, Any]) -> Gate:
    return Gate(
        name=f"fair_by_{group}",
        passed=told["level"] != "refused",
        found=told["ratio"],
        needed=RATIO_MAX,
        reason=f"by {group}: {told['reason']}",
    )
