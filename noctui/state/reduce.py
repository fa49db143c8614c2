"""How the model moves: one function per thing heard, each leaving the same model for the same story however it was cut.

A change is applied once, by its number: a repeat is counted and left alone, a hole is counted and nothing past it is
applied until a snapshot has come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from noctui.state.acts import settle, settle_many
from noctui.state.alert import Alert, read_alert
from noctui.state.case import read_case
from noctui.state.cases import KINDS as CASE_KINDS
from noctui.state.cells import clean
from noctui.state.facts import STIRRED
from noctui.state.feedtext import describe
from noctui.state.model import ENDED_MAX, Ledger, Mending, Model, Phase
from noctui.state.ring import FeedLine
from noctui.state.score import read_score
from noctui.state.shiftbook import KINDS as SHIFT_KINDS
from noctui.state.site import Site, read_site
from noctui.state.telemetry import read_baseline
from noctui.state.times import clock, parse, spell

if TYPE_CHECKING:
    from datetime import tzinfo

    from noctui.state.acts import Act

Body = Mapping[str, Any]
SEVERE_RANK = 1


def snapshot(
    model: Model, body: Body, *, now: int, reason: str = "", hole: bool = False, past: Sequence[Body] = ()
) -> None:
    """Start over from a snapshot; where there was a picture before, a gap line says why it was given up.

    A first picture begins with the lines of `past`.
    """
    seq = int(body["seq"])
    model.holes += hole
    if model.loaded:
        _gap_line(model, seq=seq, reason=reason or "start over")
    else:
        for change in past:
            _show(model, change)
    model.epoch, model.seq, model.loaded = str(body["epoch"]), seq, True
    model.alerts = {alert.id: alert for alert in map(read_alert, body.get("alerts", ())) if alert.queued}
    model.names.learn(body.get("alerts"))
    model.alerts_total = int(body.get("alerts_total", len(model.alerts)))
    model.ended.clear()
    model.sites = {site.id: site for site in map(read_site, body.get("sites", ()))}
    model.counts = {clean(name): count for name, count in body.get("counts", {}).items() if isinstance(count, int)}
    model.last_alert_at = max((alert.opened_at for alert in model.alerts.values()), default=model.last_alert_at)
    model.mending = None
    model.link = replace(model.link, phase="connecting", since=now)
    _heard(model, server_time=parse(body.get("time")), now=now, told=True)


def _gap_line(model: Model, *, seq: int, reason: str) -> None:
    model.gaps += 1
    missed = f"{seq - model.seq} changes not shown" if seq > model.seq else "numbers begin anew"
    what = f"gap: {clean(reason)}; new snapshot at {seq}, {missed}"
    model.ring.add(FeedLine(seq=0, time=model.told_at or 0, kind="gap", what=what))


def frame(model: Model, body: Body, *, now: int) -> None:
    """Fold one frame of the feed in; frames of a type from a newer daemon only show that it lives."""
    if not model.loaded:
        return
    model.link = replace(model.link, heard_at=now)
    handle = _FRAMES.get(str(body.get("type")))
    if handle:
        handle(model, body, now)
    model.revision += 1


def _hello(model: Model, body: Body, now: int) -> None:
    model.version = clean(body.get("version") or "")
    model.me = clean(body.get("you") or "") or model.me
    model.hello_at = parse(body.get("server_time"))
    _heard(model, server_time=model.hello_at, now=now, told=False)
    first = model.link.phase == "connecting"
    model.link = replace(model.link, phase="resuming", since=now, detail="", attempt=0)
    if not first and model.mending is None:
        line = FeedLine(seq=0, time=model.told_at or 0, kind="gap", what="gap: resuming ...")
        model.mending = Mending(model.ring.add(line), since=model.told_at or 0, until=model.hello_at or 0)


def _batch(model: Model, body: Body, now: int) -> None:
    first, last = int(body["from"]), int(body["to"])
    if first > model.seq + 1:
        model.holes += 1
        return
    for change in body.get("changes", ()):
        if int(change["seq"]) <= model.seq:
            model.repeats += 1
        else:
            _change(model, change, now)
    model.seq = max(model.seq, last)


def _change(model: Model, change: Body, now: int) -> None:
    model.seq = int(change["seq"])
    told = parse(change.get("time"))
    model.told_at = max(told or 0, model.told_at or 0)
    kind = str(change.get("type"))
    handle = _CHANGES.get(kind)
    if handle:
        handle(model, change.get("data") or {}, now)
    model.names.learn(change.get("data"))
    if kind in _STIRS_CASES:
        model.cases.stir("ticket", "incident", "runs")
    if kind in _STIRRED:
        _stir(model, clean(change.get("site") or ""), kind)
    model.facts.stir(*STIRRED.get(kind, ()))
    if model.mending:
        model.mending = replace(model.mending, fetched=model.mending.fetched + 1)
    model.changes.add(1, now)
    _show(model, change)


def _stir(model: Model, site: str, kind: str) -> None:
    if model.page is not None and site in {model.page.site, ""}:
        model.page.stir(*_STIRRED[kind])


def _show(model: Model, change: Body) -> None:
    line = describe(change, fetched=model.mending is not None)
    if line:
        model.ring.add(line)
        model.minutes.add(line.time, severe=line.rank is not None and line.rank <= SEVERE_RANK)


def _alert_changed(model: Model, data: Body, _now: int) -> None:
    alert = read_alert(data)
    was = data.get("old_status")
    stood = alert.id in model.alerts or was not in {None, "resolved"}
    model.alerts_total += alert.queued - stood
    if alert.queued:
        model.ended.pop(alert.id, None)
        model.alerts[alert.id] = alert
    else:
        _end(model, alert)
        model.ended_count += stood
    if was is None:
        model.last_alert_at = max(alert.opened_at, model.last_alert_at or 0)


def _end(model: Model, alert: Alert) -> None:
    model.alerts.pop(alert.id, None)
    model.ended[alert.id] = alert
    model.ended.move_to_end(alert.id)
    while len(model.ended) > ENDED_MAX:
        model.ended.popitem(last=False)


def _events_stored(model: Model, data: Body, now: int) -> None:
    model.events.add(int(data.get("count") or 0), now)


def _directory_changed(model: Model, data: Body, _now: int) -> None:
    if data.get("kind") != "site":
        return
    site = clean(data["id"])
    if data.get("happened") == "removed":
        model.sites.pop(site, None)
    else:
        model.sites[site] = replace(model.sites.get(site) or Site(id=site), name=clean(data.get("name") or data["id"]))


def _system_state(model: Model, data: Body, _now: int) -> None:
    part = clean(data.get("part") or "")
    if data.get("state") == "ok":
        model.degraded.pop(part, None)
    else:
        model.degraded[part] = clean(data.get("detail") or "degraded")


def _caught_up(model: Model, _body: Body, now: int) -> None:
    model.link = replace(model.link, phase="live", since=now)
    model.told_at = max(model.told_at or 0, model.hello_at or 0)
    for alert_id in [key for key, held in model.ledgers.items() if held.problem]:
        del model.ledgers[alert_id]  # what could not be fetched is wanted again
    model.present.said_at = 0  # the daemon may have forgotten
    if model.page is not None:
        model.page.stir()
    model.facts.again()
    model.cases.stir()
    model.shift.stir()
    if model.mending:
        model.ring.replace(model.mending.no, _mended(model.mending, model.tz))
        model.mending = None


def _mended(mending: Mending, tz: tzinfo | None) -> FeedLine:
    dark = f"{clock(mending.since, tz)}-{clock(mending.until, tz)} link lost"
    count = mending.fetched
    fetched = f"{count} change{'s' * (count != 1)} fetched, in time order" if count else "nothing was missed"
    what = f"gap {dark} {spell(mending.until - mending.since)}: {fetched}"
    return FeedLine(seq=0, time=mending.until, kind="gap", what=what)


def _heartbeat(model: Model, body: Body, now: int) -> None:
    told = int(body.get("seq") or 0) <= model.seq
    _heard(model, server_time=parse(body.get("time")), now=now, told=told)


def _presence(model: Model, body: Body, _now: int) -> None:
    model.present.take(body)


def _heard(model: Model, *, server_time: int | None, now: int, told: bool) -> None:
    model.link = replace(model.link, heard_at=now)
    model.revision += 1
    if server_time is None:
        return
    model.offset_ms = server_time - now
    if told:
        model.told_at = max(server_time, model.told_at or 0)


def link_moved(model: Model, phase: Phase, *, now: int, detail: str = "", attempt: int = 0, retry_at: int = 0) -> None:
    """Note that the link is being tried, is lost or was refused; `since` keeps the moment it was first lost."""
    down = model.link.phase in {"lost", "refused"}
    since = model.link.since if down and phase in {"lost", "refused"} else now
    model.link = replace(
        model.link, phase=phase, since=since, detail=clean(detail), attempt=attempt, retry_at=retry_at, latency_ms=None
    )
    model.revision += 1


def latency(model: Model, latency_ms: float) -> None:
    """Note how long the daemon takes to answer a ping."""
    model.link = replace(model.link, latency_ms=latency_ms)
    model.revision += 1


def answered(model: Model, key: str, status: int, body: Body, *, now: int) -> str:
    """Take in the answer to an act, the alert after it included, and return the refusal or an empty text."""
    model.revision += 1
    act = model.outbox.waiting.get(key)
    if act is not None and act.alerts and status < 400:  # noqa: PLR2004 - HTTP's own border
        return _many_answered(model, act, body.get("items") or (), now=now)
    after = body.get("alert") if isinstance(body.get("alert"), Mapping) else body
    problem = settle(model.outbox, key, status, after or {}, now=now, offset_ms=model.offset_ms)
    if act is not None and act.deed is not None and not problem:
        _take_deed(model, body)
    if act is not None and act.baseline and not problem:
        _take_threshold(model, body)
    if act is None or problem or not after or not act.alert or after.get("id") != act.alert:
        return problem
    _take_answer(model, act, read_alert(after))
    return ""


def _many_answered(model: Model, act: Act, items: Sequence[Body], *, now: int) -> str:
    for item in items:
        if item["status"] < 400:  # noqa: PLR2004 - HTTP's own border
            _take_answer(model, act, read_alert(item["body"]))
    return settle_many(model.outbox, act.key, items, now=now, offset_ms=model.offset_ms)


def _take_answer(model: Model, act: Act, alert: Alert) -> None:
    if act.verb == "ack":
        model.me = model.me or alert.who
    known = model.find(alert.id)
    if known is not None and known.updated_at > alert.updated_at:
        return
    if alert.queued:
        model.ended.pop(alert.id, None)
        model.alerts[alert.id] = alert
    else:
        _end(model, alert)


def _take_deed(model: Model, body: Body) -> None:
    model.shift.stir("audit")
    if str(body.get("id", "")).startswith("S-"):
        model.shift.put_silence(body)
    elif str(body.get("id", "")).startswith(("T-", "I-")):
        model.cases.put(read_case(body))
        model.cases.stir_case(str(body["id"]))
    elif str(body.get("id", "")).startswith("FS-"):
        model.facts.rescore(read_score(body))


def _handover_changed(model: Model, _data: Body, _now: int) -> None:
    model.shift.stir("sheet", "notes", "handovers", "audit")


def _silence_changed(model: Model, data: Body, _now: int) -> None:
    model.shift.put_silence(data)


def _case_changed(model: Model, data: Body, _now: int) -> None:
    model.cases.put(read_case(data))
    model.cases.stir_case(str(data["id"]))


def _take_threshold(model: Model, body: Body) -> None:
    baseline = body.get("baseline")
    if model.page is not None and isinstance(baseline, Mapping) and baseline.get("id"):
        model.page.replace(read_baseline(baseline))


def told(model: Model, kind: str, key: str, status: int, body: Body) -> str:
    """Take in what was asked for the screens; what is about another site than the one looked at is dropped.

    Returns why a simulation came to nothing, else an empty text.
    """
    page = model.page
    model.names.learn(body)
    if kind in CASE_KINDS or kind in SHIFT_KINDS:
        model.revision += 1
        return (model.cases if kind in CASE_KINDS else model.shift).take(kind, key, status, body)
    if page is not None and (kind, key) in page.asked:
        model.revision += 1
        return page.take(kind, key, status, body)
    model.revision += model.facts.take(kind, key, status, body)
    return ""


def ledger(model: Model, alert_id: str, status: int, body: Body) -> None:
    """Take in what was fetched about an alert."""
    as_of = model.ledgers.get(alert_id, Ledger()).as_of
    if status < 400:  # noqa: PLR2004 - HTTP's own border
        model.keep_ledger(alert_id, Ledger(tuple(body.get("items") or body.get("why") or ()), as_of=as_of))
    else:
        model.keep_ledger(alert_id, Ledger(None, clean(body.get("detail") or f"HTTP {status}"), as_of))


_FRAMES: dict[str, Callable[[Model, Body, int], None]] = {
    "hello": _hello,
    "batch": _batch,
    "caught_up": _caught_up,
    "heartbeat": _heartbeat,
    "presence": _presence,
}
_STIRRED = {
    "baseline_updated": ("signals", "baselines", "hours", "week"),
    "threshold_changed": ("baselines", "week", "changes"),
}
_STIRS_CASES = frozenset({"note_added", "playbook_run"})
_CHANGES: dict[str, Callable[[Model, Body, int], None]] = {
    "alert_created": _alert_changed,
    "alert_updated": _alert_changed,
    "events_stored": _events_stored,
    "silence": _silence_changed,
    "handover": _handover_changed,
    "ticket_created": _case_changed,
    "ticket_updated": _case_changed,
    "correlation_identified": _case_changed,
    "incident_updated": _case_changed,
    "directory_changed": _directory_changed,
    "system_state": _system_state,
}
