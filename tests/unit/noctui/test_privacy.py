"""The privacy mask and what is written for the operator, without a screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.client.saving import TRIES_MAX, NotSaved, save
from noctui.state.cells import cut, width
from noctui.state.privacy import WORDS_MAX, Names

NOW = 1_795_356_442_000  # 2026-11-22 14:07:22 UTC


def names(*known: str) -> Names:
    learnt = Names()
    for name in known:
        learnt.add(name)
    return learnt


def test_names_are_masked_wherever_they_stand_in_as_many_cells():
    known = names("Inês Ferreira", "Jean-Luc O'Neil")
    assert (
        known.masked("Inês Ferreira punched, 28 km from Ferreira's phone")
        == "I*** F******* punched, 28 km from Ferreira's phone"
    )
    assert known.masked("by Jean-Luc O'Neil (P-7)") == "by J******* O***** (P-7)"
    assert known.masked("Lantern Bank, S-007") == "Lantern Bank, S-007"


def test_a_name_that_was_cut_is_masked_too():
    known = names("Inês Ferreira", "Li Na")
    assert known.masked("Inês Ferrei… -") == "I*** F****** -"
    assert known.masked("punched by I…") == "punched by I*"
    assert known.masked("Attendance f…") == "Attendance f…"


words = st.text(st.characters(categories=("Lu", "Ll")), min_size=2, max_size=12)


@given(st.lists(words, min_size=1, max_size=5), st.integers(1, 40))
def test_no_word_of_a_name_is_left_whole_however_the_line_is_cut(name: list[str], cells: int):
    known = names(" ".join(name))
    line = cut(f"punch of {' '.join(name)} at 02:00", cells)
    masked = known.masked(line)
    assert width(masked) == width(line)
    assert not set(masked.split()) & set(name) - {"punch", "of", "at"}


def test_names_are_learnt_from_all_that_is_told():
    known = Names()
    known.learn({"items": [{"person": "P1", "person_name": "Rita Lima"}, {"person": "P2", "person_name": "P2"}]})
    known.learn({"kind": "person", "id": "P3", "name": "Sara Prado", "happened": "created"})
    known.learn({"kind": "site", "id": "S1", "name": "Depot North"})
    known.learn({"sla": {"assignee": "P-4", "assignee_name": "Karim Diallo"}, "person_name": None})
    known.learn(None)
    assert (
        known.masked("Rita Lima, Sara Prado, Karim Diallo at Depot North")
        == "R*** L***, S*** P****, K**** D***** at Depot North"
    )
    assert known.veil((("Lima ", "text"), ("P2", "muted"))) == (("L*** ", "text"), ("P2", "muted"))


def test_words_are_kept_up_to_a_bound():
    known = Names()
    for number in range(WORDS_MAX + 5):
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        known.add(f"Xx{letters}")
    assert len(known) == WORDS_MAX


def test_a_file_is_for_its_owner_alone_and_no_other_is_overwritten(tmp_path: Path):
    folder = tmp_path / "noctui"
    first = save(folder, "feed", "one\n", now_ms=NOW)
    assert first.name == "feed-20261122-140722.txt"
    assert first.stat().st_mode & 0o777 == 0o600
    assert save(folder, "feed", "two\n", now_ms=NOW).name == "feed-20261122-140722-1.txt"
    assert first.read_text() == "one\n"
    for _ in range(TRIES_MAX - 2):
        save(folder, "feed", "", now_ms=NOW)
    with pytest.raises(NotSaved, match="files of this second"):
        save(folder, "feed", "", now_ms=NOW)


def test_a_file_that_cannot_be_written_says_why(tmp_path: Path):
    (tmp_path / "noctui").write_text("a file")
    with pytest.raises(NotSaved, match=r"File exists|Not a directory"):
        save(tmp_path / "noctui", "feed", "", now_ms=NOW)
