"""A message in words, for receivers that are read by people."""

from __future__ import annotations

from typing import Any, Final

TITLE_CHARS_MAX: Final = 150
TEXT_CHARS_MAX: Final = 8_000


def words(body: dict[str, Any]) -> tuple[str, str]:
    """Return the title and the text of a message."""
    data = body["data"]
    told = data.get("alerts", [])
    if not told:
        return str(data.get("title", "NOC Intelligence")), str(data.get("text", ""))
    lines = "\n".join(_line(each) for each in told)
    title = _title(told[0]) if len(told) == 1 else f"{len(told)} alerts, the first: {_title(told[0])}"
    text = f"{data['text']}\n{lines}" if data.get("text") else lines
    return title[:TITLE_CHARS_MAX], text[:TEXT_CHARS_MAX]


def _title(told: dict[str, Any]) -> str:
    alert = told["alert"]
    over = "OVER: " if told["status"] == "over" else ""
    return f"{over}{alert.get('severity', '')} {alert.get('title', alert['id'])}".strip()


def _line(told: dict[str, Any]) -> str:
    alert = told["alert"]
    place = alert.get("site_name") or alert.get("site")
    where = f" ({place})" if place else ""
    return f"{alert['id']} {_title(told)}{where}: {alert.get('reason', told['happened'])}"
