"""What hides alerts, for tests: silences and windows asked for in a line, and what became of the alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.detect.registry import CATALOG
from nocd.domain.command import Command, Reply
from nocd.domain.instant import HOUR_MS
from tests.build import T0

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.engine import Engine


def asked(made: Engine, verb: str, target: str = "", /, *, at: int = T0, actor: str = "mara", **args: Any) -> Reply:
    return made.apply(Command(verb=verb, target=target, actor=actor, time=at, args=args))


def matcher(text: str) -> dict[str, Any]:
    """Return a matcher written as `site=S1`, `type=~Cam.*`, `label.site!=S1`."""
    for op in ("=~", "!~", "!=", "="):
        name, found, value = text.partition(op)
        if found and not name.endswith("!"):
            return {"name": name, "op": op, "value": value}
    raise ValueError(text)


def silence(made: Engine, *matchers: str, at: int = T0, ends_at: int | None = None, **more: Any) -> Reply:
    """Plan a silence of an hour, unless told otherwise."""
    args = {"matchers": [matcher(each) for each in matchers], "ends_at": at + HOUR_MS if ends_at is None else ends_at}
    return asked(made, "plan_silence", at=at, **{"comment": "works", **args, **more})


def window(made: Engine, *, at: int = T0, **more: Any) -> Reply:
    """Plan a window over site S1 from now for an hour, unless told otherwise."""
    given = {"scope": "site", "target": "S1", "start": at, "end": at + HOUR_MS, "types": [], "reason": "works"}
    return asked(made, "plan_maintenance", at=at, **{**given, **more})


def found(
    made: Engine,
    kind: str,
    *,
    at: int = T0,
    evidence: dict[str, Any] | None = None,
    settle: bool = True,
    **about: Any,
) -> int:
    """Have a detector find something of site S1, unless told otherwise; return the number of its alert, 0 for none."""
    made._live(max(made.now, at))
    given = {"reason": f"{kind} it is", "evidence": evidence or {}, "site": "S1", **about}
    finding = CATALOG[kind].finding(time=at, **given)
    made._telling.found(finding)
    if settle:
        made.triage.followers.settle(made.now)
    standing = made.book.standing(finding.fingerprint)
    return 0 if standing is None else standing.no


def over(made: Engine, number: int, *, at: int, settle: bool = True) -> None:
    """Have the detector of an alert say that what it found is over."""
    made._live(max(made.now, at))
    standing = alert(made, number)
    made._intake.over([standing.evidence["finding"]], standing.fingerprint, "it is so no more", now=made.now)
    if settle:
        made.triage.followers.settle(made.now)


def alert(made: Engine, number: int = 1) -> Alert:
    found = made.book.get(f"A-{number}")
    assert found is not None
    return found


def stands(made: Engine, number: int = 1) -> tuple[str, tuple[str, ...]]:
    """Return an alert's status, and what hides it."""
    return str(alert(made, number).status), alert(made, number).hidden_by


def rows(made: Engine) -> list[tuple[str, str]]:
    """Return (decision, reason) of what was decided since the last time."""
    return [(row.decision, row.reason) for row in made.finish().ledger]


def settle(made: Engine, now: int) -> int:
    """Tick as the pipeline does, as long as something is due by `now`; return how many ticks did something."""
    ticks = 0
    while (due := made.next_due()) is not None and due <= now and made.tick(now):
        ticks += 1
    return ticks
