"""What time alone does to alerts: quiet ones end, acknowledgements run out, a backlog of minor ones steps back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.alert import Alert, Status
from nocd.domain.instant import MINUTE_MS
from nocd.triage.backlog import BACKPRESSURE, MINOR_CALM, MINOR_MAX
from nocd.triage.book import REOPEN_WITHIN_MS, AlertBook, calm_at, never_quiet
from nocd.triage.intake import end

if TYPE_CHECKING:
    from collections.abc import Callable


def expire(book: AlertBook, now: int) -> int:
    """Carry out what is due by `now`; return how many alerts changed or were let go of."""
    changed = 0
    for alert in book.due(now):
        if alert.unresolved:
            changed += any(step(book, alert, now) for step in _STEPS)
        else:
            book.let_go(alert.id)
            changed += 1
    return changed + _step_back(book, now) + _come_back(book, now)


def _quiet(book: AlertBook, standing: Alert, now: int) -> bool:
    quiet_for_ms = standing.quiet_for_ms
    if never_quiet(standing) or quiet_for_ms is None or now < standing.renewed_at + quiet_for_ms:
        return False
    end(book, book.edit(standing.id), f"not seen for {quiet_for_ms // MINUTE_MS} min", now=now)
    return True


def _ack_runs_out(book: AlertBook, standing: Alert, now: int) -> bool:
    if standing.ack_expires_at is None or now < standing.ack_expires_at:
        return False
    alert = book.edit(standing.id)
    alert.ack_expires_at = None
    if alert.status is Status.SUPPRESSED:
        alert.former_status = Status.OPEN
    else:
        book.move(alert, Status.OPEN)
    book.decide(alert, "ack_expired", f"{alert.acknowledged_by}'s acknowledgement ran out; unattended again", now=now)
    return True


def _calms(book: AlertBook, standing: Alert, now: int) -> bool:
    if not standing.flapping or now < calm_at(standing):
        return False
    alert = book.edit(standing.id)
    alert.flapping = False
    reason = f"no longer flapping: it did not open again for {REOPEN_WITHIN_MS // MINUTE_MS} min"
    book.decide(alert, "calm", reason, now=now)
    return True


def _step_back(book: AlertBook, now: int) -> int:
    """Suppress untouched INFO and LOW alerts older than an hour while over a thousand stand."""
    ids = book.backlog.to_step_back(now)
    for alert_id in ids:
        alert = book.edit(alert_id)
        alert.former_status, alert.suppressed_by = alert.status, BACKPRESSURE
        book.move(alert, Status.SUPPRESSED)
        book.decide(alert, "suppressed", f"{BACKPRESSURE}: more than {MINOR_MAX} untouched minor alerts", now=now)
    return len(ids)


def _come_back(book: AlertBook, now: int) -> int:
    ids = book.backlog.to_come_back()
    for alert_id in ids:
        alert = book.edit(alert_id)
        status = alert.former_status or Status.OPEN
        alert.show()
        book.move(alert, status)
        reason = f"{BACKPRESSURE} is over: {MINOR_CALM} untouched minor alerts or fewer"
        book.decide(alert, "unsuppressed", reason, now=now)
    return len(ids)


_STEPS: tuple[Callable[[AlertBook, Alert, int], bool], ...] = (_quiet, _ack_runs_out, _calms)
