"""Which claims are fresh, which last, are over or refuted: seen with a detector whose claims a test dictates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nocd.detect.kinds import Kind
from nocd.detect.protocol import Claim, Detector
from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.detect.scene import Scene
from nocd.detect.watches import ASKED_A_TICK, CLAIMS_KIND, FINDINGS_MAX, Standing, Watches
from nocd.domain.event import Event
from nocd.domain.finding import Category, Finding
from nocd.domain.instant import MINUTE_MS
from nocd.domain.observation import Sample
from nocd.domain.severity import Severity
from tests.build import T0, engine, event

LAMP = Kind(name="LAMP", category=Category.SECURITY, severities=(Severity.HIGH,), confidence=1.0, says="it burns")


@dataclass(slots=True)
class Wire:
    """What the lamp's record says is to be claimed, and when to ask next."""

    claims: dict[str, list[Any]] = field(default_factory=dict)
    due: int | None = None
    ends: int | None = None
    final: int = 0
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Lamp(Detector):
    """Claims what its record holds: key → [since, lasting, until, step]."""

    name = "lamp"
    kinds = (LAMP,)
    events = (Sample,)
    record = Wire

    def keys(self, event: Event, scene: Scene) -> list[str]:
        return [event.data.metric]  # type: ignore[union-attr]  # a sample

    def step(self, record: Wire, event: Event, scene: Scene) -> bool:
        return event.data.value > 0  # type: ignore[union-attr]  # a sample

    def claims(self, key: str, record: Wire, at: int, scene: Scene) -> list[Claim]:
        return [
            Claim(
                key=name,
                finding=LAMP.finding(time=since, reason="it burns", evidence={"at": at}, site=key, person=record.about),
                since=since,
                lasting=lasting,
                until=until,
                over="put out",
                step=step,
            )
            for name, (since, lasting, until, step) in record.claims.items()
        ]

    def due(self, key: str, record: Wire, after: int, scene: Scene) -> int | None:
        return record.due if record.due is not None and record.due > after else None

    def final_before(self, key: str, record: Wire, scene: Scene) -> int:
        return record.final

    def ends(self, key: str, record: Wire, scene: Scene) -> int | None:
        return record.ends


@dataclass(slots=True)
class Heard:
    """A teller that writes down what it hears."""

    found_: list[Finding] = field(default_factory=list)
    refuted_: list[Standing] = field(default_factory=list)
    over_: list[tuple[str, str]] = field(default_factory=list)

    def found(self, finding: Finding, *, lasting: bool = False) -> str:
        self.found_.append(finding)
        return f"F-{len(self.found_)}"

    def refuted(self, claim: Standing) -> None:
        self.refuted_.append(claim)

    def over(self, claim: Standing, reason: str) -> None:
        self.over_.append((claim.findings[-1], reason))

    @property
    def counts(self) -> tuple[int, int, int]:
        return len(self.found_), len(self.refuted_), len(self.over_)


@dataclass(slots=True)
class Bench:
    """A lamp at one site, wired by hand."""

    scene: Scene = field(default_factory=lambda: engine().scene)
    heard: Heard = field(default_factory=Heard)
    wire: Wire = field(default_factory=Wire)
    watches: Watches = field(init=False)

    def __post_init__(self) -> None:
        self.scene.rules = Rules({**CATALOG, "LAMP": LAMP})
        self.scene.now = T0
        self.scene.shelves.put("lamp", "S1", self.wire)
        self.watches = Watches((Lamp(),), self.scene, self.heard)

    def ask(self, value: float = 1.0, **claims: list[Any]) -> tuple[int, int, int]:
        """Set what is claimed, let an event come, and return (found, refuted, over) so far."""
        self.wire.claims = claims
        self.watches.take(event("noc.sample", at=self.scene.now, metric="S1", value=value))
        return self.heard.counts

    @property
    def stands(self) -> dict[str, Standing]:
        stood = self.scene.shelves.get(CLAIMS_KIND, "lamp|S1")
        return {} if stood is None else stood.claims


