"""The console itself: folds what the client heard into the desk, paints on a beat, and sends what is asked."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from noctui.client import tidings
from noctui.client.clock import now_ms
from noctui.client.files import write_down
from noctui.client.orders import BULK, Order
from noctui.client.queries import Query
from noctui.messages import Heard
from noctui.screens.alerts import AlertsScreen
from noctui.screens.base import DeskScreen
from noctui.screens.jumping import Jumping
from noctui.screens.keeping import Keeping
from noctui.screens.modes import MODES
from noctui.settings import KeymapFile
from noctui.state import reduce
from noctui.state.acts import MANY_A_REQUEST, Act, body_of
from noctui.state.desk import Desk
from noctui.state.handovertext import file_name, handover_text
from noctui.state.keymap import BadKeymap
from noctui.state.pace import LOCAL_S, Pacer
from noctui.state.themes import DARK, MONO
from noctui.state.times import SECOND_MS
from noctui.theme import THEMES
from noctui.widgets import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual import events
    from textual.binding import BindingType

    from noctui.client.port import LinkPort
    from noctui.messages import (
        DeedsWanted,
        ExportWanted,
        FactWanted,
        LeaveWanted,
        LedgerWanted,
        ManyWanted,
        RetryWanted,
        ThresholdWanted,
        UndoWanted,
        Wanted,
    )
    from noctui.state.deeds import Deed
    from noctui.state.model import Model

HANGUP_GRACE_S = 2.0
TERMINATED = 128


def fold(model: Model, tiding: tidings.Tiding) -> str:
    """Fold what the client heard into the model, and return why an act or a simulation was refused, if one was."""
    match tiding:
        case tidings.Frame(body, at):
            reduce.frame(model, body, now=at)
        case tidings.Snapshot(body, at, reason, hole, past):
            reduce.snapshot(model, body, now=at, reason=reason, hole=hole, past=past)
        case tidings.OrderTried(key):
            model.outbox.tried(key)
        case tidings.OrderAnswered(key, status, body, at):
            return reduce.answered(model, key, status, body, now=at)
        case tidings.Fetched(alert, status, body):
            reduce.ledger(model, alert, status, body)
        case tidings.Told(kind, key, status, body):
            return reduce.told(model, kind, key, status, body)
        case _:
            _fold_link(model, tiding)
    return ""


def _fold_link(model: Model, tiding: tidings.Tiding) -> None:
    match tiding:
        case tidings.Latency(latency_ms):
            reduce.latency(model, latency_ms)
        case tidings.LinkLost(detail, at, attempt, retry_at):
            reduce.link_moved(model, "lost", now=at, detail=detail, attempt=attempt, retry_at=retry_at)
        case tidings.LinkRefused(detail, at):
            reduce.link_moved(model, "refused", now=at, detail=detail)


class Console(Keeping, Jumping):
    """One operator's console over one link."""

    CSS_PATH = "noctui.tcss"
    DEFAULT_MODE = "alerts"
    TITLE = "noctui"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        ("ctrl+z", "suspend_process", "Suspend"),
        ("ctrl+c", "how_to_quit", "Quit"),
    ]

    def __init__(
        self,
        link: LinkPort,
        *,
        theme: str = DARK,
        read_only: bool = False,
        keymap: Path | None = None,
        folder: Path | None = None,
        beat_s: float = LOCAL_S,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        super().__init__(ansi_color=True if theme == MONO else None)
        for known in THEMES:
            self.register_theme(known)
        self.theme = theme
        self.animation_level = "none"
        self.desk = Desk()
        self.desk.badges = replace(self.desk.badges, read_only=read_only)
        self._link = link
        self.clock = clock
        self._pacer = Pacer(beat_s)
        self._painted_revision = -1
        self._keys = KeymapFile(keymap)
        self.folder = folder or Path.home() / "noctui"
        self._beating = False
        self._leaving = False
        for mode, screen in MODES.items():
            self.add_mode(mode, partial(screen, self.desk, clock))

    def on_mount(self) -> None:
        """Begin to listen."""
        self._link.mailbox.wake = self._wake
        self.call_after_refresh(self._link.start)
        self._take_keymap()
        self.set_interval(1.0, self._second)
        if not self.is_headless:
            self._watch_signals()

    def on_unmount(self) -> None:
        """Let go of the daemon."""
        self._link.close()

    # ------------------------------------------------------------------------------------------------ hear and paint

    def _wake(self) -> None:
        """Have a beat follow; called in the client's thread, where only posting a message is safe."""
        if not self._beating:
            self._beating = True
            self.post_message(Heard())

    def on_heard(self, _event: Heard) -> None:
        """Let what else comes at the same time come, then take it all in."""
        self.set_timer(self._pacer.beat_s, self.beat)

    def beat(self) -> None:
        """Take in what was heard and paint it, unless the terminal is still drawing what came before."""
        self._beating = False
        if not self._pacer.due(self.clock() / SECOND_MS, terminal.backlog(self)):
            self._wake()
            return
        for tiding in self._link.mailbox.drain():
            self._take(tiding)
        model = self.desk.model
        if model.revision != self._painted_revision:
            self._painted_revision = model.revision
            self.desk.queue.follow(model)
            self.paint()

    def _second(self) -> None:
        """Let ages grow, take a changed keymap; leave when the terminal has gone."""
        self._take_keymap()
        self.desk.badges = replace(self.desk.badges, slow=self._pacer.slow)
        if terminal.backlog(self) <= 1:
            self.paint()
        if not self.is_headless and terminal.gone():
            grace = threading.Timer(HANGUP_GRACE_S, os._exit, (TERMINATED + signal.SIGHUP,))
            grace.daemon = True
            grace.start()
            self.exit(TERMINATED + signal.SIGHUP)

    def _take_keymap(self) -> None:
        """Take the keys of one's own where their file has changed; a bad one changes nothing and says why."""
        try:
            actions = self._keys.changed()
        except BadKeymap as error:
            self.desk.say(f"keymap not taken: {error}", self.clock(), "error")
            return
        if actions is not None:
            self.desk.actions = actions
            for key in {key.split()[0] for action in actions for key in action.keys}:
                self.bind(key, f"press({key!r})", show=False)

    def action_press(self, key: str) -> None:
        """Do what a key of one's own stands for on the screen that is up."""
        if isinstance(self.screen, DeskScreen):
            self.screen.action_press(key)

    def paint(self) -> None:
        """Draw the screen that is up."""
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.paint()

    def say(self, text: str, role: str = "text") -> None:
        """Say something in the prompt line."""
        self.desk.say(text, self.clock(), role)
        self.paint()

    def _take(self, tiding: tidings.Tiding) -> None:
        problem = fold(self.desk.model, tiding)
        if problem:
            self.desk.say(problem, self.clock(), "error")

    # -------------------------------------------------------------------------------------------------- act and leave

    def _submit(self, verb: str, alert_id: str, body: dict[str, str]) -> bool:
        alert = self.desk.model.find(alert_id)
        key = uuid.uuid4().hex
        title = alert.title if alert is not None else ""
        act = Act(key=key, verb=verb, alert=alert_id, title=title, at=self.clock(), body=body)
        return self._send(act, Order(key=key, verb=verb, alert=alert_id, body=body))

    def _send(self, act: Act, order: Order) -> bool:
        outbox = self.desk.model.outbox
        if outbox.full:
            self.say(f"{len(outbox.waiting)} acts wait already; u takes the newest back", "error")
            return False
        outbox.ask(act)
        self._link.submit(order)
        return True

    def on_threshold_wanted(self, event: ThresholdWanted) -> None:
        """Send an act on a baseline; its row is marked at once."""
        asked, key = event.act, uuid.uuid4().hex
        body = {**asked.body, **body_of(asked.verb, event.text)}
        act = Act(key=key, verb=asked.verb, baseline=asked.baseline, title=asked.title, at=self.clock(), body=body)
        self._send(act, Order(key=key, verb=asked.verb, baseline=asked.baseline, change=asked.change, body=body))
        self.paint()

    def on_deeds_wanted(self, event: DeedsWanted) -> None:
        """Send commands on what is no alert; their rows are marked at once."""
        for deed in event.deeds:
            self._send_deed(deed)
        self.paint()

    def _send_deed(self, deed: Deed) -> None:
        key = uuid.uuid4().hex
        act = Act(key=key, verb=deed.verb, deed=deed, title=deed.title, at=self.clock(), body=deed.body)
        self._send(act, Order(key=key, verb=deed.verb, to=deed.to, method=deed.method, body=deed.body))

    def on_export_wanted(self, event: ExportWanted) -> None:
        """Write a handover or sheet to a file, and say where."""
        try:
            self.say(f"written to {write_down(file_name(event.view), handover_text(event.view))}")
        except OSError as error:
            self.say(f"not written: {error.strerror or error}", "error")

    def on_fact_wanted(self, event: FactWanted) -> None:
        """Ask for something that a screen shows."""
        self._link.fetch(Query(kind=event.kind, key=event.key, body=event.body))

    def on_wanted(self, event: Wanted) -> None:
        """Send an act; its row is marked at once, and the cursor goes on."""
        body = body_of(event.verb, event.text)
        if event.verdict:
            body["verdict"] = event.verdict
        if not self._submit(event.verb, event.alert, body):
            return
        if event.verb in {"ack", "resolve"} and isinstance(self.screen, AlertsScreen):
            self.screen.onward()
        self.paint()

    def on_many_wanted(self, event: ManyWanted) -> None:
        """Send an act on many alerts, a hundred a request; each row is marked at once, and the marks are done with."""
        self._submit_many(event.verb, event.alerts, body_of(event.verb, event.text))
        self.desk.queue.marks.clear()
        self.paint()

    def _submit_many(self, verb: str, alerts: Sequence[str], args: Mapping[str, str]) -> None:
        for first in range(0, len(alerts), MANY_A_REQUEST):
            some, key = tuple(alerts[first : first + MANY_A_REQUEST]), uuid.uuid4().hex
            act = Act(key=key, verb=verb, alerts=some, at=self.clock(), body=args)
            body = {"ids": list(some), "command": verb, "args": dict(args)}
            if not self._send(act, Order(key=key, verb=BULK, body=body)):
                return

    def on_undo_wanted(self, _event: UndoWanted) -> None:
        """Take back an act that was never sent, else the last one that can still be undone."""
        outbox = self.desk.model.outbox
        newest = outbox.newest_unsent()
        if newest is not None and self._link.cancel(newest.key):
            outbox.waiting.pop(newest.key, None)
            self.say(f"{newest.words} was never sent and is cancelled")
            return
        act = outbox.undoable(self.clock())
        if act is None:
            self.say("nothing to undo: only your own ack, resolve or verdict of the last 10 s", "muted")
            return
        outbox.last = None
        if act.back is not None:
            self._send_deed(act.back)
        elif act.alerts:
            self._submit_many("undo", act.alerts, {})
        else:
            self._submit("undo", act.alert, {})
        self.paint()

    def on_retry_wanted(self, _event: RetryWanted) -> None:
        """Try the link now."""
        self._link.retry()
        self.say("trying the link now" if self.desk.model.link.phase in {"lost", "refused"} else "the link is up")

    def on_ledger_wanted(self, event: LedgerWanted) -> None:
        """Ask for the decisions about an alert."""
        self._link.fetch_why(event.alert)

    def on_leave_wanted(self, _event: LeaveWanted) -> None:
        """Leave; while acts wait to be sent, only when asked twice."""
        waiting = len(self.desk.model.outbox.waiting)
        if waiting and not self._leaving:
            self._leaving = True
            self.say(f"acts waiting to be sent: {waiting}; q again drops them and leaves", "stale")
            return
        self.exit(0)

    def on_key(self, event: events.Key) -> None:
        """Let no typed letter be lost, or taken for a command, between a question and its having the keyboard."""
        screen = self.screen
        if isinstance(screen, DeskScreen) and screen.prompt.question is not None and event.is_printable:
            event.prevent_default()
            screen.prompt.type_in(event.character or "")

    def action_how_to_quit(self) -> None:
        """Answer ctrl-c, which many press by reflex."""
        self.say("q quits")

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, self.exit, TERMINATED + name)
