"""A job of the daemon itself that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.finding import Category, Finding
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.command import Command

JOB_FAILED: Final = "JOB_FAILED"
IN_A_ROW: Final = 3


def job_failed(command: Command, *, time: int) -> Finding:
    """Turn a failed run of the job `target` into a finding: MEDIUM, HIGH from the third of `failures` in a row."""
    detail, failures = str(command.args["detail"]), int(command.args["failures"])
    often = f", {failures} times in a row" if failures > 1 else ""
    return Finding(
        type=JOB_FAILED,
        category=Category.OPERATIONAL,
        severity=Severity.HIGH if failures >= IN_A_ROW else Severity.MEDIUM,
        confidence=1.0,
        time=time,
        reason=f"the daemon's job {command.target} failed{often}: {detail}",
        entity_type="job",
        entity_id=command.target,
        evidence={"job": command.target, "detail": detail, "failures": failures},
    )
