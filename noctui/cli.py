"""The command `noctui`: the console, and its twins for scripts and screen readers that print and end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import click
import orjson

from noctui.client.access import Access, BadAccess, find
from noctui.settings import Settings, keymap_file, theme_for
from noctui.state.acts import VERDICTS, body_of, refusal
from noctui.state.alert import Alert, read_alert
from noctui.state.alertrows import head, row
from noctui.state.keymap import keymap_text
from noctui.state.lines import plain
from noctui.state.themes import MONO, THEME_NAMES
from noctui.state.times import Look, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from noctui.client.http import Answer, Api

    Command = TypeVar("Command", bound=Callable[..., Any])

T = TypeVar("T")
REFUSED, UNREACHABLE = 1, 3
PLAIN_WIDTH = 120
HTTP_ERROR = 400
LIMIT_MAX = 500


class Failed(click.ClickException):
    """The daemon said no; the sentence says what to do."""

    exit_code = REFUSED


class NobodyThere(Failed):
    """Nobody answered."""

    exit_code = UNREACHABLE


def access_options(command: Command) -> Command:
    """Add the options that say where the daemon is."""
    for option in (
        click.option("--data-dir", type=click.Path(path_type=Path), help="nocd's data folder, for its url and token."),
        click.option("--token-file", type=click.Path(path_type=Path), help="File that holds the bearer token."),
        click.option("--token", help="Bearer token. [default: $NOCTUI_TOKEN, else operator.token of the data folder]"),
        click.option("--url", help="Address of nocd. [default: $NOCTUI_URL, else the data folder's, else port 8460]"),
    ):
        command = option(command)
    return command


def _access(given: Mapping[str, Any]) -> Access:
    parent = click.get_current_context().parent
    inherited = parent.params if parent is not None else {}
    names = ("url", "token", "token_file", "data_dir")
    try:
        return find(os.environ, **{name: given.get(name) or inherited.get(name) for name in names})
    except BadAccess as error:
        raise click.UsageError(str(error)) from error


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@access_options
@click.option("--mono", is_flag=True, help="No colour; also by NO_COLOR or TERM=dumb.")
@click.option("--theme", type=click.Choice(THEME_NAMES), envvar="NOCTUI_THEME", help="Colours; `hc-` is high contrast.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for selecting text.")
@click.option("--read-only", is_flag=True, help="Look, but send no act.")
@click.option("--log", "log_file", type=click.Path(path_type=Path), help="Write a log to this file.")
@click.pass_context
def main(context: click.Context, /, **given: Any) -> None:
    """NOC Intelligence console: the alert queue, the live feed and the sites of nocd.

    Keys are listed by ? inside. Standard error must stay the terminal: it is what the console draws on.
    """
    if context.invoked_subcommand is not None:
        return
    settings = Settings(
        theme=theme_for(os.environ, mono=given["mono"], asked=given["theme"]),
        mouse=not given["no_mouse"],
        read_only=given["read_only"],
        log_file=given["log_file"],
        keymap_file=keymap_file(os.environ),
    )
    context.exit(run_console(_access(given), settings))


def run_console(access: Access, settings: Settings) -> int:
    """Run the console until it is left, and return its exit code."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("the console needs a terminal; in scripts use `noctui status` or `noctui alerts`")
    _log_to(settings.log_file)
    if settings.theme == MONO:
        os.environ["NO_COLOR"] = "1"
    from noctui.app import Console  # noqa: PLC0415 - --help and the twins must not load Textual
    from noctui.client.link import Link  # noqa: PLC0415 - as above
    from noctui.state.pace import beat_for  # noqa: PLC0415 - as above

    app = Console(
        Link(access),
        theme=settings.theme,
        read_only=settings.read_only,
        keymap=settings.keymap_file,
        beat_s=beat_for(os.environ),
    )
    code = app.run(mouse=settings.mouse)
    return code if code is not None else app.return_code or 0


