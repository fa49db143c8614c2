"""Dedup keys on their way: held, saved as they came, merged into the table; whatever stops when, none is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from nocd.store import writer as module
from nocd.store.rows import Commit, InputKind, InputRow
from nocd.store.writer import Writer, connect
from tests.build import T0

SAVE_EVERY = 10
HELD = 25


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEYS_HELD", HELD)
    monkeypatch.setattr(module, "_SLICE_MIN", 3)


@dataclass(slots=True)
class Story:
    """A file that is written an event a commit, saved every ten of them, and opened again at any moment."""

    path: Path
    no: int = 0
    writer: Writer = field(init=False)
    saved_to: int = 0

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Open as a start does: what is saved, and the inputs after it."""
        self.writer = Writer(connect(self.path), self.path)
        self.writer.prepare(T0)
        self.saved_to = self.writer.load().saved_to
        self.writer.tail(self.saved_to, 1_000)

    def reopen(self) -> None:
        """End as a kill does, and open again."""
        self.writer.close()
        self.open()

    def store(self, count: int, *, saves: bool = True) -> None:
        """Store events one by one."""
        for _ in range(count):
            self.no += 1
            key = ("/s", f"e{self.no}")
            assert self.writer.known([key]) == [False]
            body = orjson.dumps({"source": key[0], "id": key[1]})
            row = InputRow(self.no, InputKind.EVENT, T0, T0, claimed_time=None, late=False, body=body)
            self.writer.commit(Commit(inputs=[row], keys=[(*key, self.no)], save_complete=self.no % SAVE_EVERY == 1))
            if saves and self.no % SAVE_EVERY == 0:
                self.writer.begin_save(self.no)

    def forgotten(self) -> list[int]:
        """Return the numbers of events that would be taken for new."""
        known = self.writer.known([("/s", f"e{no}") for no in range(1, self.no + 1)])
        return [no for no, is_known in enumerate(known, start=1) if not is_known]

    def count(self, sql: str) -> int:
        return int(self.writer._connection.execute(sql).fetchone()[0])


@pytest.fixture
def story(tmp_path: Path):
    told = Story(tmp_path / "t.db")
    yield told
    told.writer.close()


@pytest.mark.parametrize("stop", range(1, 75, 9))
def test_a_kill_at_any_event_forgets_no_key(story: Story, stop: int) -> None:
    story.store(stop)
    story.reopen()
    assert not story.forgotten()
    story.store(45)
    assert not story.forgotten()
    story.reopen()
    assert not story.forgotten()


def test_saved_keys_are_read_back_without_their_inputs(story: Story) -> None:
    story.store(21)
    story.reopen()
    assert story.saved_to == 20
    assert len(story.writer._seen) == 21
    assert story.count("SELECT count(*) FROM seen") == 0
    assert not story.forgotten()


def test_many_keys_are_merged_and_let_go_of(story: Story) -> None:
    story.store(60)
    assert story.count("SELECT count(*) FROM seen") == 30
    assert story.count("SELECT min(no) FROM state WHERE kind = 'seen'") == 40
    assert len(story.writer._seen) == 30
    assert not story.forgotten()


def test_many_small_saves_are_merged_too(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEY_RECORDS_MAX", 3)
    for _ in range(5):
        story.store(1, saves=False)
        story.writer.begin_save(story.no)
        story.writer.commit(Commit(save_complete=True))
    assert story.count("SELECT count(*) FROM seen") == 3
    assert not story.forgotten()


@pytest.mark.parametrize("stored", [21, 31, 60])
def test_keys_go_with_their_events_wherever_they_are(story: Story, stored: int) -> None:
    story.store(stored)
    while story.writer.remove_inputs(T0 + 1, 15, 4):
        pass
    assert story.forgotten() == list(range(1, 16))
    story.reopen()
    assert story.forgotten() == list(range(1, 16))
    story.store(60)
    assert story.count("SELECT count(*) FROM seen WHERE no <= 15") == 0
    assert story.count("SELECT count(*) FROM seen") >= 30


def test_state_does_not_hold_the_keys(story: Story) -> None:
    story.store(21)
    assert story.writer.load().state == []


def test_a_repeat_is_one_whether_its_key_is_held_merging_or_merged(story: Story) -> None:
    story.store(31)
    assert story.writer._seen.merging
    assert story.writer.known([("/s", "e1"), ("/s", "e30"), ("/s", "e31"), ("/s", "new")]) == [True, True, True, False]
