"""A ticket's evidence on the wire."""

from __future__ import annotations

from typing import Any, Literal

from nocd.wire.views import View


class EvidenceItem(View):
    """One piece, with the SHA-256 of its canonical JSON (keys sorted, no spaces)."""

    kind: Literal["ticket", "timeline", "alert", "decision", "finding", "rule", "event", "act"]
    id: str
    sha256: str
    content: dict[str, Any]


class SealView(View):
    """The row of the audit trail that has the root, with all that is needed to make its digest again."""

    no: int
    time: str
    time_ms: int
    actor: str
    act: str
    target: str
    peer: str
    site: str | None = None
    client: str | None = None
    detail: str
    prior: str
    digest: str


class EvidenceView(View):
    """All on record of a ticket's case; `root` is over the header and every item, `limits` say what is not in."""

    format: str
    tenant: str
    ticket: str
    number: str
    made_at: str
    made_by: str
    version: str
    model: dict[str, Any] | None = None
    limits: list[str]
    items: list[EvidenceItem]
    root: str
    seal: SealView | None = None
