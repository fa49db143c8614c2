from __future__ import annotations

import click
import pytest

from nocd.cli.durations import DURATION


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("90s", 90_000), ("15m", 900_000), ("24h", 86_400_000), ("30d", 2_592_000_000), ("1.5 h", 5_400_000), ("0s", 0)],
)
def test_a_span_is_read_with_its_unit(text, milliseconds):
    assert DURATION.convert(text, None, None) == milliseconds


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1w", "1h30m"])
def test_anything_else_is_wrong_usage(text):
    with pytest.raises(click.BadParameter, match="24h"):
        DURATION.convert(text, None, None)
