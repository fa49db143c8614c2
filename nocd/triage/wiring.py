"""Triage put together: who hears of a decision in which order, and who carries out which commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nocd.triage.acts import Acts
from nocd.triage.escalation import Escalation
from nocd.triage.following import Followers, Teller
from nocd.triage.grouping import Grouping
from nocd.triage.handovers import Handovers
from nocd.triage.incident_acts import IncidentActs
from nocd.triage.incidents import IncidentBook
from nocd.triage.notifications import Notifications
from nocd.triage.playbooks import Playbooks
from nocd.triage.receivers import ReceiverActs
from nocd.triage.sheet import Sheets
from nocd.triage.signs import Signs
from nocd.triage.steps import Steps
from nocd.triage.suppression import Suppression
from nocd.triage.ticket_acts import TicketActs
from nocd.triage.ticket_book import TicketBook
from nocd.triage.ticket_desk import TicketDesk
from nocd.triage.tickets import Tickets

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.detect.scene import Scene
    from nocd.triage.book import AlertBook
    from nocd.triage.intake import Limits
    from nocd.triage.routes import Routes
    from nocd.triage.runbooks import Runbooks
    from nocd.triage.ticket_desk import Claims

    class Told(Teller, Claims, Protocol):
        """Hears what is to be told, what is found, and what of that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What decides about alerts, incidents and tickets."""

    book: AlertBook
    suppression: Suppression
    incidents: IncidentBook
    tickets: TicketBook
    followers: Followers
    acts: Acts
    incident_acts: IncidentActs
    ticket_acts: TicketActs
    notifications: Notifications
    receiver_acts: ReceiverActs
    playbooks: Playbooks
    handovers: Handovers


def wired(
    scene: Scene,
    book: AlertBook,
    told: Told,
    *,
    live: Callable[[int], None],
    limits: Limits,
    runbooks: Runbooks,
    routes: Routes,
) -> Triage:
    """Return triage of the alerts in `book`; `told` hears what is to be told, `live` moves the clock (UTC ms).

    What is hidden is decided first, then what is one story, then who works on it, then who else is to know.
    """
    suppression = Suppression(scene, book)
    incidents = IncidentBook(scene.shelves, book, close_when=limits.incident_close_when)
    signs = Signs(scene.activities, scene.presence, scene.duties)
    grouping = Grouping(
        scene.shelves, book, incidents, roster=scene.roster, signs=signs, window_ms=limits.correlation_window_ms
    )
    tickets = TicketBook(scene.shelves, scene.roster)
    desk = TicketDesk(tickets, scene.roster, told, book.all())
    acts = Acts(book, suppression.silences, ack_expires_ms=limits.ack_expires_ms)
    working, escalation = Tickets(book, tickets, desk, limits), Escalation(book, runbooks, limits.escalate_minutes)
    notifications = Notifications(scene, routes, book=book, teller=told, hidden=incidents.storm_of)
    playbooks = Playbooks(
        scene.shelves,
        runbooks,
        book=book,
        steps=Steps(acts=acts, notifications=notifications, teller=told, create_ticket=working.wanted),
        teller=told,
        roster=scene.roster,
        live=live,
    )
    return Triage(
        book=book,
        suppression=suppression,
        incidents=incidents,
        tickets=tickets,
        followers=Followers(book, (suppression, grouping, working, escalation, notifications, playbooks)),
        acts=acts,
        incident_acts=IncidentActs(incidents, book, acts),
        ticket_acts=TicketActs(tickets, desk, book, acts),
        notifications=notifications,
        receiver_acts=ReceiverActs(scene.shelves, teller=told, live=live),
        playbooks=playbooks,
        handovers=Handovers(scene.shelves, Sheets(scene.shelves, scene.roster, suppression), limits),
    )
