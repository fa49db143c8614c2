"""The names of the themes, known before anything that draws is loaded."""

from __future__ import annotations

DARK, MONO = "noc-dark", "mono"
THEME_NAMES = (DARK, "noc-light", "hc-dark", "hc-light", MONO)
