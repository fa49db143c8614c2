"""Every text can be read in every theme: WCAG 2.2 contrast, and words where colour fails."""

from __future__ import annotations

import pytest
from rich.style import Style

from noctui.state.alertrows import GLYPHS
from noctui.state.themes import MONO, THEME_NAMES
from noctui.theme import COLOURS, THEMES, palette

COLOURED = [name for name in THEME_NAMES if name != MONO]


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colour_of(style: Style, theme: str) -> str:
    return style.color.get_truecolor().hex if style.color is not None else COLOURS[theme].foreground


def test_black_on_white_is_21_to_1():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", COLOURED)
@pytest.mark.parametrize("ground", ["background", "selected"])
def test_every_role_can_be_read_on_every_ground(theme: str, ground: str):
    least = 7 if theme.startswith("hc-") else 4.5
    behind = getattr(COLOURS[theme], ground)
    weak = {
        role: round(ratio, 2)
        for role, style in palette(theme).items()
        if role != "selected" and (ratio := contrast(colour_of(style, theme), behind)) < least
    }
    assert not weak


@pytest.mark.parametrize("theme", COLOURED)
def test_the_row_under_the_cursor_stands_out(theme: str):
    assert contrast(COLOURS[theme].selected, COLOURS[theme].background) > 1.1


def test_in_mono_no_role_has_a_colour_and_severities_differ_by_attribute():
    styles = palette(MONO)
    assert not [role for role, style in styles.items() if style.color or style.bgcolor]
    assert len({str(styles[f"p{level}"]) for level in (1, 2, 3, 4)}) == 4
    assert len(set(GLYPHS.values())) == 4


def test_every_theme_is_known_by_its_name_and_knows_every_role():
    assert {theme.name for theme in THEMES} == set(THEME_NAMES)
    assert len({frozenset(palette(name)) for name in THEME_NAMES}) == 1