def _log_to(path: Path | None) -> None:
    handler: logging.Handler = logging.FileHandler(path, encoding="utf-8") if path else logging.NullHandler()
    logging.basicConfig(handlers=[handler], level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def _ask(access: Access, question: Callable[[Api], Coroutine[Any, Any, Answer]]) -> Mapping[str, Any]:
    """Return the body of a good answer; raises Failed with the cure otherwise."""
    from noctui.client.http import Api, Unreachable  # noqa: PLC0415 - aiohttp takes a third of a second to load

    async def asked() -> Answer:
        async with Api(access) as api:
            return await question(api)

    try:
        answer = asyncio.run(asked())
    except Unreachable as error:
        raise NobodyThere(f"{error}; is nocd running there? (`nocd serve`, or --url)") from error
    if answer.status == 401:  # noqa: PLR2004 - unauthorised
        raise Failed(access.cure().replace(", then press R", ""))
    if answer.status >= HTTP_ERROR:
        raise Failed(refusal(answer.status, answer.body))
    return answer.body


def _print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _queue(snapshot: Mapping[str, Any]) -> list[Alert]:
    return sorted((alert for alert in map(read_alert, snapshot["alerts"]) if alert.queued), key=lambda each: each.order)


@main.command()
@access_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(*, as_json: bool, **given: Any) -> None:
    """Say whether nocd answers, and what stands open."""
    access = _access(given)
    body = _ask(access, lambda api: api.get("snapshot"))
    queue = _queue(body)
    levels = {f"P{level}": sum(alert.level == level for alert in queue) for level in range(1, 5)}
    unattended = sum(alert.unattended for alert in queue)
    said = {"url": access.url, "epoch": body["epoch"], "seq": body["seq"], "time": body["time"]}
    found = {**said, "alerts_total": body["alerts_total"], **levels, "unattended": unattended}
    if as_json:
        _print_json({**found, "sites": len(body["sites"]), "counts": body["counts"]})
        return
    click.echo(f"{access.url} answers, at {body['time']}, change {body['seq']}")
    click.echo("  ".join(f"{level} {count}" for level, count in levels.items()) + f"  unack {unattended}")


@main.command()
@access_options
@click.option(
    "--limit", type=click.IntRange(1, LIMIT_MAX), default=50, show_default=True, help="How many, worst first."
)
@click.option("--plain", "as_plain", is_flag=True, help="One line an alert (the default).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def alerts(*, limit: int, as_plain: bool, as_json: bool, **given: Any) -> None:
    """Print the alert queue, worst first."""
    if as_plain and as_json:
        raise click.UsageError("choose one of --plain and --json")
    body = _ask(_access(given), lambda api: api.get("snapshot"))
    queue = _queue(body)[:limit]
    if as_json:
        for alert in queue:
            click.echo(orjson.dumps(dict(alert.body)).decode())
        return
    look = Look(now=parse(body["time"]) or 0)
    click.echo(f"{'ID':<20}{plain(head(PLAIN_WIDTH))}")
    for alert in queue:
        click.echo(f"{alert.id:<20}{plain(row(alert, look, PLAIN_WIDTH))}")


@main.command()
@access_options
@click.option("--id", "name", default="", help="A handover, like H-3. [default: what would be handed over now]")
@click.option("--plain", "as_plain", is_flag=True, help="As text for people (the default).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def handover(*, name: str, as_plain: bool, as_json: bool, **given: Any) -> None:
    """Print what would be handed over to the next shift now, or what was."""
    if as_plain and as_json:
        raise click.UsageError("choose one of --plain and --json")
    body = _ask(_access(given), lambda api: api.get(f"handovers/{quote(name or 'sheet', safe='')}"))
    if as_json:
        _print_json(dict(body))
        return
    from noctui.state.handovertext import handover_text  # noqa: PLC0415 - only this command needs it

    click.echo(handover_text(body), nl=False)


@main.command()
def keymap() -> None:
    """Print the shipped keys as a keymap file to begin from; it lies in ~/.config/noctui/keymap.toml."""
    click.echo(keymap_text(), nl=False)


@main.command()
@access_options
@click.argument("alert_id", metavar="ID")
@click.option("--note", default="", help="Why.")
def ack(*, alert_id: str, note: str, **given: Any) -> None:
    """Acknowledge an alert."""
    _act(_access(given), alert_id, "ack", body_of("ack", note))


@main.command()
@access_options
@click.argument("alert_id", metavar="ID")
@click.option("--verdict", type=click.Choice(list(VERDICTS.values())), required=True, help="What it turned out to be.")
@click.option("--note", default="", help="Why.")
def resolve(*, alert_id: str, verdict: str, note: str, **given: Any) -> None:
    """Resolve an alert with a verdict."""
    _act(_access(given), alert_id, "resolve", {**body_of("resolve", note), "verdict": verdict})


def _act(access: Access, alert_id: str, verb: str, body: Mapping[str, Any]) -> None:
    from noctui.client.orders import Order  # noqa: PLC0415 - aiohttp takes a third of a second to load

    order = Order(key=uuid.uuid4().hex, verb=verb, alert=alert_id, body=body)
    after = _ask(access, lambda api: api.post(order.path, order.body, key=order.key))
    click.echo(plain(row(read_alert(after.get("alert", after)), Look(now=0), PLAIN_WIDTH)))
