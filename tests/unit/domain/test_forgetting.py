"""Forgetting: every place that names a person is rewritten, and nothing else is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.forgetting import Forgetting

NEW = "forgotten-0a1b"
ASHA = Forgetting(id="G-7", pseudonym=NEW, names=("Asha Rao", "+91 555"), shared=("Asha",))


@pytest.mark.parametrize(
    ("stored", "rewritten"),
    [
        ("G-7", NEW),
        ("WRONG_PERSON|S1|G-7", f"WRONG_PERSON|S1|{NEW}"),
        ("person:G-7", f"person:{NEW}"),
        ("Asha Rao is late", f"{NEW} is late"),
        ("Asha is late", "Asha is late"),
        ("Asha (G-7) is late", f"{NEW} ({NEW}) is late"),
        ("G-77", "G-77"),
        ("NTH-G-7", "NTH-G-7"),
        ("G-7-2", "G-7-2"),
        ("Natasha Rao", "Natasha Rao"),
        (7, 7),
        (None, None),
        (b"\x00G-7", b"\x00G-7"),
        (b"", b""),
        (b"{G-7", b"{G-7"),
    ],
)
def test_a_text_that_names_the_person_is_rewritten_and_no_other(stored: object, rewritten: object) -> None:
    assert ASHA.cell(stored) == rewritten


def test_json_is_rewritten_as_a_whole_keys_and_escapes_too() -> None:
    body = b'{"person":"G-7", "by":{"G-7":[1.5,"Asha"]},"name":"Asha\\u0020Rao","phone":"+91 555","n":7}'
    told = {"person": NEW, "by": {NEW: [1.5, NEW]}, "name": NEW, "phone": NEW, "n": 7}
    made = ASHA.cell(body)
    assert isinstance(made, bytes)
    assert orjson.loads(made) == told
    assert ASHA.cell(body.decode()) == made.decode()


def test_what_does_not_name_the_person_stays_byte_for_byte() -> None:
    body = b'{ "person" : "G-8", "name": "Asha" }'
    assert ASHA.cell(body) is body


def test_a_short_number_is_an_id_only_where_it_stands_without_a_sentence() -> None:
    short = Forgetting(id="17", pseudonym=NEW)
    assert short.cell("LATE|S1|17") == f"LATE|S1|{NEW}"
    assert short.cell("17 events came") == "17 events came"
    assert short.cell(b'{"person":"17","reason":"17 events came"}') == (
        b'{"person":"%s","reason":"17 events came"}' % NEW.encode()
    )
    assert Forgetting(id="1044", pseudonym=NEW).cell("1044 is late") == f"{NEW} is late"


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["G-7", "x G-7 y", "Asha Rao", "Bo"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "G-7", "b"]), inner)),
    max_leaves=12,
)


@given(values)
def test_afterwards_nothing_names_the_person_and_doing_it_again_changes_nothing(content: Any) -> None:
    made = ASHA.cell(orjson.dumps([content]))
    assert isinstance(made, bytes)
    assert not ASHA.named_in(orjson.loads(made))
    assert ASHA.cell(made) == made
