"""From settings to the limits of each room."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from nocd.batch import Limits
from nocd.clock import now_ms
from nocd.domain.incident import CloseWhen
from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS
from nocd.ingest.decode import Decoder, uuid7
from nocd.jobs.retention import Keep
from nocd.jobs.timetable import UpkeepLimits
from nocd.jobs.tuning import Budget
from nocd.procedures import read_runbooks
from nocd.rulebook import read_rules
from nocd.tenant import TenantLimits
from nocd.triage.intake import Limits as TriageLimits

if TYPE_CHECKING:
    from nocd.detect.rules import Rules
    from nocd.settings import Settings


def tenant_limits(settings: Settings, rules: Rules | None = None) -> TenantLimits:
    """Return the limits of a tenant's rooms; reads the files it names, and raises Faulty for a bad one.

    Rules that are given take the place of those of the file.
    """
    return TenantLimits(
        pipeline=Limits(
            batch_events_max=settings.batch_events_max,
            inbox_events_max=settings.inbox_events_max,
            save_every_events=settings.state_lag_events_max // 5,
        ),
        triage=TriageLimits(
            outside_quiet_ms=settings.quiet_for_outside_alerts_minutes * MINUTE_MS,
            alerts_open_max=settings.alerts_open_max,
            ack_expires_ms=settings.ack_expires_minutes * MINUTE_MS,
            ticket_severities=settings.severities_of_tickets,
            escalate_minutes=settings.escalate_minutes,
            correlation_window_ms=settings.correlation_window_minutes * MINUTE_MS,
            incident_close_when=CloseWhen(settings.incident_close_when),
            shift_starts=settings.shift_starts,
            timezone=settings.timezone,
        ),
        lateness_ms=settings.lateness_minutes * MINUTE_MS,
        rules=read_rules(settings.detectors) if rules is None else rules,
        runbooks=read_runbooks(settings.runbooks),
        routes=settings.routing,
    )


def upkeep_limits(settings: Settings) -> UpkeepLimits:
    """Return what upkeep is to hold."""
    return UpkeepLimits(
        min_free_bytes=settings.min_free_bytes,
        wal_max_bytes=settings.wal_max_bytes,
        budget=Budget(per_site_week=settings.alarm_budget_per_week),
        kpi_samples=settings.kpi_samples,
        keep=Keep(
            inputs_days=settings.inputs_retention_days,
            feed_days=settings.feed_retention_days,
            alerts_days=settings.alerts_retention_days,
            idempotency_hours=settings.idempotency_hours,
            hours_days=settings.site_hours_retention_days,
            audit_days=settings.audit_retention_days,
        ),
    )


def decoder(settings: Settings) -> Decoder:
    """Return what decodes events within the limits of `settings`."""
    return Decoder(
        max_event_bytes=settings.max_event_bytes,
        max_future_ms=settings.max_future_s * SECOND_MS,
        max_age_ms=settings.max_age_days * DAY_MS,
        new_id=lambda: uuid7(now_ms(), secrets.token_bytes(10)),
    )
