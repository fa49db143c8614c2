"""A console on a stage: a link that says what the test writes, a clock that stands, and the screen as text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from noctui.app import Console
from noctui.client.mailbox import Mailbox
from noctui.client.orders import Order
from noctui.client.queries import Query
from noctui.client.tidings import Fetched, Frame, Latency, LinkLost, OrderAnswered, OrderTried, Snapshot, Told
from tests.integration.noctui.fake import SITES, rfc3339, view
from tests.integration.noctui.listening import PATIENCE_S

T0 = 1_795_356_442_000  # 2026-11-22 14:07:22 UTC
GOLDEN = Path(__file__).parent / "golden"
Body = dict[str, Any]


class ScriptedLink:
    """Tells the console what the test says, and keeps what the console asks."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.orders: list[Order] = []
        self.cancelled: list[str] = []
        self.fetched: list[str] = []
        self.queries: list[Query] = []
        self.said: list[Query] = []  # where the operator is
        self.retries = 0
        self.started = self.closed = False

    def start(self) -> None:
        self.started = True

    def close(self) -> None:
        self.closed = True

    def submit(self, order: Order) -> None:
        self.orders.append(order)

    def cancel(self, key: str) -> bool:
        self.cancelled.append(key)
        return True

    def retry(self) -> None:
        self.retries += 1

    def fetch_why(self, alert_id: str) -> None:
        self.fetched.append(alert_id)

    def fetch(self, query: Query) -> None:
        (self.said if query.kind == "presence" else self.queries).append(query)


class Stage:
    """A console, its scripted link and a clock in milliseconds that moves when told."""

    def __init__(self, **options: Any) -> None:
        self.now = 1_000_000
        self.seq = 0
        self.link = ScriptedLink()
        self.app = Console(self.link, beat_s=0.001, clock=lambda: self.now, **options)
        self.app.desk.model.tz = UTC

    # -------------------------------------------------------------------------------------------------------- saying

    def load(self, *alerts: Body) -> None:
        sites = [{"id": key, "name": name, "client": "Acme"} for key, name in SITES.items()]
        counts = {"alerts": list(alerts), "alerts_total": len(alerts), "sites": sites, "counts": {}}
        body = {"epoch": "e1", "seq": self.seq, "time": rfc3339(T0), **counts}
        self.link.mailbox.post(Snapshot(body, self.now))
        self.resume()
        self.link.mailbox.post(Latency(38.0))

    def resume(self) -> None:
        time = rfc3339(T0 + self.now - 1_000_000)
        hello = {"type": "hello", "epoch": "e1", "seq": self.seq, "oldest_seq": 1, "server_time": time}
        self.frame({**hello, "version": "0.1.0"})
        self.frame({"type": "caught_up", "seq": self.seq})

    def frame(self, body: Body) -> None:
        self.link.mailbox.post(Frame(body, self.now))

    def change(self, kind: str, data: Body, **about: Any) -> None:
        self.seq += 1
        time = rfc3339(T0 + self.now - 1_000_000)
        told = {"seq": self.seq, "time": time, "type": kind, "data": data, **about}
        self.frame({"type": "batch", "from": self.seq, "to": self.seq, "changes": [told]})

    def alert(self, body: Body, *, old: str | None = None, actor: str = "engine", happened: str = "opened") -> None:
        data = {
            **body,
            "old_status": old,
            "new_status": body["status"],
            "happened": happened,
            "why": "",
            "actor": actor,
        }
        kind = "alert_created" if old is None else "alert_updated"
        self.change(kind, data, site=body["site"], severity=body["severity"])

    def lose(self, *, attempt: int = 1, retry_in_ms: int = 4_000) -> None:
        self.link.mailbox.post(LinkLost("nobody there", self.now, attempt, self.now + retry_in_ms))

    def answer(self, body: Body, status: int = 200) -> None:
        order = self.link.orders[-1]
        self.link.mailbox.post(OrderTried(order.key))
        self.link.mailbox.post(OrderAnswered(order.key, status, body, self.now))

    def ledger(self, alert_id: str, rows: list[Body]) -> None:
        self.link.mailbox.post(Fetched(alert_id, 200, {"why": rows}))

    def tell(self, kind: str, key: str, body: Body, status: int = 200) -> None:
        self.link.mailbox.post(Told(kind, key, status, body))

    # ------------------------------------------------------------------------------------------------------- looking

    @property
    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    async def until(self, pilot: Pilot[int], there: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not there():
                    await pilot.pause()
        except TimeoutError:
            raise AssertionError(f"it never came; the screen says:\n{self.text}") from None

    async def shows(self, pilot: Pilot[int], words: str) -> None:
        await self.until(pilot, lambda: words in self.text)

    async def settled(self, pilot: Pilot[int]) -> None:
        """Wait until all that was said is on screen."""
        await self.until(pilot, lambda: not self.link.mailbox._tidings and not self.app._beating)
        await pilot.pause()

    async def press(self, pilot: Pilot[int], *keys: str) -> None:
        for key in keys:
            await pilot.press(key)
        await self.settled(pilot)


def queue_of_nine() -> list[Body]:
    """Return the alerts of the sketch, each opened a little earlier than the one before."""
    rows = (
        ("A-20418", "CRITICAL", "open", "NTH-04", "Door forced, dock 3", None, 14, 41),
        ("A-20417", "CRITICAL", "acknowledged", "STH-11", "Guard panic button", "mara", 1, 461),
        ("A-20416", "HIGH", "open", "NTH-04", "Badge used by two people", None, 3, 130),
        ("A-20415", "HIGH", "open", "WST-01", "Camera 7 dark", None, 1, 242),
        ("A-20414", "HIGH", "escalated", "EST-09", "Guard missed 2 rounds", "tomas", 2, 690),
        ("A-20413", "HIGH", "suppressed", "NTH-04", "Gate 2 sensor flaps", "tomas", 61, 7_800),
        ("A-20412", "MEDIUM", "open", "NTH-04", "Tailgating score 0.81", None, 1, 5),
        ("A-20411", "MEDIUM", "open", "STH-11", "Vehicle seen twice", None, 2, 58),
        ("A-20410", "LOW", "open", "EST-09", "Battery low", None, 1, 90_000),
    )
    return [
        view(
            alert_id,
            T0 - age_s * 1000,
            severity=severity,
            status=status,
            site=site,
            site_name=SITES[site],
            title=title,
            acknowledged_by=who,
            acknowledged_at=rfc3339(T0) if who else None,
            count=count,
            priority=90 - index,
        )
        for index, (alert_id, severity, status, site, title, who, count, age_s) in enumerate(rows)
    ]


def matches_golden(name: str, text: str) -> None:
    """Compare with the stored text; NOCTUI_GOLDEN=write stores it instead, for a person to read in the diff."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("NOCTUI_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")
