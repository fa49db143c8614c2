"""`nocd completions`: what a shell needs to complete commands and options."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from nocd.cli.command import command, show

_VARIABLE: Final = "_NOCD_COMPLETE"


@command(
    "completions",
    epilog="""\
  nocd completions bash > ~/.local/share/bash-completion/completions/nocd
  nocd completions zsh > "${fpath[1]}/_nocd"
  nocd completions fish > ~/.config/fish/completions/nocd.fish""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completions(*, shell: str, as_json: bool) -> None:
    """Print the completion script of SHELL."""
    from nocd.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None, "click has all three"
    script = kind(cli, {}, "nocd", _VARIABLE).source()
    show({"shell": shell, "script": script}, script, as_json=as_json)
