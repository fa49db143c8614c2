"""A commit's parts as rows of their tables, columns in order."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import orjson

from nocd.domain.delivery import GIVE_UP_MS
from nocd.store.outbox import INSERT
from nocd.store.rows import number
from nocd.store.scores import JUDGE as JUDGE_SCORE
from nocd.store.scores import UPSERT as UPSERT_SCORE
from nocd.wire.present_incidents import timeline_view

if TYPE_CHECKING:
    from nocd.store.rows import Commit, InputRow


def input_row(row: InputRow) -> tuple[object, ...]:
    """Return an input."""
    return row.no, row.kind.value, row.time, row.received_at, row.claimed_time, row.late, row.body


def feed(commit: Commit) -> list[tuple[object, ...]]:
    """Return a commit's changes, as feed rows."""
    return [
        (
            numbered.seq,
            numbered.no,
            numbered.change.time,
            numbered.change.type,
            numbered.change.site,
            numbered.change.client,
            numbered.change.person,
            numbered.change.severity,
            numbered.body,
        )
        for numbered in commit.changes
    ]


def alerts(commit: Commit) -> list[tuple[object, ...]]:
    """Return the alerts a commit touched."""
    return [
        (
            alert.no,
            alert.status,
            alert.unresolved or alert.ended_unseen,
            alert.severity.rank,
            alert.priority,
            alert.last_seen,
            alert.updated_at,
            alert.type,
            alert.site,
            view["client"],
            alert.person,
            alert.fingerprint,
            orjson.dumps(view),
            orjson.dumps(alert),
        )
        for alert, view in commit.alerts
    ]


def incidents(commit: Commit) -> list[tuple[object, ...]]:
    """Return the incidents a commit touched."""
    return [
        (
            incident.no,
            incident.status,
            incident.unresolved,
            incident.severity.rank,
            incident.score,
            incident.last_seen,
            incident.opened_at,
            incident.updated_at,
            incident.site,
            view["client"],
            incident.person,
            orjson.dumps(view),
            orjson.dumps(timeline_view(incident)),
        )
        for incident, view in commit.incidents
    ]


def ledger(commit: Commit) -> list[tuple[object, ...]]:
    """Return the decisions about alerts."""
    return [
        (number(row.alert), row.row, row.time, row.decision, row.reason, row.actor, row.old_status, row.new_status)
        for row in commit.ledger
    ]


def findings(commit: Commit) -> list[tuple[object, ...]]:
    """Return what was found."""
    return [
        (
            number(finding.id),
            None if alert is None else number(alert),
            finding.time,
            commit.now,
            finding.type,
            finding.severity.rank,
            finding.site,
            client,
            finding.person,
            orjson.dumps(finding),
        )
        for finding, alert, client in commit.findings
    ]


def opened(commit: Commit) -> list[tuple[int, int]]:
    """Return (alert, finding) of findings that opened theirs later than they were made."""
    return [(number(alert), number(finding)) for finding, alert in commit.opened]


def replies(commit: Commit) -> list[tuple[object, ...]]:
    """Return the first answers to commands that carried a key."""
    return [(key, time, asked, reply.status, orjson.dumps(reply.body)) for key, time, asked, reply in commit.replies]


def unjudged(commit: Commit) -> list[tuple[object, ...]]:
    """Return (alert, time) after which no verdict on it stands: one that was taken back."""
    return [(alert.no, alert.judged_at or 0) for alert, _ in commit.alerts]


def verdicts(commit: Commit) -> list[tuple[object, ...]]:
    """Return the verdicts that stand on the alerts a commit touched."""
    return [
        (
            alert.no,
            alert.judged_at,
            alert.verdict,
            alert.type,
            alert.site,
            view["client"],
            alert.person,
            alert.baseline,
        )
        for alert, view in commit.alerts
        if alert.verdict is not None and alert.judged_at is not None
    ]


def hours(commit: Commit) -> list[tuple[object, ...]]:
    """Return closed hours."""
    return [
        (
            hour.baseline,
            hour.hour,
            hour.hour_of_week,
            hour.value,
            hour.heads,
            hour.expected,
            hour.spread,
            hour.z,
            hour.threshold,
            hour.anomalous,
            hour.learned,
        )
        for hour in commit.hours
    ]


def threshold_changes(commit: Commit) -> list[tuple[object, ...]]:
    """Return moves of thresholds, new or taken back."""
    return [
        (change.no, change.baseline, change.time, site, client, change.rolled_back_at, orjson.dumps(change))
        for change, site, client in commit.threshold_changes
    ]


