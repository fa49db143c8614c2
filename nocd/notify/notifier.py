"""Every receiver of the daemon, and the outboxes of its tenants: served, tried, listed, and known to be well or not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.instant import rfc3339
from nocd.errors import NotFound
from nocd.notify.outbox import Around, Outbox
from nocd.notify.people import People
from nocd.notify.webhook import TIMEOUT_S, Webhook
from nocd.store import outbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from nocd.metrics import Metrics
    from nocd.notify.receiver import Receiver
    from nocd.notify.sending import Channel, Sent
    from nocd.tenant import Tenant

TEST_ID: Final = "msg_test"


class Notifier:
    """Sends the messages of every tenant to the receivers that are set."""

    def __init__(
        self,
        receivers: Mapping[str, Receiver],
        *,
        metrics: Metrics,
        now_ms: Callable[[], int],
        jitter: Callable[[], float] = random.random,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Plan to send to `receivers`, by name; an attempt takes at most `timeout_s`."""
        self._receivers = receivers
        self._timeout_s = timeout_s
        self._now_ms = now_ms
        self._around = Around(now_ms=now_ms, jitter=jitter, metrics=metrics)
        self._outboxes: dict[str, Outbox] = {}
        self._served: dict[str, tuple[Tenant, list[Channel]]] = {}
        self._disabled: dict[str, Callable[[], Mapping[str, str]]] = {}

    def serve(self, tenant: Tenant) -> Callable[[], Awaitable[None]]:
        """Start to send a tenant's messages; return what ends it."""
        self._disabled[tenant.name] = lambda: tenant.pipeline.engine.triage.notifications.disabled
        self._send_for(tenant)
        return lambda: self._close(tenant.name)

    async def renew(self, receivers: Mapping[str, Receiver]) -> None:
        """Send to other receivers from now on; what is under way is sent again, under the id it had."""
        self._receivers = receivers
        for name, (tenant, _) in list(self._served.items()):
            await self._close(name)
            self._send_for(tenant)

    def _send_for(self, tenant: Tenant) -> None:
        channels = {name: self._channel(receiver) for name, receiver in self._receivers.items()}
        self._served[tenant.name] = tenant, [*channels.values()]
        sending = self._outboxes[tenant.name] = Outbox(tenant, channels, self._around)
        sending.serve()

    async def _close(self, name: str) -> None:
        await self._outboxes[name].close()
        for channel in self._served[name][1]:
            await channel.close()

    def wake(self, tenant: str) -> None:
        """Have a tenant's workers look again at what is due."""
        self._outboxes[tenant].wake()

    def part(self) -> dict[str, Any]:
        """Return the state of sending, and which receivers are not well."""
        failing = {name for sending in self._outboxes.values() for name in sending.failing}
        off = {name for disabled in self._disabled.values() for name in disabled() if name in self._receivers}
        told = [f"{name} is disabled" for name in sorted(off)]
        told += [f"{name} could not be told last time" for name in sorted(failing - off)]
        return {"state": "degraded" if told else "ok", "detail": "; ".join(told)}

    async def listed(
        self, tenant: Tenant, *, sites: frozenset[str] = frozenset(), clients: frozenset[str] = frozenset()
    ) -> list[dict[str, Any]]:
        """Return each receiver as a tenant sees it: whether it is well, and how much waits or never arrived.

        Counted is what is about these sites and clients; all where none is named.
        """
        counts = await tenant.store.read(outbox.counts, sites=sites, clients=clients)
        disabled, failing = self._disabled[tenant.name](), self._outboxes[tenant.name].failing
        return [
            {
                "name": name,
                "kind": receiver.kind,
                "state": "disabled" if name in disabled else "failing" if name in failing else "ok",
                "detail": disabled.get(name) or failing.get(name) or "",
                "waiting": counts.get(name, {}).get("waiting", 0),
                "dead": counts.get(name, {}).get("dead", 0),
            }
            for name, receiver in sorted(self._receivers.items())
        ]

    def receiver(self, name: str) -> Receiver:
        """Return a receiver by name; raises NotFound for one that is none."""
        receiver = self._receivers.get(name)
        if receiver is None:
            raise NotFound(f"there is no receiver {name}; there are {', '.join(sorted(self._receivers)) or 'none'}")
        return receiver

    async def test(self, name: str) -> Sent:
        """Send a test message now, past the outbox; raises NotFound for a receiver that is none."""
        receiver, now = self.receiver(name), self._now_ms()
        text = "A test message; nothing is wrong."
        body = {"type": "test", "timestamp": rfc3339(now), "data": {"title": "NOC Intelligence test", "text": text}}
        channel = self._channel(receiver)
        try:
            return await channel.send(f"{TEST_ID}_{now}", orjson.dumps(body), now=now)
        finally:
            await channel.close()

    def _channel(self, receiver: Receiver) -> Channel:
        kind = Webhook if receiver.webhook else People
        return kind(receiver, timeout_s=self._timeout_s)
