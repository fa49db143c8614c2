"""`nocd models`: what a fraud model is worth, why one cannot be used, which is in force, and what to judge next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from nocd.cli.client import Client, find
from nocd.cli.command import command, show
from nocd.cli.model_card import bounded, card, number
from nocd.cli.where import daemon_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@click.group()
def models() -> None:
    """Show, compare, activate and take back fraud models, and list what is up for review."""


@command("list", epilog="  nocd models list\n  nocd models list --json | jq '.items[] | select(.usable)'")
@daemon_options
def index(*, as_json: bool, **options: Any) -> None:
    """List the versions, newest first: what each is worth, or why it cannot be used."""
    with Client(find(options)) as client:
        answer = client.json("GET", "/v1/models")
    listed = "\n".join(_line(item, answer) for item in answer["items"])
    show(answer, listed or "no model was trained yet; rules decide alone", as_json=as_json)


@command("show", epilog="  nocd models show\n  nocd models show 000003 --json | jq .score_table")
@click.argument("version", default="active")
@daemon_options
def show_one(*, as_json: bool, version: str, **options: Any) -> None:
    """Show the card of VERSION, or of the one in force: what its score means, whom it accuses, what the gates said."""
    with Client(find(options)) as client:
        answer = client.json("GET", f"/v1/models/{quote(version, safe='')}")
    show(answer, card(answer), as_json=as_json)


@command("activate", epilog="  nocd models activate 000003 --note 'better at night'")
@click.argument("version")
@click.option("--note", default="", help="Why.")
@daemon_options
def activate(*, as_json: bool, version: str, note: str, **options: Any) -> None:
    """Put VERSION in force, if it is whole and passed its gates; needs the right `approve`."""
    _move(f"{quote(version, safe='')}/activate", note, options, as_json=as_json)


@command("rollback", epilog="  nocd models rollback --note 'too many false tickets'")
@click.option("--note", default="", help="Why.")
@daemon_options
def rollback(*, as_json: bool, note: str, **options: Any) -> None:
    """Put the version that was in force before there again; needs the right `approve`."""
    _move("rollback", note, options, as_json=as_json)


@command("compare", epilog="  nocd models compare\n  nocd models compare --json | jq .worth.difference")
@daemon_options
def compare(*, as_json: bool, **options: Any) -> None:
    """Compare the model in force with the one in its shadow, on the same punches."""
    with Client(find(options)) as client:
        answer = client.json("GET", "/v1/models/compare")
    show(answer, "\n".join(_compared(answer)), as_json=as_json)


@command("performance", epilog="  nocd models performance\n  nocd models performance --json | jq .active.pr_auc")
@daemon_options
def performance(*, as_json: bool, **options: Any) -> None:
    """Tell what the scores were worth since the model was put in force, beside the rules alone."""
    with Client(find(options)) as client:
        answer = client.json("GET", "/v1/fraud/models/performance")
    show(answer, "\n".join(_performance(answer)), as_json=as_json)


@command("reviews", epilog="  nocd models reviews\n  nocd models reviews --all --json | jq '.items[].id'")
@click.option("--all", "everything", is_flag=True, help="Those that were judged, too.")
@click.option("--limit", type=click.IntRange(1, 500), default=100, show_default=True, help="At most so many.")
@daemon_options
def reviews(*, as_json: bool, everything: bool, limit: int, **options: Any) -> None:
    """List the punches that are up for review: what each turned out to be teaches the next model."""
    with Client(find(options)) as client:
        answer = client.json("GET", f"/v1/fraud/reviews?open={int(not everything)}&limit={limit}")
    show(answer, "\n".join(map(_review, answer["items"])) or "nothing waits for a review", as_json=as_json)


def _move(path: str, note: str, options: Mapping[str, Any], *, as_json: bool) -> None:
    with Client(find(options)) as client:
        answer = client.json("POST", f"/v1/models/{path}", {"note": note} if note else {})
    former = f"; {answer['former']} was" if answer["former"] else ""
    show(answer, f"{answer['version']} is in force{former}", as_json=as_json)


def _line(item: Mapping[str, Any], of: Mapping[str, Any]) -> str:
    place = {of["active"]: "in force", of["former"]: "former"}.get(item["version"], "")
    worth = ""
    if item["labelled"] is not None:
        worth = f"PR-AUC {bounded(item['pr_auc'])}, {item['labelled']:,} judged, {item['fraud']:,} fraud"
    why = "" if item["usable"] else f"cannot be used ({item['code']}): {item['reason']}"
    return f"{item['version']}  {place:8}  {', '.join(filter(None, (worth, why)))}"


def _compared(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['since'][:16]}Z to {told['until'][:16]}Z"
    if told["why"] is not None:
        yield told["why"]
        return
    worth = told["worth"]
    yield f"{worth['punches']:,} punches scored by both, {worth['judged']:,} judged, {worth['frauds']:,} of them fraud"
    yield from _worths({told["version"]: worth["active"], worth["version"]: worth["shadow"], "rules": told["rules"]})
    yield f"{worth['version']} above {told['version']}: PR-AUC {bounded(worth['difference'])}"
    yield f"alerts of both {told['both']:,}, of {told['version']} alone {told['only_active']:,},"
    yield f"of {worth['version']} alone {told['only_shadow']:,}; they differ most about:"
    for each in told["apart"]:
        label = {0: "no fraud", 1: "fraud", None: "not judged"}[each["label"]]
        scores = f"{each['active']:.3f} and {each['shadow']:.3f}"
        yield f"  {each['score']:10} {each['punched_at'][:16]}Z {each['site']:12} {scores}  {label}"


def _performance(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['version'] or 'rules alone'}, {told['since'][:16]}Z to {told['until'][:16]}Z"
    counts = f"{told['punches']:,} punches, {told['judged']:,} judged, {told['frauds']:,} of them fraud"
    yield f"{counts}; {told['chosen']:,} chosen ones are in no figure"
    delay = told["label_delay"]
    if delay["median_days"] is not None:
        yield f"verdicts came after {delay['median_days']:.1f} days, nine in ten within {delay['p90_days']:.1f}"
    yield from _worths({"score": told["active"], "rules": told["rules"]})
    if told["shadow"] is not None:
        shadow = told["shadow"]
        yield f"in the shadow, on the {shadow['punches']:,} punches that both scored:"
        yield from _worths({"score": shadow["active"], shadow["version"]: shadow["shadow"]})
        yield f"{shadow['version']} above it: PR-AUC {bounded(shadow['difference'])}"


def _worths(of: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'':9} {'alerts':>8} {'rate':>8} {'tickets':>8} {'PR-AUC':>24} {'right tickets':>24} {'judged':>7}"
    for name, worth in of.items():
        counts = f"{worth['alerts']:>8,} {number(worth['alert_rate'], 4):>8} {worth['tickets']:>8,}"
        bounds = f"{bounded(worth['pr_auc']):>24} {bounded(worth['ticket_precision']):>24}"
        yield f"{name:9} {counts} {bounds} {worth['judged_tickets']:>7,}"


def _review(item: Mapping[str, Any]) -> str:
    judged = item["verdict"] or "not judged"
    who = f"{item['person_name'] or item['person']} at {item['site_name'] or item['site']}"
    return f"{item['id']:10} {item['punched_at'][:16]}Z {item['fraud_score']:.2f} {item['how']:6} {judged:14} {who}"


for _command in (index, show_one, activate, rollback, compare, performance, reviews):
    models.add_command(_command)
