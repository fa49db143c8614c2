from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.state.cells import TEXT_CHARS_MAX, chop, clean, common_start, cut, pad, width, wrap
from noctui.state.lines import BLANK, cells_of, column, dimmed, fit, line, plain, spread

TEXTS = st.text(max_size=60).map(clean)


@given(st.text())
def test_cleaned_text_holds_nothing_that_moves_colours_or_reorders(text: str):
    for char in clean(text):
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred", "^[[31mred"),
        ("a\r\nb\tc", "a b c"),
        ("bell\x07", "bell^G"),
        ("\x9b31m", "?31m"),
        ("abc\u202edcba", "abcdcba"),
        ("[bold]kept[/bold]", "[bold]kept[/bold]"),
        ("\ue000", "?"),
        (7, "7"),
    ],
)
def test_control_characters_are_shown_and_markup_stays_text(raw: object, shown: str):
    assert clean(raw) == shown


def test_text_from_outside_has_a_bound():
    assert len(clean("x" * 9_999)) == TEXT_CHARS_MAX
    assert clean("x" * 9, chars_max=5) == "xxxx…"


def test_width_counts_cells_and_not_characters():
    assert (width("abc"), width("日本"), width("e\u0301"), width("")) == (3, 4, 1, 0)


@given(TEXTS, st.integers(0, 70))
def test_a_cut_text_fits_and_is_a_start_of_the_whole(text: str, cells: int):
    short = cut(text, cells)
    assert width(short) <= cells
    assert short == text or (not short and cells == 0) or text.startswith(short.removesuffix("…"))


@given(TEXTS, st.integers(0, 70), st.booleans())
def test_padding_gives_exactly_the_cells_asked_for(text: str, cells: int, right: bool):  # noqa: FBT001 - drawn
    assert width(pad(text, cells, right=right)) == cells


@given(TEXTS, st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_no_word(text: str, cells: int):
    lines = wrap(text, cells)
    assert lines
    assert all(width(each) <= cells for each in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrapping_breaks_at_blanks_and_splits_what_is_too_long():
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]
    assert wrap("", 5) == [""]
    assert chop("  abc", 3) == ["  a", "bc"]


@given(st.lists(st.tuples(TEXTS, st.just("text")), max_size=5), st.integers(0, 40))
def test_a_fitted_line_is_never_wider(spans: list[tuple[str, str]], cells: int):
    assert cells_of(fit(tuple(spans), cells)) <= cells


@given(TEXTS, TEXTS, st.integers(0, 80))
def test_a_spread_line_keeps_its_right_end(left: str, right: str, cells: int):
    spread_out = spread(line(left), line(right), cells)
    assert cells_of(spread_out) <= cells
    if width(right) + 1 <= cells:
        assert cells_of(spread_out) == cells
        assert spread_out[-1][0] == right


def test_lines_can_be_dimmed_read_and_set_in_columns():
    assert dimmed((("a", "p1"), ("b", "p2"))) == (("a", "muted"), ("b", "muted"))
    assert plain((("a ", "p1"), ("b  ", "p2"))) == "a b"
    assert plain(BLANK) == ""
    assert column("abc", 5, right=True) == ("  abc ", "text")


def test_the_common_start_of_texts_is_what_all_begin_with():
    assert common_start(["page down", "page up"]) == "page "
    assert common_start(["mark", "mark range"]) == "mark"
    assert common_start(["a", "b"]) == ""
