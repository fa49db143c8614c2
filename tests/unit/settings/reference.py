"""What config/nocd.toml has to say of each setting, derived from the model.

`python -m tests.unit.settings.reference` prints the whole file, to be compared and copied after a change.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, get_args

from nocd.settings import RELOADED, Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

SECTIONS = {
    "listen": "Where it listens, and who may come",
    "max_body_bytes": "What it takes",
    "batch_events_max": "How much it holds",
    "feed_retention_days": "What it keeps",
    "detectors": "Alerts and commands",
    "log_level": "Running",
}
HEAD = """\
# Every setting of the daemon at its default; keep in your own copy only what you change. Arguments (`nocd serve --set
# name=value`) and the environment (NOCD_ and the name in capitals) go before this file. An unknown name is refused.
# `nocd check` prints what is in force and from where. See README.md beside this file.
# A change marked (reload) is taken over by SIGHUP (`systemctl reload nocd`), any other by a restart.
"""
UNITS = {
    "_bytes": "bytes",
    "_s": "seconds",
    "_minutes": "minutes",
    "_hours": "hours",
    "_days": "days",
    "_per_minute": "a minute",
}


def comment(name: str, field: FieldInfo) -> str:
    """Return the words over a setting: meaning, unit and range, and whether a hang-up takes over a change."""
    unit = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")
    bounds = {kind: getattr(part, kind) for part in field.metadata for kind in ("ge", "le") if hasattr(part, kind)}
    span = f"{bounds['ge']:_} to {bounds['le']:_}" if bounds else ""
    words = " | ".join(get_args(field.annotation)) if isinstance(field.default, str) else ""
    limits = f" [{' '.join(part for part in (span, unit, words) if part)}]" if span or unit or words else ""
    return f"{field.description}{limits}{' (reload)' if name in RELOADED else ''}"


def value(default: Any) -> str:
    """Return a default as TOML."""
    if isinstance(default, tuple | dict):
        return "{}" if isinstance(default, dict) else "[]"
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:_}" if isinstance(default, int) else f'"{default or ""}"'


def whole() -> str:
    """Return the file."""
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        if name in SECTIONS:
            parts.append(f"\n# {'-' * 4} {SECTIONS[name]} {'-' * (110 - len(SECTIONS[name]))}\n")
        lines = textwrap.wrap(comment(name, field), 118)
        parts.append("\n" + "".join(f"# {line}\n" for line in lines) + f"{name} = {value(field.default)}\n")
    return "".join(parts)


if __name__ == "__main__":
    print(whole(), end="")  # noqa: T201 - printing is what it is run for
