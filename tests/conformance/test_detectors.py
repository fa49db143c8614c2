"""What holds for every detector by its being registered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import orjson
import pytest

from nocd.detect.protocol import Detector
from nocd.detect.registry import CATALOG, DETECTORS
from nocd.domain.finding import Finding
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from tests.conformance.field import Play, shuffled, stretch

pytestmark = pytest.mark.heavy

TYPES = {kind.name for detector in DETECTORS for kind in detector.kinds}
ENDS = stretch()[-1].time + 6 * HOUR_MS


def troubles(play: Play) -> Counter[tuple[str | None, ...]]:
    """Return what is claimed, each trouble once: a condition is told again while it lasts."""
    return Counter(
        {(each.type, each.site, each.person, each.entity_id): 1 for each in play.standing if each.type in TYPES}
    )


@pytest.fixture(scope="module")
def in_order() -> Play:
    return Play().take(stretch()).pass_time(ENDS)


def test_the_stretch_has_something_to_find(in_order: Play) -> None:
    assert len(troubles(in_order)) > 10


def test_the_same_input_gives_the_same_findings(in_order: Play) -> None:
    again = Play().take(stretch()).pass_time(ENDS)
    assert again.made == in_order.made
    assert again.gone == in_order.gone
    assert list(again.engine.shelves) == list(in_order.engine.shelves)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_stop_in_the_middle_changes_nothing(in_order: Play, share: float) -> None:
    events = stretch()
    middle = int(len(events) * share)
    stopped = Play().take(events[:middle]).again().take(events[middle:]).pass_time(ENDS)
    assert stopped.made == in_order.made
    assert stopped.gone == in_order.gone


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_within_the_lateness_changes_no_finding_that_stands(in_order: Play, seed: int) -> None:
    late = Play().take(shuffled(stretch(), seed=seed)).pass_time(ENDS)
    assert troubles(late) == troubles(in_order)


def test_asking_for_claims_and_deadlines_changes_nothing_that_is_kept() -> None:
    events = shuffled(stretch(), seed=3)
    engine = Play().take(events[: len(events) // 2]).engine
    kept, soon = list(engine.shelves), engine.now + 5 * MINUTE_MS
    for detector in DETECTORS:
        for key, record in list(engine.shelves.kind(detector.name).items()):
            detector.claims(key, record, soon, engine.scene)
            detector.due(key, record, soon, engine.scene)
            detector.final_before(key, record, engine.scene)
            detector.ends(key, record, engine.scene)
    assert list(engine.shelves) == kept


def test_every_finding_can_be_read_and_keeps_to_its_kind(in_order: Play) -> None:
    for finding in in_order.made:
        kind = CATALOG[finding.type]
        assert finding.severity in kind.severities, finding
        assert finding.category is kind.category, finding
        assert 0 < finding.confidence <= 1
        assert readable(finding.reason), finding.reason
        assert orjson.loads(orjson.dumps(finding.evidence)) == finding.evidence
        assert finding.evidence


def test_what_is_too_old_is_stored_and_judged_by_none() -> None:
    events = [replace(event, late=True) for event in stretch()]
    assert not troubles(Play().take(events))


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_a_detector_is_frozen_and_named_and_its_kinds_are_known(detector: Detector) -> None:
    with pytest.raises((AttributeError, TypeError)):
        detector.name = "another"  # type: ignore[misc]  # that is what is refused
    assert detector.kinds
    assert detector.events
    assert all(CATALOG[kind.name] is kind for kind in detector.kinds)


def test_no_two_detectors_share_a_shelf() -> None:
    names = [detector.name for detector in DETECTORS]
    assert len(set(names)) == len(names)


def readable(reason: str) -> bool:
    """Tell whether a reason is a sentence: words, no braces left over, no raw figures without end."""
    return len(reason.split()) > 3 and "{" not in reason and "None" not in reason and len(reason) < 300


def test_every_finding_says_who_or_what_it_is_about() -> None:
    found: list[Finding] = Play().take(stretch()).made
    assert all(each.entity_type and each.entity_id for each in found if each.type in TYPES)
