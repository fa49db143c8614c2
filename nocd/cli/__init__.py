"""The command line: one file per group of commands, each imported only when it is run."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments name; the entry point of the script `nocd`."""
    from nocd.cli.main import run

    run()
