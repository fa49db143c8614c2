"""Where the operator is on the shift screen: which pane, which line of it, and what is opened there."""

from __future__ import annotations

from dataclasses import dataclass, field

from noctui.state.find import Filter

PANES = ("open", "notes", "silences", "audit", "handovers")


@dataclass(slots=True)
class ShiftDesk:
    """The pane that is read, a cursor for each, the section or handover that is opened, and the audit's filter."""

    pane: str = PANES[0]
    lines: dict[str, int] = field(default_factory=dict)
    section: str = ""
    handover: str = ""
    filter: Filter = field(default_factory=Filter)

    @property
    def line(self) -> int:
        """Return the line of the cursor in the pane that is read."""
        return self.lines.get(self.pane, 0)

    def at(self, pane: str) -> int | None:
        """Return the line of the cursor in a pane, None where another one is read."""
        return self.line if pane == self.pane else None

    def turn(self, by: int = 1) -> None:
        """Read the next pane, or the one before."""
        self.pane = PANES[(PANES.index(self.pane) + by) % len(PANES)]

    def step(self, by: int, count: int) -> None:
        """Move the cursor of the pane by lines, of `count`."""
        self.lines[self.pane] = min(max(self.line + by, 0), max(count - 1, 0))

    def open(self, *, section: str = "", handover: str = "") -> None:
        """Open a section of the sheet or a handover, from its first line."""
        self.section, self.handover = section or self.section, handover or self.handover
        self.lines[self.pane] = 0

    def close(self) -> bool:
        """Close what is opened in the pane that is read, and tell whether anything was."""
        opened = bool(self.section if self.pane == "open" else self.handover if self.pane == "handovers" else "")
        if self.pane == "open":
            self.section = ""
        elif self.pane == "handovers":
            self.handover = ""
        if opened:
            self.lines[self.pane] = 0
        return opened
