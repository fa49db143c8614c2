"""Without the right, names, phones and scores are not read; everything else is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from nocd.feed.mask import MASK, mask


def masked(change: Any, **rights: bool) -> Any:
    return orjson.loads(mask(orjson.dumps(change), **rights))


def test_person_names_are_masked_wherever_they_stand() -> None:
    change = {"person": "P1", "data": {"person_name": "Asha Rao", "rows": [{"person_name": "Bo"}], "site_name": "Mill"}}
    assert masked(change) == {
        "person": "P1",
        "data": {"person_name": MASK, "rows": [{"person_name": MASK}], "site_name": "Mill"},
    }


def test_a_name_is_masked_in_sentences_but_not_inside_other_words() -> None:
    data = {"person_name": "Ann", "reason": "Ann pressed panic; call Ann now, not Annabel", "evidence": ["Ann"]}
    assert masked(data)["reason"] == f"{MASK} pressed panic; call {MASK} now, not Annabel"
    assert masked(data)["evidence"] == [MASK]


def test_the_longer_of_two_names_is_masked_whole() -> None:
    data = {"rows": [{"person_name": "Ann"}, {"person_name": "Ann Lee"}], "reason": "Ann Lee and Ann"}
    assert masked(data)["reason"] == f"{MASK} and {MASK}"


def test_an_id_standing_in_for_a_name_is_left_readable() -> None:
    change = {"person": "P1", "data": {"person_name": "P1", "reason": "P1 pressed panic"}}
    assert masked(change) == change


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"kind": "person", "id": "P1", "name": "Asha"}, {"kind": "person", "id": "P1", "name": MASK}),
        ({"kind": "site", "id": "S1", "name": "Mill"}, {"kind": "site", "id": "S1", "name": "Mill"}),
        ({"kind": "person", "id": "P1", "name": None}, {"kind": "person", "id": "P1", "name": None}),
        ({"phone": "+44 1", "phones": ["1", "2"]}, {"phone": MASK, "phones": [MASK, MASK]}),
        ({"contacts": ["Bo 07700"], "name": "Mill"}, {"contacts": [MASK], "name": "Mill"}),
        ({"phone": 447700}, {"phone": MASK}),
        ({"phone": None, "phones": []}, {"phone": None, "phones": []}),
    ],
)
def test_directory_entries_keep_their_ids(data: dict[str, Any], expected: dict[str, Any]) -> None:
    assert masked(data) == expected


def test_events_inside_a_change_are_masked_too() -> None:
    raw = {"type": "noc.person", "data": {"id": "P1", "name": "Asha", "phone": "+44 1"}}
    shown = masked({"data": {"events": [{"no": 1, "event": raw}]}})["data"]["events"][0]["event"]
    assert shown == {"type": "noc.person", "data": {"id": "P1", "name": MASK, "phone": MASK}}


def test_scores_are_blanked_only_where_they_may_not_be_read() -> None:
    data = {"fraud_score": 0.9, "person_name": "Asha"}
    assert masked(data) == {"fraud_score": 0.9, "person_name": MASK}
    assert masked(data, names=False, scores=True) == {"fraud_score": None, "person_name": "Asha"}
    assert masked(data, names=True, scores=True) == {"fraud_score": None, "person_name": MASK}


def test_what_a_score_is_made_of_and_habits_are_hidden_with_it() -> None:
    evidence = {"fraud_score": 0.9, "rule_score": 0.4, "deviations": {"hour": "at 03:10; usual 06-08"}, "punch": "e1"}
    hidden = {"fraud_score": None, "rule_score": None, "deviations": None, "punch": "e1"}
    data = {"evidence": {**evidence, "model": {"score": 0.9}}, "model": "ok"}
    assert masked(data, names=False, scores=True) == {"evidence": {**hidden, "model": None}, "model": "ok"}
    assert masked(data, names=False) == data


def test_masking_twice_changes_nothing_more() -> None:
    body = orjson.dumps({"person_name": "Asha", "reason": "Asha left", "phones": ["1"]})
    assert mask(mask(body)) == mask(body)


def test_depth_costs_no_stack() -> None:
    body = b'{"a":' * 250 + b'{"person_name":"Asha"}' + b"}" * 250
    assert b"Asha" not in mask(body)


def test_values_that_are_no_objects_pass() -> None:
    assert mask(b"3") == b"3"
