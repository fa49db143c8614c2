"""What the daemon counts about itself, in Prometheus' words; one registry a daemon, so tests do not share numbers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)


class Metrics:
    """Every counter, gauge and histogram, by what it measures; `tenant` labels are bound by `Tenant.metrics`."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"
    openmetrics_content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Register everything anew."""
        self.registry = registry = CollectorRegistry()
        self.accepted = Counter("nocd_events_accepted", "Events stored", registry=registry)
        self.duplicates = Counter("nocd_events_duplicate", "Events that were stored before", registry=registry)
        self.rejected = Counter("nocd_events_rejected", "Events refused", ["code"], registry=registry)
        self.inbox = Gauge("nocd_inbox_events", "Events waiting for a commit", registry=registry)
        self.batch = Histogram("nocd_batch_events", "Events a commit", registry=registry, buckets=_SIZES)
        self.commit = Histogram(
            "nocd_commit_seconds", "One transaction, fsync included", registry=registry, buckets=_SECONDS
        )
        self.to_commit = Histogram(
            "nocd_ingest_to_commit_seconds", "From received to durable", registry=registry, buckets=_SECONDS
        )
        self.to_feed = Histogram(
            "nocd_ingest_to_feed_seconds", "From received to handed to the feed", registry=registry, buckets=_SECONDS
        )
        self.engine = Histogram(
            "nocd_engine_seconds_per_event",
            "Deciding, an event",
            registry=registry,
            buckets=(1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 1e-2),
        )
        self.findings = Counter("nocd_findings", "Findings made", ["type"], registry=registry)
        self.verdicts = Counter("nocd_verdicts", "Verdicts given", ["verdict"], registry=registry)
        self.notifications = Counter(
            "nocd_notifications", "Attempts to tell receivers, by what came of them", ["state"], registry=registry
        )
        self.rebuilds = Counter("nocd_engine_rebuilds", "Engines rebuilt from the store", registry=registry)
        self.feed_clients = Gauge("nocd_feed_clients", "Clients on the feed", registry=registry)
        self.feed_backlog = Gauge("nocd_feed_backlog_changes", "Changes waiting for slow clients", registry=registry)
        self.feed_lagged = Gauge(
            "nocd_feed_lagged_clients", "Clients cut for being too slow, since start", registry=registry
        )
        self.database_bytes = Gauge("nocd_database_bytes", "Size of the databases", registry=registry)
        self.wal_bytes = Gauge("nocd_wal_bytes", "Size of the write-ahead logs", registry=registry)
        self.requests = Counter("nocd_api_requests", "Requests answered", ["route", "status"], registry=registry)
        self.request_seconds = Histogram(
            "nocd_api_request_seconds", "Time to answer", ["route"], registry=registry, buckets=_SECONDS
        )
        self.tickets = Counter("nocd_tickets", "Tickets opened, by what they came of", ["origin"], registry=registry)
        self.threshold_changes = Counter("nocd_threshold_changes", "Moves of thresholds", registry=registry)
        self.degraded = Gauge("nocd_part_degraded", "1 while a part is not well", ["part"], registry=registry)
        # A label `job` would be Prometheus' own.
        self.job_seconds = Histogram("nocd_job_seconds", "One run of a job", ["name"], registry=registry)
        self.job_success = Gauge(
            "nocd_job_last_success_timestamp_seconds", "When a job last ended well", ["name"], registry=registry
        )
        ProcessCollector(registry=registry)
        self._of_models(registry)

    def _of_models(self, registry: CollectorRegistry) -> None:
        self.model_seconds = Histogram(
            "nocd_model_seconds", "A model asked about a batch's punches", registry=registry, buckets=_SECONDS
        )
        self.model_failures = Counter(
            "nocd_model_failures", "Batches that a model could not judge: rules alone did", registry=registry
        )

    def text(self) -> bytes:
        """Return everything in Prometheus' text form."""
        return generate_latest(self.registry)
