"""What only looks like trouble: honest by the rules, counted, and no truth row."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.errors import InputError
from nocd.simulate import Truth, World, events
from nocd.simulate.events import envelope, raws
from nocd.simulate.observe import Raw
from nocd.simulate.troubles.lookalike import ALIKE
from nocd.simulate.truth import LIKENESSES
from tests.unit.simulate.claims import NONE, START, Seen, metres, ms, only
from tests.unit.simulate.further_claims import worked_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.heavy

NOTHING = dict.fromkeys(LIKENESSES, 0.0)


def company(
    alike: Mapping[str, float] = NOTHING,
    *,
    seed: int = 1,
    people: int = 30,
    days: int = 3,
    rates: dict[str, float] = NONE,
) -> World:
    likenesses = {**NOTHING, **alike}
    return World(seed, sites=4, people=people, start_ms=START, days=days, rates=rates, likenesses=likenesses)


def told(made: World) -> tuple[list[Raw], Seen, list[Truth]]:
    """What is sent, the same as a test reads it, and what resembles trouble; there is no truth row."""
    truths: list[Truth] = []
    alike: list[Truth] = []
    sent = list(raws(made, truths.append, likeness=alike.append))
    assert truths == []
    return sent, Seen(map(envelope, sent)), alike


def shift_of(row: Truth, saw: Seen) -> dict[str, Any]:
    mine: list[dict[str, Any]] = [
        s for s in saw.shifts if s["person"] == row.person and abs(ms(s["start"]) - row.from_ms) < HOUR_MS
    ]
    return mine[0]


@pytest.mark.parametrize("name", [alike.name for alike in ALIKE])
def test_each_likeness_befalls_honest_shifts_and_is_told(name):
    _, _, alike = told(company({name: 1.0}, days=8 if name == "extra-shift" else 3))
    assert len(alike) > 10
    assert {row.kind for row in alike} == {name}


def test_every_likeness_has_a_share_and_a_shift_has_one_at_most():
    assert {*(alike.name for alike in ALIKE), "late-report"} == set(LIKENESSES)
    _, _, rows = told(company({alike.name: 0.3 for alike in ALIKE}))
    assert len({(row.person, row.from_ms) for row in rows}) == len(rows)


def test_a_shift_with_a_trouble_resembles_none():
    truths: list[Truth] = []
    alike: list[Truth] = []
    made = company({"early": 1.0}, rates=only("DOUBLE_PUNCH"))
    list(raws(made, truths.append, likeness=alike.append))
    assert truths
    assert alike == []


def test_by_default_only_batteries_die():
    made = World(1, sites=4, people=60, start_ms=START, days=3, rates=NONE)
    _, _, alike = told(made)
    assert {row.kind for row in alike} == {"flat-battery"}


def test_an_unknown_likeness_is_refused():
    with pytest.raises(InputError, match="known: flat-battery"):
        company({"sleepwalking": 0.1})


def test_a_swap_is_entered_before_the_shift_and_the_colleague_walks_its_tours():
    _, saw, alike = told(company({"swap": 1.0}))
    for row in alike:
        (shift,) = [s for s in saw.of["noc.shift"] if s["data"]["id"].endswith("-swap") and _covers(s["data"], row)]
        former = shift["data"]["substitute_for"]
        start, end = ms(shift["data"]["start"]), ms(shift["data"]["end"])
        assert shift["at"] < start
        assert saw.within("noc.attendance.punch", row.person, start - HOUR_MS, start + HOUR_MS)
        assert not saw.within("noc.attendance.punch", former, start - HOUR_MS, end)
        tours = {t["data"]["id"]: t["data"]["person"] for t in saw.of["noc.tour"]}
        scans = saw.within("noc.tour.scan", row.person, start, end)
        assert all(tours[scan["data"]["tour"]] == row.person for scan in scans)


def _covers(shift: dict[str, Any], row: Truth) -> bool:
    return bool(shift["person"] == row.person and abs(ms(shift["start"]) - row.from_ms) < HOUR_MS)


def test_a_ride_leaves_after_the_shift_at_the_speed_of_a_train_at_most():
    _, saw, alike = told(company({"ride": 1.0}))
    for row in alike:
        last = saw.within("noc.location.fix", row.person, row.from_ms, row.to_ms)[-1]
        fixes = saw.within("noc.location.fix", row.person, row.to_ms + MINUTE_MS, row.to_ms + HOUR_MS)
        legs = list(zip([last, *fixes], fixes, strict=False))
        speeds = [metres(a["data"], b["data"]) / (b["at"] - a["at"]) * 3_600 for a, b in legs]
        assert len(fixes) >= 4
        assert max(speeds) < 170
        assert metres(fixes[-1]["data"], saw.site[row.site]) > 5_000


def test_a_phone_indoors_knows_its_position_to_ninety_metres_and_stays_within_them():
    plain = {raw.id: raw for raw in told(company())[0]}
    sent, _, _ = told(company({"indoors": 1.0}))
    placed = [raw for raw in sent if raw.source.startswith("/phones/") and "lat" in raw.data]
    assert placed
    for raw in placed:
        assert 80 < raw.data["accuracy_m"] < 100
        assert metres(raw.data, plain[raw.id].data) <= 46
    terminals = [raw for raw in sent if raw.source.startswith("/terminals/") and "lat" in raw.data]
    assert all(raw == plain[raw.id] for raw in terminals)


def test_a_phone_offline_sends_late_what_it_saw_and_nothing_meanwhile():
    plain = {raw.id: raw for raw in told(company())[0]}
    sent, _, alike = told(company({"offline": 1.0}))
    late = [raw for raw in sent if raw.clock is not None]
    assert {raw.id for raw in sent} == plain.keys()
    assert all(raw.clock == plain[raw.id].time for raw in late)
    delays = {max(raw.time - (raw.clock or 0) for raw in _of(late, row)) for row in alike if _of(late, row)}
    assert any(delay < 10 * MINUTE_MS for delay in delays)
    assert any(HOUR_MS - 10 * MINUTE_MS < delay <= 2 * HOUR_MS for delay in delays)
    assert [raw.time for raw in sent] == sorted(raw.time for raw in sent)


def _of(late: list[Raw], row: Truth) -> list[Raw]:
    return [raw for raw in late if raw.data.get("person") == row.person and row.from_ms < raw.time < row.to_ms]


def test_a_shortened_tour_is_closed_by_order_with_all_that_is_left_scanned():
    _, saw, alike = told(company({"tour-shortened": 1.0}))
    orders = [tour for tour in saw.of["noc.tour"] if "closed_at" in tour["data"]]
    assert len(orders) == len(alike)
    for order in orders:
        scanned = [s["data"]["checkpoint"] for s in saw.of["noc.tour.scan"] if s["data"]["tour"] == order["data"]["id"]]
        assert scanned == order["data"]["checkpoints"]
        assert len(scanned) >= 2


def test_who_is_early_comes_twenty_five_minutes_before():
    _, saw, alike = told(company({"early": 1.0}))
    for row in alike:
        assert ms(shift_of(row, saw)["start"]) - row.from_ms == 25 * MINUTE_MS


def test_a_double_shift_is_rostered_without_a_gap_and_within_sixteen_hours():
    _, saw, alike = told(company({"double-shift": 1.0}))
    for row in alike:
        first = shift_of(row, saw)
        second = [s for s in saw.shifts if s["person"] == row.person and s["start"] == first["end"]]
        assert len(second) == 1
        assert 0 < row.to_ms - ms(second[0]["end"]) < 10 * MINUTE_MS
        assert worked_ms(row, saw, row.to_ms) < 16 * HOUR_MS


def test_one_checkpoint_of_five_may_be_skipped():
    _, saw, alike = told(company({"checkpoint-skipped": 1.0}))
    skips = Counter(s["data"]["tour"] for s in saw.of["noc.tour.scan"] if s["data"]["scan"] == "SKIP")
    assert len(skips) == len(alike)
    assert set(skips.values()) == {1}
    assert all(len(saw.by_id[tour]["data"]["checkpoints"]) >= 5 for tour in skips)


def test_a_tour_late_within_its_grace_is_not_overdue():
    _, saw, alike = told(company({"tour-late": 1.0}))
    begun: dict[str, int] = {}
    for scan in saw.of["noc.tour.scan"]:
        begun.setdefault(scan["data"]["tour"], scan["at"])
    late = [at - ms(saw.by_id[tour]["data"]["planned_start"]) for tour, at in begun.items()]
    assert sum(at > 15 * MINUTE_MS for at in late) == len(alike)
    assert max(late) < 30 * MINUTE_MS


def test_the_guard_is_sure_to_be_known_by_the_phone_that_asks():
    _, saw, alike = told(company({"face-checks": 1.0}))
    for row in alike:
        faces = saw.within("noc.biometric.check", row.person, row.from_ms, row.to_ms)
        assert len(faces) >= 12
        assert all(face["data"]["confidence"] > 0.7 and face["data"]["verified"] for face in faces)


def test_in_a_basement_a_phone_knows_no_position_for_less_than_an_hour():
    _, saw, alike = told(company({"basement": 1.0}))
    for row in alike:
        fixes = [fix["at"] for fix in saw.within("noc.location.fix", row.person, row.from_ms, row.to_ms)]
        assert max(after - before for before, after in pairwise(fixes)) >= 40 * MINUTE_MS


def test_what_comes_in_a_rush_is_done_in_time():
    _, saw, alike = told(company({"rush": 1.0}))
    due = {task["data"]["id"]: ms(task["data"]["due_at"]) for task in saw.of["noc.task"]}
    done = {event["data"]["task"]: event["at"] for event in saw.of["noc.task.done"]}
    assert sum("-r" in task for task in due) == 6 * len(alike)
    assert all(done[task] < at for task, at in due.items())


def test_reports_may_pause_for_four_weeks_before_the_world_begins():
    _, saw, alike = told(company({"late-report": 1.0}))
    former = [event for event in saw.of["noc.report"] if event["id"].endswith("-before")]
    assert {row.site for row in alike} == {event["data"]["site"] for event in former} == set(saw.site)
    for event in former:
        assert START - ms(event["data"]["delivered_at"]) >= 20 * DAY_MS
        regular = [e for e in saw.of["noc.report"] if e["data"]["site"] == event["data"]["site"] and e is not event]
        came = [ms(e["data"]["delivered_at"]) for e in regular if "delivered_at" in e["data"]]
        assert min(came) - ms(event["data"]["delivered_at"]) < 30 * DAY_MS


def test_a_seed_repeats_its_likenesses():
    made = [company(dict.fromkeys(LIKENESSES, 0.2), seed=9) for _ in range(2)]
    assert list(events(made[0])) == list(events(made[1]))


def test_one_likeness_changes_nothing_but_its_shifts():
    plain = {raw.id: raw for raw in told(company(people=60))[0]}
    sent, _, alike = told(company({"early": 0.1}, people=60))
    struck = {row.person for row in alike}
    changed = [raw for raw in sent if plain.get(raw.id) != raw]
    assert changed
    assert all(any(person[2:] in raw.id for person in struck) for raw in changed)