def test_a_claim_is_told_once_and_withdrawn_when_it_is_claimed_no_more() -> None:
    bench = Bench()
    assert bench.ask(a=[T0, False, None, 0]) == (1, 0, 0)
    assert bench.ask(a=[T0, False, None, 0]) == (1, 0, 0)
    assert bench.ask() == (1, 1, 0)
    assert bench.heard.refuted_[0].findings == ["F-1"]
    assert bench.stands == {}


def test_what_is_final_is_let_go_of_in_silence() -> None:
    bench = Bench()
    bench.ask(a=[T0, False, None, 0])
    bench.wire.final = T0 + 1
    assert bench.ask() == (1, 0, 0)
    assert bench.stands == {}


def test_a_condition_is_told_again_at_each_step_and_is_over_once() -> None:
    bench = Bench()
    bench.ask(a=[T0, True, None, 0])
    assert bench.ask(a=[T0, True, None, 1]) == (2, 0, 0)
    assert bench.ask(a=[T0, True, None, 1]) == (2, 0, 0)
    assert bench.ask(a=[T0, True, T0 + 9, 1]) == (2, 0, 1)
    assert bench.ask(a=[T0, True, T0 + 9, 2]) == (2, 0, 1)
    assert bench.heard.over_ == [("F-2", "put out")]
    assert bench.stands["a"].findings == ["F-1", "F-2"]


def test_a_condition_that_is_known_only_when_it_is_over_is_told_and_ended() -> None:
    assert Bench().ask(a=[T0, True, T0 + 9, 0]) == (1, 0, 1)


def test_conditions_that_overlap_are_the_same_whatever_their_key() -> None:
    bench = Bench()
    bench.ask(a=[T0 + 60, True, None, 0])
    assert bench.ask(b=[T0, True, None, 0]) == (1, 0, 0)
    assert bench.stands["b"].since == T0
    assert bench.ask(b=[T0, True, T0 + 90, 0]) == (1, 0, 1)
    assert bench.ask(b=[T0, True, T0 + 90, 0], c=[T0 + 100, True, None, 0]) == (2, 0, 1)


def test_conditions_that_overlap_and_are_claimed_by_their_own_keys_are_others_in_any_order() -> None:
    bench = Bench()
    bench.ask(a=[T0, True, None, 0])
    assert bench.ask(b=[T0 + 5, True, None, 0], a=[T0, True, None, 0]) == (2, 0, 0)
    assert (bench.stands["a"].findings, bench.stands["b"].findings) == (["F-1"], ["F-2"])


def test_a_condition_about_another_is_another_whatever_its_key() -> None:
    bench = Bench()
    bench.ask(a=[T0, True, None, 0])
    bench.wire.about = "P2"
    assert bench.ask(a=[T0, True, None, 0]) == (2, 1, 0)
    bench.wire.about, bench.wire.final = "P3", T0 + 1
    assert bench.ask(a=[T0, True, None, 0]) == (3, 1, 1)
    assert bench.stands["a"].findings == ["F-3"]


def test_instants_with_other_keys_are_others() -> None:
    bench = Bench()
    bench.ask(a=[T0, False, None, 0])
    assert bench.ask(b=[T0, False, None, 0]) == (2, 1, 0)


def test_a_condition_begun_before_all_that_is_remembered_is_over_when_it_is_claimed_no_more() -> None:
    bench = Bench()
    bench.ask(a=[T0, True, None, 0])
    bench.wire.final = T0 + 1
    assert bench.ask() == (1, 0, 1)
    assert bench.heard.over_ == [("F-1", "it is so no more; since when is too long ago to be told")]
    assert bench.stands == {}


def test_an_event_that_changes_nothing_asks_only_while_a_condition_stands() -> None:
    bench = Bench()
    assert bench.ask(0.0, a=[T0, True, None, 0]) == (0, 0, 0)
    bench.ask(1.0, a=[T0, True, None, 0])
    assert bench.ask(0.0, a=[T0, True, T0 + 1, 0]) == (1, 0, 1)
    assert bench.ask(0.0, b=[T0 + 5, True, None, 0]) == (1, 0, 1)


