"""`nocd baselines`: what is usual where, and the thresholds: simulate, set, pin, roll back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import click

from nocd.cli.client import Client, find
from nocd.cli.command import command, show
from nocd.cli.where import daemon_options

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_THRESHOLD = click.FloatRange(1.5, 5.0)


@click.group()
def baselines() -> None:
    """Show what is usual at each hour of the week, and steer the thresholds."""


@command("list", epilog="  nocd baselines list --site S-001\n  nocd baselines list --metric phone_events --json")
@click.option("--site", help="Only this site's.")
@click.option("--metric", help="Only this metric's.")
@daemon_options
def index(*, as_json: bool, site: str | None, metric: str | None, **options: Any) -> None:
    """List baselines with their thresholds and how much of the week they know."""
    asked = {name: value for name, value in (("site", site), ("metric", metric)) if value}
    with Client(find(options)) as client:
        answer = client.json("GET", f"/v1/baselines?{urlencode({**asked, 'limit': 500})}")
        items = answer["items"]
        while (cursor := answer["cursor"]) is not None:
            answer = client.json("GET", f"/v1/baselines?{urlencode({**asked, 'limit': 500, 'cursor': cursor})}")
            items += answer["items"]
    show({"items": items}, "\n".join(_line(item) for item in items) or "no baselines yet", as_json=as_json)


@command("show", epilog="  nocd baselines show phone_events@S-001")
@click.argument("baseline")
@daemon_options
def show_one(*, as_json: bool, baseline: str, **options: Any) -> None:
    """Show the week of BASELINE: what is usual at each of its 168 hours."""
    with Client(find(options)) as client:
        answer = client.json("GET", _path(baseline))
    week = "\n".join(_day(answer["buckets"], day) for day in range(7))
    show(answer, f"{_line(answer)}\n{week}", as_json=as_json)


@command("changes", epilog="  nocd baselines changes phone_events@S-001")
@click.argument("baseline")
@daemon_options
def changes(*, as_json: bool, baseline: str, **options: Any) -> None:
    """List how the threshold of BASELINE moved, newest first."""
    with Client(find(options)) as client:
        answer = client.json("GET", f"{_path(baseline)}/changes")
    show(answer, "\n".join(map(_change, answer["items"])) or "it never moved", as_json=as_json)


@command("simulate", epilog="  nocd baselines simulate phone_events@S-001 3.5 --days 60")
@click.argument("baseline")
@click.argument("threshold", type=_THRESHOLD)
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="Over how many past days.")
@daemon_options
def simulate(*, as_json: bool, baseline: str, threshold: float, days: int, **options: Any) -> None:
    """Say what THRESHOLD would have given; nothing is changed."""
    with Client(find(options)) as client:
        answer = client.json("POST", f"{_path(baseline)}/simulate", {"threshold": threshold, "days": days})
    now, then = answer["now"], answer["then"]
    told = (
        f"{answer['hours']} hours of {days} days: {now['alerts']} alerts at {now['threshold']:g},"
        f" {then['alerts']} at {then['threshold']:g}; false positives {_rate(now)} and {_rate(then)}"
        f" of {answer['verdicts']} verdicts"
    )
    show(answer, told, as_json=as_json)


@command("set", epilog="  nocd baselines set phone_events@S-001 3.5 --note 'rush hour'")
@click.argument("baseline")
@click.argument("threshold", type=_THRESHOLD)
@click.option("--note", default="", help="Why.")
@daemon_options
def set_one(*, as_json: bool, baseline: str, threshold: float, note: str, **options: Any) -> None:
    """Set the threshold of BASELINE."""
    _steer(baseline, "threshold", {"threshold": threshold, **_noted(note)}, options, as_json=as_json)


@command("pin", epilog="  nocd baselines pin phone_events@S-001\n  nocd baselines pin phone_events@S-001 --off")
@click.argument("baseline")
@click.option("--off", is_flag=True, help="Let the tuning move it again.")
@daemon_options
def pin(*, as_json: bool, baseline: str, off: bool, **options: Any) -> None:
    """Pin the threshold of BASELINE where it is: the weekly tuning leaves it alone."""
    _steer(baseline, "pin", {"pinned": not off}, options, as_json=as_json)


@command("rollback", epilog="  nocd baselines rollback phone_events@S-001 T-12")
@click.argument("baseline")
@click.argument("change")
@click.option("--note", default="", help="Why.")
@daemon_options
def rollback(*, as_json: bool, baseline: str, change: str, note: str, **options: Any) -> None:
    """Take CHANGE of BASELINE back, once: the threshold is again what it was before."""
    _steer(baseline, f"changes/{quote(change, safe='')}/rollback", _noted(note), options, as_json=as_json)


def _steer(baseline: str, act: str, body: Mapping[str, Any], options: Mapping[str, Any], *, as_json: bool) -> None:
    with Client(find(options)) as client:
        answer = client.json("POST", f"{_path(baseline)}/{act}", body)
    moved = answer["change"]
    show(answer, _line(answer["baseline"]) + (f"\n{_change(moved)}" if moved else ""), as_json=as_json)


def _noted(note: str) -> dict[str, str]:
    return {"note": note} if note else {}


def _path(baseline: str) -> str:
    return f"/v1/baselines/{quote(baseline, safe='')}"


def _line(item: Mapping[str, Any]) -> str:
    pinned = " pinned" if item["pinned"] else ""
    known = f"{item['stable_hours']}/168 hours known, {item['effective_n']:g} samples"
    return f"{item['id']:40} threshold {item['threshold']:g}{pinned}, {known}"


def _day(buckets: list[dict[str, Any]], day: int) -> str:
    return f"{_DAYS[day]} " + " ".join(_cell(bucket) for bucket in buckets[day * 24 : day * 24 + 24])


def _cell(bucket: Mapping[str, Any]) -> str:
    return "    -" if not bucket["stable"] else f"{bucket['expected']:5.0f}"


def _change(item: Mapping[str, Any]) -> str:
    back = f", rolled back by {item['rolled_back_by']}" if item["rolled_back_at"] else ""
    moved = f"{item['old']:g} -> {item['new']:g} by {item['actor']}"
    return f"{item['id']:6} {item['time'][:19]}Z {moved}: {item['reason']}{back}"


def _rate(part: Mapping[str, Any]) -> str:
    rate = part["false_positive_rate"]
    return "unknown" if rate is None else f"{rate:.0%}"


for _command in (index, show_one, changes, simulate, set_one, pin, rollback):
    baselines.add_command(_command)
