"""What time alone does to alerts: quiet ones end, acknowledgements run out, a backlog of minor ones steps back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.alert import Alert, Status
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.triage.book import REOPEN_WITHIN_MS, AlertBook, calm_at, never_quiet
from nocd.triage.intake import BACKPRESSURE, end

if TYPE_CHECKING:
    from collections.abc import Callable

MINOR_OPEN_MAX = 1_000
_STEP_MAX = 500


def expire(book: AlertBook, now: int) -> int:
    """Carry out what is due by `now`; return how many alerts changed or were let go of."""
    changed = 0
    for alert_id in book.due(now):
        alert = book.get(alert_id)
        if alert is None:
            continue
        if not alert.unresolved:
            book.let_go(alert_id)
            changed += 1
        else:
            changed += any(step(book, alert_id, now) for step in _STEPS)
    return changed + _step_back(book, now)


def _quiet(book: AlertBook, alert_id: str, now: int) -> bool:
    alert = book.get(alert_id)
    if alert is None or never_quiet(alert) or alert.quiet_for_ms is None or now < alert.renewed_at + alert.quiet_for_ms:
        return False
    end(book, book.edit(alert_id), f"not seen for {alert.quiet_for_ms // MINUTE_MS} min", now=now)
    return True


def _ack_runs_out(book: AlertBook, alert_id: str, now: int) -> bool:
    standing = book.get(alert_id)
    if standing is None or standing.ack_expires_at is None or now < standing.ack_expires_at:
        return False
    alert: Alert = book.edit(alert_id)
    alert.ack_expires_at = None
    book.move(alert, Status.OPEN)
    book.decide(alert, "ack_expired", f"{alert.acknowledged_by}'s acknowledgement ran out; unattended again", now=now)
    return True


def _calms(book: AlertBook, alert_id: str, now: int) -> bool:
    standing = book.get(alert_id)
    if standing is None or not standing.flapping or now < calm_at(standing):
        return False
    alert: Alert = book.edit(alert_id)
    alert.flapping = False
    reason = f"no longer flapping: it did not open again for {REOPEN_WITHIN_MS // MINUTE_MS} min"
    book.decide(alert, "calm", reason, now=now)
    return True


def _step_back(book: AlertBook, now: int) -> int:
    """Suppress untouched INFO and LOW alerts older than an hour while over a thousand stand; bring them back after."""
    if book.minor_open() <= MINOR_OPEN_MAX:
        return _come_back(book, now)
    ids = book.untouched_minor(before=now - HOUR_MS)[:_STEP_MAX]
    for alert_id in ids:
        alert = book.edit(alert_id)
        alert.former_status, alert.suppressed_by = alert.status, BACKPRESSURE
        book.move(alert, Status.SUPPRESSED)
        book.decide(alert, "suppressed", f"{BACKPRESSURE}: more than {MINOR_OPEN_MAX} untouched minor alerts", now=now)
    return len(ids)


def _come_back(book: AlertBook, now: int) -> int:
    ids = book.held_back(BACKPRESSURE)
    if book.minor_open() + len(ids) > MINOR_OPEN_MAX:
        return 0
    for alert_id in ids:
        alert = book.edit(alert_id)
        status = alert.former_status or Status.OPEN
        alert.former_status = alert.suppressed_by = None
        book.move(alert, status)
        book.decide(alert, "unsuppressed", f"{BACKPRESSURE} is over", now=now)
    return len(ids)


_STEPS: tuple[Callable[[AlertBook, str, int], bool], ...] = (_quiet, _ack_runs_out, _calms)
