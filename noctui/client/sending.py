"""Commands on their way: sent in order, carried out once each however often the link breaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from noctui.client.clock import now_ms
from noctui.client.http import Answer, Api, Unreachable
from noctui.client.tidings import OrderAnswered, OrderTried

if TYPE_CHECKING:
    from noctui.client.mailbox import Mailbox
    from noctui.client.orders import Order, Orders

NOT_NOW = frozenset({429, 502, 503, 504, 507})
WAIT_S_MAX = 15.0


async def send(orders: Orders, api: Api, mailbox: Mailbox, up: asyncio.Event) -> None:
    """Send what is queued whenever the link is up; an answer that means "not now" is asked for again."""
    while True:
        await up.wait()
        order = orders.claim()
        if order is None:
            orders.came.clear()
            await orders.came.wait()
            continue
        mailbox.post(OrderTried(order.key))
        answer = await _answer(order, api, up)
        mailbox.post(OrderAnswered(order.key, answer.status, answer.body, now_ms()))


async def _answer(order: Order, api: Api, up: asyncio.Event) -> Answer:
    wait_s = 0.25
    while True:
        await up.wait()
        try:
            answer = await api.send(order.method, order.path, order.body, key=order.key)
        except Unreachable:
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, WAIT_S_MAX)
            continue
        if answer.status not in NOT_NOW:
            return answer
        await asyncio.sleep(min(answer.retry_after_s, WAIT_S_MAX))