def test_a_type_that_is_off_is_not_claimed() -> None:
    bench = Bench()
    bench.scene.rules = Rules({**CATALOG, "LAMP": LAMP}, sites={"S1": {"LAMP": {"mode": "off"}}})
    assert bench.ask(a=[T0, False, None, 0]) == (0, 0, 0)


def test_time_alone_asks_when_it_is_due_and_not_before() -> None:
    bench = Bench()
    bench.wire.due = T0 + MINUTE_MS
    bench.ask()
    bench.wire.claims = {"a": [T0, False, None, 0]}
    assert bench.watches.next_due() == T0 + MINUTE_MS
    assert not bench.watches.tick(T0 + MINUTE_MS - 1)
    assert bench.watches.tick(T0 + MINUTE_MS)
    assert bench.heard.found_[0].evidence == {"at": T0 + MINUTE_MS}
    assert bench.watches.next_due() is None


def test_a_deadline_that_moved_is_forgotten() -> None:
    bench = Bench()
    bench.wire.due = T0 + MINUTE_MS
    bench.ask()
    bench.wire.due = T0 + 2 * MINUTE_MS
    bench.ask()
    assert not bench.watches.tick(T0 + MINUTE_MS)
    assert bench.watches.next_due() == T0 + 2 * MINUTE_MS
    bench.wire.due = T0 + MINUTE_MS
    bench.ask()
    assert bench.watches.next_due() == T0 + MINUTE_MS
    bench.wire.due = None
    bench.ask()
    assert not bench.watches.tick(T0 + 3 * MINUTE_MS)


def test_a_start_goes_on_with_what_was_due_even_where_its_time_has_passed() -> None:
    bench = Bench()
    bench.wire.due = T0 + MINUTE_MS
    bench.ask()
    bench.scene.shelves.put("due", "gone|S1", T0)  # a detector of another version
    bench.scene.now = T0 + 2 * MINUTE_MS
    bench.ask(0.0)
    again = Watches((Lamp(),), bench.scene, bench.heard)
    assert again.next_due() == T0 + MINUTE_MS


def test_a_record_whose_end_has_come_goes_and_ends_the_conditions_it_still_had() -> None:
    bench = Bench()
    bench.wire.ends = T0 + MINUTE_MS
    bench.ask(a=[T0, True, None, 0], b=[T0 - 9, True, T0 - 5, 0], c=[T0, False, None, 0])
    assert bench.watches.tick(T0 + MINUTE_MS)
    assert bench.heard.counts == (3, 0, 2)
    assert bench.heard.over_[-1] == ("F-1", "so long ago that nothing is known of it any more")
    assert bench.scene.shelves.get("lamp", "S1") is None
    assert bench.stands == {}
    assert bench.watches.next_due() is None


def test_a_tick_asks_a_bounded_number() -> None:
    bench = Bench()
    for number in range(ASKED_A_TICK + 1):
        bench.scene.shelves.put("lamp", f"L{number}", Wire(due=T0 + 1))
        bench.scene.shelves.put("due", f"lamp|L{number}", T0 + 1)
    watches = Watches((Lamp(),), bench.scene, bench.heard)
    assert watches.tick(T0 + 1)
    assert watches.next_due() == T0 + 1
    assert watches.tick(T0 + 1)
    assert watches.next_due() is None


def test_a_claim_keeps_a_bounded_number_of_its_findings() -> None:
    bench = Bench()
    for step in range(FINDINGS_MAX + 5):
        bench.ask(a=[T0, True, None, step])
    assert len(bench.stands["a"].findings) == FINDINGS_MAX
    assert bench.stands["a"].findings[-1] == f"F-{FINDINGS_MAX + 5}"
    assert [claim.type for claim in bench.stands.values()] == ["LAMP"]
