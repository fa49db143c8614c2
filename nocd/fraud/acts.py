"""What people say a punch turned out to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.alert import Verdict
from nocd.domain.command import Refused
from nocd.domain.score import ScoreVerdict

if TYPE_CHECKING:
    from nocd.domain.command import Command

JUDGE: Final = "judge_score"
VERBS: Final = frozenset({JUDGE})


def judged(command: Command, *, now: int) -> ScoreVerdict:
    """Return a verdict on a score; whoever asks has seen that there is one. Raises Refused for no verdict."""
    word = command.args.get("verdict")
    if word not in set(Verdict):
        raise Refused("bad_verdict", f"{word!r:.40} is no verdict; it is one of {', '.join(Verdict)}")
    return ScoreVerdict(
        score=command.target, verdict=Verdict(word), time=now, actor=command.actor, note=command.args.get("note")
    )
