"""What the daemon itself could not do: a job that failed, a message that did not arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.finding import Category, Finding
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.command import Command

JOB_FAILED: Final = "JOB_FAILED"
IN_A_ROW: Final = 3
NOTIFICATION_FAILED: Final = "NOTIFICATION_FAILED"


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


def notification_failed(receiver: str, detail: str, *, gone: bool, time: int) -> Finding:
    """Turn a message that was given up, or a receiver that is `gone`, into a finding."""
    what = "is gone and was disabled" if gone else "could not be told for a day"
    return Finding(
        type=NOTIFICATION_FAILED,
        category=Category.OPERATIONAL,
        severity=Severity.HIGH,
        confidence=1.0,
        time=time,
        reason=f"receiver {receiver} {what}: {detail}",
        entity_type="receiver",
        entity_id=receiver,
        evidence={"receiver": receiver, "detail": detail, "gone": gone},
    )
