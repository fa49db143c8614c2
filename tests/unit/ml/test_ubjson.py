"""Whether bytes are one whole UBJSON value."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.ubjson import whole

KEYS = b"i\x01a"
FLOATS = b"[$d#L" + struct.pack(">q", 2) + b"\0" * 8
VALUE = b"{" + KEYS + b"[i\x01SU\x02hi{}]" + b"i\x01b" + FLOATS + b"i\x01cT}"


@pytest.mark.parametrize("value", [VALUE, b"{}", b"[]", b"[#i\x02TF", b"{#i\x01i\x01aZ", b"{$i#i\x01i\x01a\x07"])
def test_a_whole_value_is_whole(value: bytes) -> None:
    assert whole(value)


def test_no_beginning_of_a_value_is_whole() -> None:
    assert not [cut for cut in range(len(VALUE)) if whole(VALUE[:cut])]


@pytest.mark.parametrize(
    "value", [VALUE + b"N", b"?", b"[$d]", b"[#d\0\0\0\0", b"SL" + b"\xff" * 8, b"[" * 100 + b"]" * 100]
)
def test_what_is_more_less_or_deeper_than_a_value_is_not_whole(value: bytes) -> None:
    assert not whole(value)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(value: bytes) -> None:
    assert whole(value) in (True, False)
