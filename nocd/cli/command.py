"""What all commands share: `--json`, one-line errors that name the cure, exit codes, and how results are printed."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from nocd.errors import NocdError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FAILED: Final = 1
INTERRUPTED: Final = 130


class Failed(NocdError):
    """A command did what it could and the outcome is a failure; it has been printed already."""


class Command(click.Command):
    """A command with `--json`; an error ends it with one line on stderr and, with `--json`, an object on stdout."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON for scripts: an object, or one a line.")
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what goes wrong into a line and an exit code."""
        try:
            return super().invoke(ctx)
        except Failed:
            ctx.exit(FAILED)
        except NocdError as error:
            refuse(error.code, error.detail, as_json=ctx.params["as_json"])
            ctx.exit(getattr(error, "exit_code", FAILED))
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python's own flush at exit must not complain of it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except OSError as error:
            told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            refuse("os_error", told, as_json=ctx.params["as_json"])
            ctx.exit(FAILED)


def command(name: str, *, epilog: str) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command named `name`; `epilog` holds its examples, printed as they are."""
    return click.command(name, cls=Command, epilog=f"\b\nExamples:\n{epilog}")


def refuse(code: str, detail: str, *, as_json: bool) -> None:
    """Say what went wrong: a line on stderr, and with `--json` `{"code", "detail"}` on stdout."""
    click.echo(f"nocd: {detail}", err=True)
    if as_json:
        click.echo(json.dumps({"code": code, "detail": detail}, ensure_ascii=False))


def show(result: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print a result: one JSON object, or `text` for a person."""
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else text)


def note(text: str) -> None:
    """Tell the person at the terminal something that is no result, on stderr."""
    click.echo(text, err=True)
