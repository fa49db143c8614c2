"""Snoozing: what a scope hides, until when, what is warned of, and how what comes back says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest

from nocd.wire.query import parse
from nocd.wire.requests import PlanSilence
from noctui.state.alert import Alert, read_alert
from noctui.state.alertrows import row
from noctui.state.lines import plain
from noctui.state.shiftbook import HITS_MAX, ShiftBook, read_silence
from noctui.state.snooze import BACK_MS, COUNTED_MAX, LASTING, Scope, came_back, ending, preview, scopes, snooze_deed
from noctui.state.times import Look
from tests.unit.noctui.story import T0, alert, rfc3339

LOOK = Look(now=T0, tz=UTC)  # 14:00
HOUR = 3_600_000


def one(alert_id: str = "A-1", **fields) -> Alert:
    return read_alert(alert(alert_id, **fields))


def ends(choice: str, text: str = "", look: Look = LOOK, shift: int | None = None) -> tuple[str, str]:
    found = ending(choice, text, look, shift)
    assert not isinstance(found, str)
    return datetime.fromtimestamp(found[0] / 1000, UTC).strftime("%d %H:%M"), found[1]


def test_the_scopes_of_an_alert_begin_with_itself_and_widen() -> None:
    assert [scope.text for scope in scopes(one())] == [
        "type:DEVICE_OFFLINE site:NTH-04 device:cam-7",
        "type:DEVICE_OFFLINE site:NTH-04",
        "site:NTH-04",
        "type:DEVICE_OFFLINE",
    ]
    about = one(person="P-1", entity={"type": "person", "id": "P-1"})
    assert scopes(about)[0].text == "type:DEVICE_OFFLINE site:NTH-04 person:P-1"
    assert [scope.text for scope in scopes(one(site=None))] == [
        "type:DEVICE_OFFLINE device:cam-7",
        "type:DEVICE_OFFLINE",
    ]


def test_every_scope_is_a_filter_of_the_search_language_and_a_silence_of_the_api() -> None:
    odd = one(site='Depot "North" \\ 4', entity={"type": "device", "id": "cam 7"})
    for scope in (*scopes(one()), *scopes(odd)):
        parse(scope.text)
        deed = snooze_deed(one(), scope, T0 + HOUR, "", LOOK)
        asked = PlanSilence.model_validate_json(orjson.dumps(deed.body))
        assert asked.comment == "snoozed at A-1"
        assert (deed.to, deed.method) == (("silences",), "POST")


def test_a_scope_hides_what_stands_and_meets_it_and_safety_only_by_its_type() -> None:
    alerts = [
        one("A-1"),
        one("A-2", entity={"type": "device", "id": "cam-8"}),
        one("A-3", status="resolved"),
        one("A-4", site="WST-01"),
        one("A-5", category="SAFETY"),
    ]
    found = [[hit.id for hit in scope.hits(alerts)] for scope in scopes(alerts[0])]
    assert found == [["A-1", "A-5"], ["A-1", "A-2", "A-5"], ["A-1", "A-2"], ["A-1", "A-2", "A-4", "A-5"]]


def test_the_preview_warns_of_p1_and_of_nothing() -> None:
    scope = Scope((("type", "DEVICE_OFFLINE"),))
    assert preview(scope, [one(), one("A-2")], 7) == (
        "type:DEVICE_OFFLINE  hits 2 now (P2 2), 7 in 24 h",
        "text",
    )
    text, role = preview(scope, [one(severity="CRITICAL")], COUNTED_MAX)
    assert (text, role) == ("HITS P1!  type:DEVICE_OFFLINE  hits 1 now (P1 1), 500+ in 24 h", "p1")
    assert preview(scope, [], None) == ("HITS NOTHING NOW  type:DEVICE_OFFLINE  hits 0 now", "stale")


def test_it_lasts_as_long_as_asked_to_the_end_of_the_shift_or_until_a_time_of_day() -> None:
    assert set(LASTING.values()) == {"15m", "1h", "4h", "shift", "until"}
    assert ends("15m", " swap ") == ("22 14:15", "swap")
    assert ends("4h") == ("22 18:00", "")
    assert ends("shift", "x", shift=T0 + HOUR) == ("22 15:00", "x")
    assert ends("until", "16:00 sensor flaps") == ("22 16:00", "sensor flaps")
    assert ends("until", "6:30") == ("23 06:30", "")
    west = Look(now=T0, tz=timezone(timedelta(hours=-3)))
    assert ends("until", "12:00", west) == ("22 15:00", "")


@pytest.mark.parametrize(("choice", "text"), [("until", "soon"), ("until", "25:00"), ("until", ""), ("shift", "x")])
def test_what_says_no_time_is_asked_for_again(choice: str, text: str) -> None:
    assert isinstance(ending(choice, text, LOOK, None), str)


def test_what_comes_back_says_whose_snooze_it_was_for_half_an_hour() -> None:
    back = one(snoozed_by="tomas", snooze_ended_at=rfc3339(T0 - 4 * 60_000))
    assert came_back(back, LOOK) == "was snoozed by tomas, ended 4 min ago"
    assert "back: Trouble A-1 (was snoozed by tomas, ended 4 min ago)" in plain(row(back, LOOK, 160))
    assert came_back(back, Look(now=T0, tz=UTC, me="tomas")) == "was snoozed by you, ended 4 min ago"
    late = Look(now=T0 - 4 * 60_000 + BACK_MS + 1, tz=UTC)
    assert came_back(back, late) == ""
    hidden = one(status="suppressed", snoozed_by="tomas", snooze_ended_at=rfc3339(T0))
    assert came_back(hidden, LOOK) == ""
    assert came_back(one(), LOOK) == ""


def test_a_snoozed_row_shows_when_it_comes_back() -> None:
    hidden = one(status="suppressed", suppressed_until=rfc3339(T0 + HOUR))
    assert "SNZ   15:00" in plain(row(hidden, LOOK, 80))


# ----------------------------------------------------------------------------------------------- what is known of them


def silence(name: str, **fields):
    body = {
        "id": name,
        "matchers": [{"name": "site", "op": "=", "value": "NTH-04"}, {"name": "entity", "op": "=~", "value": "cam.*"}],
        "starts_at": rfc3339(T0),
        "ends_at": rfc3339(T0 + HOUR),
        "author": "mara",
        "comment": "swap",
        "state": "active",
        "hiding": {"count": 2, "alerts": []},
    }
    return {**body, **fields}


def test_silences_are_told_next_to_end_first_then_those_that_ended() -> None:
    book = ShiftBook()
    book.put_silence(silence("S-0"))
    assert book.silences is None
    items = [
        silence("S-1"),
        silence("S-2", ends_at=rfc3339(T0 + 60_000)),
        silence("S-3", ends_at=None),
        silence("S-4", state="expired", ended_at=rfc3339(T0 - 60_000)),
        silence("S-5", state="ended", ended_at=rfc3339(T0 - 30_000)),
        silence("S-6", state="ended", ended_at=rfc3339(T0 - 25 * HOUR)),
    ]
    book.take("silences", "", 200, {"items": items})
    assert [each.id for each in book.listed_silences(T0)] == ["S-2", "S-1", "S-3", "S-5", "S-4"]
    book.put_silence(silence("S-2", state="undone", ended_at=rfc3339(T0)))
    assert book.listed_silences(T0)[0].id == "S-1"
    assert read_silence(items[0]).scope == "site:NTH-04  device=~cam.*"


def test_hits_are_counted_up_to_a_page_and_remembered_up_to_a_bound() -> None:
    book = ShiftBook()
    book.take("hits", "site:S1", 200, {"items": [{}, {}], "cursor": None})
    book.take("hits", "site:S2", 200, {"items": [{}], "cursor": "more"})
    assert dict(book.hits) == {"site:S1": 2, "site:S2": COUNTED_MAX}
    for number in range(HITS_MAX + 5):
        book.take("hits", f"site:T{number}", 200, {"items": [], "cursor": None})
    assert len(book.hits) == HITS_MAX
    book.take("hits", "x", 400, {"detail": "column 1: no"})
    assert book.problems == {("hits", "x"): "column 1: no"}
