"""Letting go of what is past its time, in small transactions, and giving the room back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nocd.domain.instant import DAY_MS, HOUR_MS, rfc3339
from nocd.store import kpis

if TYPE_CHECKING:
    from nocd.store.store import Store

STEP_ROWS = 1_000
VACUUM_PAGES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long each kind of row is kept."""

    inputs_days: int = 90
    feed_days: int = 90
    alerts_days: int = 400
    idempotency_hours: int = 24
    hours_days: int = 730
    audit_days: int = 2_192


async def retain(store: Store, keep: Keep, *, now: int, saved_to: int) -> str:
    """Remove what is past its time, counted from its receipt; return how much of what.

    Only inputs the saved state already covers are removed, and the newest input and change always stay: numbers go on.
    """
    removed = {
        "inputs": await store.remove_inputs(before=now - keep.inputs_days * DAY_MS, upto=saved_to, step=STEP_ROWS)
    }
    alerts = now - keep.alerts_days * DAY_MS
    removed["changes"] = await _steps(store, [_FEED], now - keep.feed_days * DAY_MS)
    removed["findings"] = await _steps(store, [_FINDINGS], alerts)
    removed["verdicts"] = await _steps(store, [_VERDICTS], alerts)
    removed["scores"] = await _steps(store, [_SCORES], alerts)
    removed["reviews"] = await _steps(store, [_REVIEWS], alerts)
    removed["steps of models"] = await _steps(store, [_MODEL_STEPS], alerts)
    removed["threshold changes"] = await _steps(store, [_THRESHOLD_CHANGES], alerts)
    removed["notifications"] = await _steps(store, [_OUTBOX], now - keep.feed_days * DAY_MS)
    removed["handovers"] = await _steps(store, [_HANDOVERS], alerts)
    removed["playbook runs"] = await _steps(store, [_RUNS], alerts)
    removed["job runs"] = await _steps(store, [_JOB_RUNS], alerts)
    removed["site hours"] = await _steps(store, [_HOURS], now - keep.hours_days * DAY_MS)
    removed["incidents"] = await _steps(store, [_INCIDENTS], alerts)
    removed["alert rows"] = await _steps(store, [_LEDGER, _ALERTS], alerts)
    removed["ticket rows"] = await _steps(store, [_TIMELINE, _TICKETS], alerts)
    removed["replies"] = await _steps(store, [_REPLIES], now - keep.idempotency_hours * HOUR_MS)
    removed["scorecards"] = await _steps(store, [_SCORECARDS], now - keep.hours_days * DAY_MS)
    removed["key figures"] = sum([await _steps(store, [sql], now - kept_ms) for sql, kept_ms in kpis.KEPT.values()])
    audit = now - keep.audit_days * DAY_MS
    removed["audit rows"] = await store.let_go_of_audit(before=audit, step=STEP_ROWS, now=now)
    await store.vacuum(VACUUM_PAGES)
    told = ", ".join(f"{count} {table}" for table, count in removed.items() if count)
    return f"removed {told}" if told else f"nothing is past its time at {rfc3339(now)}"


# Each takes (before, rows). Numbered tables are in order of time, so only their oldest rows are looked at.
# The feed loses a prefix only, whatever its clocks did: a hole in its middle would be a gap.
_OLDEST_CHANGES = "(SELECT seq, time FROM feed ORDER BY seq LIMIT ?2)"
_FEED = (
    f"DELETE FROM feed WHERE seq IN (SELECT seq FROM {_OLDEST_CHANGES}) AND seq < (SELECT max(seq) FROM feed)"  # noqa: S608 - a constant of this file
    f" AND seq < coalesce((SELECT min(seq) FROM {_OLDEST_CHANGES} WHERE time >= ?1), {2**62})"
)
_FINDINGS = "DELETE FROM findings WHERE recorded_at < ?1 AND no IN (SELECT no FROM findings ORDER BY no LIMIT ?2)"
_OLD_ALERTS = "(SELECT no FROM alerts WHERE standing = 0 AND updated_at < ?1 ORDER BY no LIMIT ?2)"
_LEDGER = f"DELETE FROM ledger WHERE alert IN {_OLD_ALERTS}"  # noqa: S608 - a constant of this file
_ALERTS = f"DELETE FROM alerts WHERE no IN {_OLD_ALERTS}"  # noqa: S608 - a constant of this file
_INCIDENTS = (
    "DELETE FROM incidents WHERE standing = 0 AND updated_at < ?1"
    " AND no IN (SELECT no FROM incidents WHERE standing = 0 AND updated_at < ?1 ORDER BY no LIMIT ?2)"
)
_OLD_TICKETS = "(SELECT no FROM tickets WHERE open = 0 AND updated_at < ?1 ORDER BY no LIMIT ?2)"
_TIMELINE = f"DELETE FROM ticket_timeline WHERE ticket IN {_OLD_TICKETS}"  # noqa: S608 - a constant of this file
_TICKETS = f"DELETE FROM tickets WHERE no IN {_OLD_TICKETS}"  # noqa: S608 - a constant of this file
_VERDICTS = (
    "DELETE FROM verdicts WHERE (alert, time) IN"
    " (SELECT alert, time FROM verdicts WHERE time < ?1 ORDER BY time LIMIT ?2)"
)
_SCORES = "DELETE FROM scores WHERE updated_at < ?1 AND no IN (SELECT no FROM scores ORDER BY no LIMIT ?2)"
_REVIEWS = "DELETE FROM reviews WHERE score IN (SELECT score FROM reviews WHERE put_at < ?1 ORDER BY put_at LIMIT ?2)"
_MODEL_STEPS = "DELETE FROM model_steps WHERE time < ?1 AND no IN (SELECT no FROM model_steps ORDER BY no LIMIT ?2)"
_THRESHOLD_CHANGES = (
    "DELETE FROM threshold_changes WHERE time < ?1 AND no IN (SELECT no FROM threshold_changes ORDER BY no LIMIT ?2)"
)
_OUTBOX = (
    "DELETE FROM outbox WHERE no IN (SELECT no FROM outbox WHERE ended_at IS NOT NULL AND ended_at < ?1"
    " ORDER BY ended_at LIMIT ?2)"
)
_RUNS = "DELETE FROM playbook_runs WHERE ended_at < ?1 AND no IN (SELECT no FROM playbook_runs ORDER BY no LIMIT ?2)"
_HANDOVERS = "DELETE FROM handovers WHERE signed_at < ?1 AND no IN (SELECT no FROM handovers ORDER BY no LIMIT ?2)"
_JOB_RUNS = "DELETE FROM job_runs WHERE started < ?1 AND no IN (SELECT no FROM job_runs ORDER BY no LIMIT ?2)"
_HOURS = (
    "DELETE FROM site_hours WHERE (baseline, hour) IN"
    " (SELECT baseline, hour FROM site_hours WHERE hour < ?1 ORDER BY hour LIMIT ?2)"
)
_SCORECARDS = (
    "DELETE FROM scorecards WHERE (client, day) IN (SELECT client, day FROM scorecards WHERE day < ?1 LIMIT ?2)"
)
_REPLIES = "DELETE FROM replies WHERE key IN (SELECT key FROM replies WHERE time < ?1 LIMIT ?2)"


async def _steps(store: Store, statements: list[str], before: int) -> int:
    total = 0
    while removed := await store.run([(sql, (before, STEP_ROWS)) for sql in statements]):
        total += removed
    return total
