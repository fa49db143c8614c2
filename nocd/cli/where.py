"""Where the configuration file, the data folder and the daemon are; imports no settings, which take half a second."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nocd.errors import InputError
from nocd.store.folder import Folder, default_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


def config_file(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the configuration file to read, or None for defaults.

    `given` (`--config`), else `$NOCD_CONFIG`, both of which must exist; else, where it exists, `nocd.toml` in
    `$CONFIGURATION_DIRECTORY`, else in `$XDG_CONFIG_HOME/nocd` or `~/.config/nocd`.
    """
    if named := given or environ.get("NOCD_CONFIG"):
        return Path(named)
    if systemd := environ.get("CONFIGURATION_DIRECTORY", "").split(":")[0]:
        usual = Path(systemd) / "nocd.toml"
    else:
        usual = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "nocd" / "nocd.toml"
    return usual if usual.is_file() else None


def data_folder(given: Path | None, config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Folder:
    """Return the data folder: `given`, else `$NOCD_DATA_DIR`, else the configuration file's, else the default."""
    if named := given or environ.get("NOCD_DATA_DIR"):
        return Folder(Path(named).expanduser())
    file = config_file(config, environ)
    in_file = _data_dir(file) if file else ""
    return Folder(Path(in_file).expanduser() if in_file else default_root(environ))


def _data_dir(file: Path) -> str:
    try:
        return str(tomllib.loads(file.read_text(encoding="utf-8")).get("data_dir", ""))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is no TOML: {error}; `nocd check` says more", code="bad_settings") from error


def data_dir_option(function: F) -> F:
    """Add `--data-dir`."""
    return click.option(
        "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="The data folder (else its usual place)."
    )(function)


def config_option(function: F) -> F:
    """Add `--config`."""
    return click.option(
        "--config", type=click.Path(path_type=Path, dir_okay=False), help="The TOML file of settings (else nocd.toml)."
    )(function)


def daemon_options(function: F) -> F:
    """Add `--url`, `--token` and `--data-dir`, which say how to reach a daemon."""
    function = click.option(
        "--url", help="The daemon's address, http(s)://HOST:PORT (else $NOCD_URL, else its socket)."
    )(function)
    function = click.option("--token", help="A bearer token (else $NOCD_TOKEN, else the data folder's).")(function)
    return data_dir_option(function)