def job_runs(commit: Commit) -> list[tuple[object, ...]]:
    """Return runs of jobs."""
    return [(run.job, run.started, run.seconds, run.outcome, run.detail) for run in commit.job_runs]


def tickets(commit: Commit) -> list[tuple[object, ...]]:
    """Return the tickets a commit touched, those that are no longer open first: they make room for their key."""
    return [
        (
            ticket.no,
            ticket.number,
            ticket.key,
            ticket.status,
            ticket.open,
            ticket.priority.rank,
            ticket.type,
            ticket.site,
            view["client"],
            ticket.person,
            ticket.assignee,
            ticket.created_at,
            ticket.updated_at,
            orjson.dumps(view),
            orjson.dumps(ticket),
        )
        for ticket, view in sorted(commit.tickets, key=lambda each: (each[0].open, each[0].no))
    ]


def timeline(commit: Commit) -> list[tuple[object, ...]]:
    """Return what happened to tickets."""
    return [
        (number(row.ticket), row.row, row.time, row.decision, row.reason, row.actor, row.old_status, row.new_status)
        for row in commit.timeline
    ]


def further(commit: Commit) -> list[tuple[str, list[tuple[object, ...]]]]:
    """Return the rows of a commit that need no care but a statement, each with its own."""
    return [
        ("INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?)", replies(commit)),
        ("INSERT INTO job_runs VALUES (NULL, ?, ?, ?, ?, ?)", job_runs(commit)),
        (INSERT, outbox(commit)),
        ("INSERT OR REPLACE INTO playbook_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", runs(commit)),
        (UPSERT_SCORE, scores(commit)),
        (JUDGE_SCORE, judged(commit)),
        ("INSERT INTO model_steps VALUES (NULL, ?, ?, ?, ?, ?)", model_steps(commit)),
        ("INSERT OR REPLACE INTO handovers VALUES (?, ?, ?, ?, ?, ?)", handovers(commit)),
    ]


def scores(commit: Commit) -> list[tuple[object, ...]]:
    """Return the scores a commit made or changed."""
    return [
        (
            number(made.id),
            made.view["punch"],
            made.view["person"],
            made.view["site"],
            made.view["client"],
            made.time,
            commit.now,
            made.view["rule_score"],
            made.view["model_score"],
            made.view["fraud_score"],
            made.view["level"],
            None if made.view["alert"] is None else number(made.view["alert"]),
            None if made.features is None else orjson.dumps(made.features),
            orjson.dumps(made.view),
            None if made.model is None else made.model.version,
            None if made.model is None else made.model.prediction.shadow,
            None if made.model is None else made.model.shadow_version,
        )
        for made in commit.scores
    ]


def judged(commit: Commit) -> list[tuple[object, ...]]:
    """Return what punches turned out to be."""
    return [(each.verdict, each.time, each.actor, each.note, number(each.score)) for each in commit.judged]


def model_steps(commit: Commit) -> list[tuple[object, ...]]:
    """Return steps of models' lives, their author with the figures."""
    return [
        (step.time, step.kind, step.version, step.reason, orjson.dumps({"actor": step.actor, **step.body}))
        for step in commit.model_steps
    ]


def outbox(commit: Commit) -> list[tuple[object, ...]]:
    """Return messages to be sent, each under an id that it keeps at every attempt."""
    return [
        (
            f"msg_{secrets.token_hex(12)}",
            each.receiver,
            each.route,
            each.run,
            each.step,
            each.site,
            each.client,
            ",".join(each.alerts),
            each.created_at,
            each.created_at,
            each.created_at + GIVE_UP_MS,
            orjson.dumps(each.body),
        )
        for each in commit.outbox
    ]


def runs(commit: Commit) -> list[tuple[object, ...]]:
    """Return the runs of playbooks a commit touched."""
    return [
        (
            run.no,
            run.playbook,
            number(run.alert),
            run.status,
            run.started_at,
            run.ended_at,
            run.site,
            view["client"],
            orjson.dumps(view),
        )
        for run, view in commit.runs
    ]


def handovers(commit: Commit) -> list[tuple[object, ...]]:
    """Return the handovers a commit signed or accepted."""
    return [
        (made.no, made.signed_by, made.signed_at, made.accepted_by, made.accepted_at, orjson.dumps(view))
        for made, view in commit.handovers
    ]


def state(commit: Commit, no: int) -> list[tuple[object, ...]]:
    """Return records of the save that began at input number `no`."""
    return [(kind, key, no, body) for kind, key, body in commit.state]
