"""The list of commands, and how each is found."""

from __future__ import annotations

import importlib
from typing import Final

import click

from nocd import __version__

# name: (module, what `nocd --help` says), so that help imports no command.
COMMANDS: Final = {
    "serve": ("nocd.cli.serve", "Run the daemon."),
    "demo": ("nocd.cli.demo", "Run the daemon on a simulated company, in a scratch folder."),
    "post": ("nocd.cli.post", "Send events of a file to a daemon, safely however often."),
    "tail": ("nocd.cli.tail", "Print what a daemon decides, as it decides it."),
    "replay": ("nocd.cli.replay", "Run files of events through the engine, on the events' own clock."),
    "backtest": ("nocd.cli.backtest", "Run a detector over a history, before it is switched on."),
    "whatif": ("nocd.cli.whatif", "Tell what a change would have done to the past, before it is made."),
    "roster": ("nocd.cli.roster", "Enter sites, people, shifts and tours from tables, or write them to one."),
    "baselines": ("nocd.cli.baselines", "Show what is usual at each hour of the week, and steer the thresholds."),
    "models": (
        "nocd.cli.models",
        "Show, compare, activate and take back fraud models, and list what is up for review.",
    ),
    "jobs": ("nocd.cli.jobs", "List the daemon's jobs, or run one now."),
    "notify": ("nocd.cli.notify", "Try a receiver, list what never arrived, send it again."),
    "simulate": ("nocd.cli.simulate", "Write a simulated company's events, and the truth about them."),
    "tokens": ("nocd.cli.tokens", "Make, list, renew and revoke bearer tokens."),
    "audit": ("nocd.cli.audit", "Check the audit trail."),
    "evidence": ("nocd.cli.evidence", "Write a ticket's case to one sealed file, or check such a file."),
    "forget": ("nocd.cli.forget", "Replace a person by a pseudonym in all that is stored."),
    "backup": ("nocd.cli.backup", "Write a checked copy of everything to one file, while the daemon runs or not."),
    "restore": ("nocd.cli.backup", "Replace the data folder's content by a backup's."),
    "check": ("nocd.cli.check", "Tell which settings are in force and from where, and check the databases."),
    "doctor": ("nocd.cli.doctor", "Tell what is wrong with this installation, and the cure."),
    "completions": ("nocd.cli.completions", "Print the completion script of a shell."),
}

_EPILOG: Final = """\b
Examples:
  nocd serve                                    the daemon, on 127.0.0.1:8460
  nocd demo --headless --seconds 60             see it work
  nocd simulate --seed 7 --days 7 --out events.ndjson --truth truth.csv
  nocd post events.ndjson --rebase now          send it, ending at this moment
  nocd tail --after 0 --until-now --json | jq .type
  nocd tokens create gate-7 --role ingest
  nocd backup nightly.tar

Each command has --help with examples and --json for scripts. Exit codes: 0 ok, 1 failed, 2 wrong usage.
"""


class _Commands(click.Group):
    """A group whose commands are imported when they are asked for, not to be listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


@click.command(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="nocd")
def cli() -> None:
    """NOC Intelligence: a daemon that turns events into explained, durable alerts, and tools around it."""


def run() -> None:
    """Run the command line of this process."""
    cli(prog_name="nocd")
