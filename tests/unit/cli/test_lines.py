from __future__ import annotations

import gzip
import io
import os
import sys

import pytest

from nocd.cli.lines import CHUNK_BYTES_MAX, CHUNK_LINES_MAX, Source


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "events"
        path.write_bytes(content)
        return Source(path)

    return write


@pytest.fixture
def pipe(monkeypatch):
    """Give the writing end of what is standard input."""
    read, write = os.pipe()
    with io.TextIOWrapper(os.fdopen(read, "rb")) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield write


def texts(chunks):
    return [[line.text for line in chunk] for chunk in chunks]


def test_blank_lines_are_passed_over_and_numbers_are_the_files(file):
    (chunk,) = file(b"a\n\n  \nb\r\nc").chunks()
    assert [(line.no, line.text) for line in chunk] == [(1, b"a"), (4, b"b"), (5, b"c")]


def test_nothing_is_no_chunk(file):
    assert list(file(b"\n\n").chunks()) == []
    assert list(file(b"").chunks()) == []


def test_chunks_are_bounded_in_lines(file):
    sizes = [len(chunk) for chunk in file(b"x\n" * (2 * CHUNK_LINES_MAX + 1)).chunks()]
    assert sizes == [CHUNK_LINES_MAX, CHUNK_LINES_MAX, 1]


def test_chunks_are_bounded_in_bytes_and_a_giant_goes_alone(file):
    half = b"x" * (CHUNK_BYTES_MAX // 2 + 1) + b"\n"
    giant = b"y" * (CHUNK_BYTES_MAX + 1) + b"\n"
    assert [len(chunk) for chunk in file(half + half + giant + b"z\n").chunks()] == [1, 1, 1, 1]


def test_gzip_is_known_by_its_content_and_read_again(file):
    source = file(gzip.compress(b"a\nb\n"))
    assert texts(source.chunks()) == texts(source.chunks()) == [[b"a", b"b"]]
    assert source.total_bytes > 0


def test_how_far_is_told(file):
    source = file(b"a\n" * 10_000)
    assert source.read_bytes == 0
    chunks = source.chunks()
    next(chunks)
    assert 0 < source.read_bytes <= source.total_bytes == 20_000


def test_a_pipe_that_falls_silent_gets_its_lines_posted(pipe):
    os.write(pipe, b"a\nb\nc")
    chunks = Source(None).chunks()
    assert [line.text for line in next(chunks)] == [b"a", b"b"]
    os.write(pipe, b"d\n\ne")
    os.close(pipe)
    rest = [line for chunk in chunks for line in chunk]
    assert [(line.no, line.text) for line in rest] == [(3, b"cd"), (5, b"e")]


def test_standard_input_is_kept_to_be_read_twice(pipe):
    os.write(pipe, b"a\nb\n")
    os.close(pipe)
    with Source(None).kept() as kept:
        assert list(kept.lines()) == [b"a\n", b"b\n"]
        assert texts(kept.chunks()) == [[b"a", b"b"]]
        assert kept.total_bytes == 4


def test_a_file_is_kept_as_it_is(file):
    source = file(b"a\n")
    with source.kept() as kept:
        assert kept is source


def test_standard_input_that_is_no_pipe_is_read_to_its_end(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\nb")))
    source = Source(None)
    assert source.total_bytes == source.read_bytes == 0
    assert texts(source.chunks()) == [[b"a", b"b"]]
