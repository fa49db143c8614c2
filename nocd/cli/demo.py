"""`nocd demo`: the daemon on a simulated company, in a scratch folder."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nocd.cli.command import command, note, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nocd.app import Daemon
    from nocd.simulate import Live

STEP_S = 0.25


@command(
    "demo",
    epilog="""\
  nocd demo
  nocd demo --headless --seconds 60 --seed 7 --json""",
)
@click.option("--headless", is_flag=True, help="Print the feed instead of opening the console.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End after so long (else by Ctrl-C).")
@click.option(
    "--seed", type=int, default=7, show_default=True, help="Which company; the same seed is the same company."
)
@click.option(
    "--speed",
    type=click.FloatRange(1, 3_600),
    default=1.0,
    show_default=True,
    help="Simulated seconds a second; the daemon's clock runs as fast.",
)
def demo(*, as_json: bool, **options: Any) -> None:
    """Run the daemon on a scratch database, with a simulated company's three days of history and live traffic."""
    from nocd import log
    from nocd.clock import now_ms
    from nocd.simulate import demo_world, live

    headless = options["headless"] or as_json or not sys.stdout.isatty()
    log.set_up(level="warning" if headless else "critical")
    now = now_ms()
    with tempfile.TemporaryDirectory(prefix="nocd-demo-") as scratch:
        demonstration = Demonstration(
            root=Path(scratch),
            live=live(demo_world(options["seed"], now), now, options["speed"]),
            now_ms=now_ms,
            seconds=options["seconds"],
            console=not headless,
            told=None if as_json else click.echo,
        )
        counts = asyncio.run(demonstration.run())
    show(counts, ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items()), as_json=as_json)


@dataclass(slots=True, kw_only=True)
class Demonstration:
    """One demo: three days of history on its own clock, then live traffic into a daemon, and someone watching."""

    root: Path
    live: Live
    now_ms: Callable[[], int]
    seconds: float | None
    console: bool
    told: Callable[[str], None] | None
    history_events: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    async def run(self) -> dict[str, int]:
        """Run it to its end and return what there was."""
        from nocd.app import Daemon, serve
        from nocd.replaying import replay
        from nocd.settings import load
        from nocd.store.folder import Folder

        settings = load({"listen": "127.0.0.1:0", "data_dir": str(self.root)}).settings
        folder = Folder(self.root)
        with folder.locked():
            note("telling three days of history …")
            told = await replay(settings, folder, lines=_lines(self.live.history()))
            self.history_events = told["events"]
            daemon = Daemon(settings, folder, now_ms=lambda: self.live.world_ms(self.now_ms()))
            await serve(daemon, ready=self._ready, beside=self._play)
        return self.counts

    def _ready(self, url: str) -> None:
        note(f"nocd takes events at {url}; its data is in {self.root}, and goes with it")

    async def _play(self, daemon: Daemon) -> None:
        watching = [asyncio.create_task(self._traffic(daemon))]
        if self.console:
            watching.append(asyncio.create_task(self._console(daemon.url)))
        elif self.told is not None:
            watching.append(asyncio.create_task(self._print(daemon, self.told)))
        if self.seconds is not None:
            watching.append(asyncio.create_task(asyncio.sleep(self.seconds)))
        try:
            done, _ = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            self.counts = await self._count(daemon)
        for task in done:
            task.result()  # what went wrong is said, not swallowed

    async def _traffic(self, daemon: Daemon) -> None:
        tenant = daemon.tenants["default"]
        while True:
            now = daemon.now_ms()
            lines = _lines(self.live.due(self.now_ms()))
            await tenant.post([daemon.decoder.line(line, received_at=now, source="demo") for line in lines])
            await asyncio.sleep(STEP_S)

    async def _print(self, daemon: Daemon, told: Callable[[str], None]) -> None:
        import orjson

        from nocd.cli.tail import as_text

        tenant = daemon.tenants["default"]
        seq = tenant.hub.seq
        while True:
            for change in await tenant.log.read(seq, limit=500):
                seq = change.seq
                told(as_text(orjson.loads(change.body)))
            await asyncio.sleep(STEP_S)

    async def _console(self, url: str) -> None:
        arguments = ("-m", "noctui", "--url", url, "--token-file", str(self.root / "operator.token"))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def _count(self, daemon: Daemon) -> dict[str, int]:
        from nocd.history.replay import totals

        tenant = daemon.tenants["default"]
        told = await totals(tenant)
        return {
            "events": self.history_events + tenant.pipeline.accepted,
            "findings": sum(told["findings"].values()),
            "alerts": told["alerts"],
            "incidents": told["incidents"],
            "tickets": told["tickets"],
            "fraud_scores": told["fraud_scores"],
        }


def _lines(events: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    import orjson

    return map(orjson.dumps, events)
