"""Whether an alert is told outside, to whom, when, and why: by its routes, and always again when it is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.alert import Status
from nocd.domain.delivery import Delivery, Group, Item, Told
from nocd.domain.instant import MINUTE_MS, SECOND_MS, rfc3339
from nocd.domain.severity import Severity
from nocd.triage.book import REOPEN_WITHIN_MS
from nocd.triage.deadlines import Deadlines
from nocd.triage.matchers import labels_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from nocd.detect.scene import Scene
    from nocd.domain.alert import Alert
    from nocd.triage.book import AlertBook
    from nocd.triage.following import Teller
    from nocd.triage.routes import Route, Routes

GROUP_KIND: Final = "notice_group"
TOLD_KIND: Final = "told"
OFF_KIND: Final = "receiver_off"  # receiver: why nothing is sent to it any more
ALERTS_A_MESSAGE_MAX: Final = 50
_STANDS: Final = frozenset({"opened", "reopened", "severity_raised", "escalated", "unsuppressed", "ack_expired"})
_UNATTENDED: Final = frozenset({Status.OPEN, Status.ESCALATED})
_LEFT_OUT: Final = ("evidence", "priority_parts", "fingerprint", "undo_until", "former_status", "condition")


class Notifications:
    """Follows what is decided about alerts, and decides who is told of it."""

    def __init__(
        self,
        scene: Scene,
        routes: Routes,
        *,
        book: AlertBook,
        teller: Teller,
        hidden: Callable[[Alert], str | None] = lambda _: None,
    ) -> None:
        """Take up what the shelves hold; `routes` say who is told.

        `hidden` says why an alert is not to be told by itself, or None; a CRITICAL one always is.
        """
        self._scene, self._shelves, self._roster = scene, scene.shelves, scene.roster
        self.routes = routes
        self._book = book
        self._teller, self._hidden = teller, hidden
        self._deadlines = Deadlines()
        self._told: dict[str, Told] = self._shelves.kind(TOLD_KIND)
        self._groups: dict[str, Group] = self._shelves.kind(GROUP_KIND)
        self._off: dict[str, str] = self._shelves.kind(OFF_KIND)
        for key, group in self._groups.items():
            self._deadlines.plan(f"group {key}", group.due)
        for alert_id in self._told:
            self._plan(alert_id)

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        """Tell of an alert that stands, is worse, or is over; of nothing while it is suppressed."""
        told = self._told.get(alert.id)
        if not alert.unresolved:
            if told is not None and self._unaware_of_end(alert.id, told):
                self._ends(alert, decision, now)
        elif decision in _STANDS and self.routes:
            self._stands(alert, decision, now)
        elif told is not None and decision == "suppressed":
            self._withdraw(alert, now)
        elif told is not None and alert.status is not Status.SUPPRESSED and self._told_of_end(alert.id, told):
            self._stands_after_all(alert, decision, (), now)
            self._settle(alert.id, now)

    def tick(self, now: int) -> bool:
        """Tell what has waited for others, or for the end of quiet hours, and again what nobody attends to."""
        due = self._deadlines.take(now)
        for what, _, key in (each.partition(" ") for each in due):
            if what == "group":
                self._tell_group(key, now)
            else:
                self._again(key, now)
        return bool(due)

    def next_due(self) -> int | None:
        """Return when there is something to tell (UTC ms), or None."""
        return self._deadlines.next()

    def knows(self, alert: Alert) -> tuple[list[str], list[str]]:
        """Return the receivers that know an alert stands, and those that are about to be told."""
        told = self._told.get(alert.id)
        if told is None:
            return [], []
        waiting = self._items(alert.id, told)
        return sorted(told.standing), sorted({name for item in waiting for name in item.receivers})

    @property
    def disabled(self) -> dict[str, str]:
        """Return why nothing is sent to a receiver any more, by its name."""
        return self._off

    def tell(self, alert: Alert, receivers: tuple[str, ...], *, by: str, step: tuple[str, int], now: int) -> None:
        """Tell receivers of an alert at once, for the step (run, number) of a playbook; they will hear of its end."""
        told = self._edit(alert.id)
        told.forget_at = None
        entry = self._entry(alert.id, Item(happened=by, receivers=receivers))
        for receiver in receivers:
            self._teller.post(replace(message(receiver, [entry], route=by, now=now), run=step[0], step=step[1]))
            told.over.pop(receiver, None)
            told.standing[receiver] = by
        self._settle(alert.id, now)

    def hidden(self, alert: Alert) -> str | None:
        """Return why an alert is not told by itself, or None."""
        return None if alert.severity is Severity.CRITICAL else self._hidden(alert)

    def unreachable(self, receiver: str) -> str | None:
        """Return why nothing can be sent to a receiver, or None."""
        if receiver not in self.routes.receivers:
            return f"no receiver is called {receiver}"
        return self._off.get(receiver)

    def _stands(self, alert: Alert, decision: str, now: int) -> None:
        if alert.status is Status.SUPPRESSED:
            self._not_told(alert, f"{decision}, but suppressed by {alert.suppressed_by}", now)
            return
        if (hidden := self.hidden(alert)) is not None:
            self._not_told(alert, f"{decision}, but {hidden}", now)
            return
        told = self._edit(alert.id)
        named = dict.fromkeys(told.standing if decision == "unsuppressed" else (), "knows that it stands")
        for route in self.routes.taken_by(labels_of(alert, client=self._roster.client(alert.site))):
            wanted = [name for name in route.receivers if name not in named]
            named |= {name: self._why_not(alert, name) for name in wanted}
            able = tuple(name for name in wanted if not named[name])
            if able:
                self._wait(alert, route, Item(happened=decision, receivers=able), now)
        reasons = [f"{name} {why}" for name, why in named.items() if why]
        if not named or len(reasons) == len(named):
            self._not_told(alert, f"{decision}: {'; '.join(reasons) or 'no route takes it'}", now)
        self._stands_after_all(alert, decision, named, now)
        self._settle(alert.id, now)

    def _why_not(self, alert: Alert, receiver: str) -> str:
        """Return why a receiver is not told of an alert, or nothing."""
        if alert.entity_type == "receiver" and alert.entity_id == receiver:
            return "is what this is about"
        off = self._off.get(receiver)
        return f"is disabled: {off}" if off else ""

    def _ends(self, alert: Alert, decision: str, now: int) -> None:
        """Tell those who know that it stood; who was only about to be told hears nothing."""
        told = self._edit(alert.id)
        waited = self._leave_all(alert.id, told)
        told.again.clear()
        routes = _by_route(told.standing)
        view = self._brief(self._teller.view(alert)) if routes else None
        for name, receivers in routes.items():
            item = Item(happened=decision, receivers=receivers, over=True, view=view)
            self._wait(alert, self.routes.named(name), item, now)
        if waited and not routes:
            self._not_told(alert, f"{decision} before anybody was told of it", now)
        self._settle(alert.id, now)

    def _withdraw(self, alert: Alert, now: int) -> None:
        """Let go of what has not been told yet."""
        if self._leave_all(alert.id, self._edit(alert.id)):
            self._not_told(alert, f"suppressed by {alert.suppressed_by} before anybody was told", now)
        self._settle(alert.id, now)

    def _stands_after_all(self, alert: Alert, decision: str, named: Container[str], now: int) -> None:
        """Take back an end that was told, or is about to be, to whoever is not `named` and told anyway."""
        told = self._edit(alert.id)
        told.forget_at = None
        for route in [route for route, key in told.waiting.items() if self._groups[key].items[alert.id].over]:
            self._leave(alert.id, told, route)
        for name, receivers in _by_route(told.over, but=named).items():
            self._wait(alert, self.routes.named(name), Item(happened=decision, receivers=receivers), now)

    def _items(self, alert_id: str, told: Told) -> list[Item]:
        return [self._groups[key].items[alert_id] for key in told.waiting.values()]

    def _unaware_of_end(self, alert_id: str, told: Told) -> bool:
        """Tell whether somebody still believes, or is about to be told, that a resolved alert stands."""
        items = self._items(alert_id, told)
        return any(not item.over for item in items) or (bool(told.standing) and not items)

    def _told_of_end(self, alert_id: str, told: Told) -> bool:
        """Tell whether somebody believes, or is about to be told, that a standing alert is over."""
        items = self._items(alert_id, told)
        return any(item.over for item in items) or (bool(told.over) and not items)

    def _wait(self, alert: Alert, route: Route, item: Item, now: int) -> None:
        """Put an alert with what its route tells together; told at once where that is due."""
        urgent = alert.severity is Severity.CRITICAL
        held = None if urgent else route.quiet_until(now, self._timezone(alert))
        due = now if urgent else held or now + route.group_wait_s * SECOND_MS
        told = self._edit(alert.id)
        self._leave(alert.id, told, route.name)
        key = self._key(alert, route, held)
        if key not in self._groups:
            self._shelves.put(GROUP_KIND, key, Group(route=route.name, due=due))
        group: Group = self._shelves.edit(GROUP_KIND, key)
        group.items[alert.id], group.due = item, min(group.due, due)
        told.waiting[route.name] = key
        if held is not None:
            until = self._scene.wall(alert.site, held, told_at=now)
            self._not_told(alert, f"{item.happened}: held until {until}, quiet hours of route {route.name}", now)
        if group.due <= now:
            self._tell_group(key, now)
        else:
            self._deadlines.plan(f"group {key}", group.due)

    def _tell_group(self, key: str, now: int) -> None:
        group = self._groups[key]
        self._shelves.drop(GROUP_KIND, key)
        self._deadlines.plan(f"group {key}", None)
        entries = {alert_id: self._entry(alert_id, item) for alert_id, item in group.items.items()}
        receivers: dict[str, list[str]] = {}
        for alert_id, item in group.items.items():
            for receiver in item.receivers:
                receivers.setdefault(receiver, []).append(alert_id)
        for receiver, ids in receivers.items():
            for start in range(0, len(ids), ALERTS_A_MESSAGE_MAX):
                told = [entries[alert_id] for alert_id in ids[start : start + ALERTS_A_MESSAGE_MAX]]
                self._teller.post(message(receiver, told, route=group.route, now=now))
        for alert_id, item in group.items.items():
            self._was_told(alert_id, item, self.routes.named(group.route), now)

    def _was_told(self, alert_id: str, item: Item, route: Route, now: int) -> None:
        told = self._edit(alert_id)
        told.waiting.pop(route.name, None)
        now_known, no_longer = (told.over, told.standing) if item.over else (told.standing, told.over)
        for receiver in item.receivers:
            no_longer.pop(receiver, None)
            now_known[receiver] = route.name
        if route.repeat_interval_minutes and not item.over:
            told.again[route.name] = now + route.repeat_interval_minutes * MINUTE_MS
        if self._book.get(alert_id) is not None:
            reason = f"{item.happened}: told to {', '.join(item.receivers)} (route {route.name})"
            self._book.follow(self._book.edit(alert_id), "notified", reason, now=now)
        self._settle(alert_id, now)

    def _again(self, alert_id: str, now: int) -> None:
        """Tell again of what stands unattended; forget what is over."""
        told = self._edit(alert_id)
        alert = self._book.get(alert_id)
        for name in [name for name, at in told.again.items() if at <= now]:
            del told.again[name]
            receivers = tuple(receiver for receiver, by in told.standing.items() if by == name)
            able = tuple(receiver for receiver in receivers if receiver not in self._off)
            route = self.routes.named(name)
            if alert is None:
                continue
            if alert.status in _UNATTENDED and able:
                self._wait(alert, route, Item(happened="unattended", receivers=able), now)
            elif route.repeat_interval_minutes and (alert.status is Status.SUPPRESSED or not able):
                told.again[name] = now + route.repeat_interval_minutes * MINUTE_MS  # it may stand unattended by then
        if told.forget_at is not None and told.forget_at <= now:
            self._shelves.drop(TOLD_KIND, alert_id)
        self._settle(alert_id, now)

    def _settle(self, alert_id: str, now: int) -> None:
        """Plan what comes next for an alert, and forget one of which nothing is known or waits."""
        told = self._told.get(alert_id)
        if told is not None and not (told.waiting or told.standing):
            if told.over and self._book.get(alert_id) is not None:
                told.forget_at = told.forget_at or now + REOPEN_WITHIN_MS
            else:
                self._shelves.drop(TOLD_KIND, alert_id)
        self._plan(alert_id)

    def _plan(self, alert_id: str) -> None:
        told = self._told.get(alert_id)
        instants = (
            [] if told is None else [*told.again.values(), *(() if told.forget_at is None else (told.forget_at,))]
        )
        self._deadlines.plan(f"alert {alert_id}", min(instants, default=None))

    def _leave_all(self, alert_id: str, told: Told) -> bool:
        """Take an alert out of every group it waits in; tell whether it waited."""
        waited = list(told.waiting)
        for route in waited:
            self._leave(alert_id, told, route)
        return bool(waited)

    def _leave(self, alert_id: str, told: Told, route: str) -> None:
        key = told.waiting.pop(route, None)
        if key is None:
            return
        group: Group = self._shelves.edit(GROUP_KIND, key)
        del group.items[alert_id]
        if not group.items:
            self._shelves.drop(GROUP_KIND, key)
            self._deadlines.plan(f"group {key}", None)

    def _edit(self, alert_id: str) -> Told:
        if alert_id not in self._told:
            self._shelves.put(TOLD_KIND, alert_id, Told())
        told: Told = self._shelves.edit(TOLD_KIND, alert_id)
        return told

    def _key(self, alert: Alert, route: Route, held: int | None) -> str:
        """Return what an alert's group is kept under; without `group_by` each alert is told by itself."""
        labels = labels_of(alert, client=self._roster.client(alert.site))
        values = [labels.get(name, "") for name in route.group_by] or [alert.id]
        return "\n".join([route.name, "" if held is None else str(held), *values])

    def _timezone(self, alert: Alert) -> str:
        site = self._roster.sites.get(alert.site) if alert.site else None
        return site.timezone if site is not None else "UTC"

    def _not_told(self, alert: Alert, reason: str, now: int) -> None:
        self._book.follow(self._book.edit(alert.id), "not_notified", reason, now=now)

    def _entry(self, alert_id: str, item: Item) -> dict[str, Any]:
        alert = self._book.get(alert_id)
        view = self._brief(self._teller.view(alert)) if alert is not None else item.view or {"id": alert_id}
        return {"status": "over" if item.over else "standing", "happened": item.happened, "alert": view}

    @staticmethod
    def _brief(view: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in view.items() if name not in _LEFT_OUT}


def _by_route(known: dict[str, str], *, but: Container[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return receivers by the route that told them."""
    routes: dict[str, tuple[str, ...]] = {}
    for receiver, route in known.items():
        if receiver not in but:
            routes[route] = (*routes.get(route, ()), receiver)
    return routes


def message(receiver: str, told: list[dict[str, Any]], *, route: str, now: int) -> Delivery:
    """Return what tells a receiver of alerts, each with what happened to it."""
    alerts = [each["alert"] for each in told]
    sites = {(alert.get("site"), alert.get("client")) for alert in alerts}
    site, client = next(iter(sites)) if len(sites) == 1 else (None, None)
    return Delivery(
        receiver=receiver,
        alerts=tuple(alert["id"] for alert in alerts),
        body={"type": "alerts", "timestamp": rfc3339(now), "data": {"route": route, "alerts": told}},
        created_at=now,
        route=route,
        site=site,
        client=client,
    )
