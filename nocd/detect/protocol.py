"""What a detector is: it keeps a record for each key, and says what it claims of it at an instant.

A claim is a function of the record, the directory and the instant alone. That is what makes the order of arrival, a
repeat and a late punch harmless: `Watches` asks again, and what is no longer claimed is withdrawn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nocd.detect.kinds import Kind
    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something held to be so, and the finding that says it; `since` is when it began (UTC ms).

    `key` makes it the same claim when asked for again, of the same fingerprint. A condition is `lasting`, and over
    at `until` (None while it lasts) for the reason `over`; it goes on with one of its fingerprint whose time overlaps,
    though the key is another. `step` grows while it lasts: at each the finding is made again, and its alert counts it.
    """

    key: str
    finding: Finding
    since: int
    lasting: bool = False
    until: int | None = None
    over: str = ""
    step: int = 0


class Detector(ABC):
    """A frozen object: all it knows lies in the record it is given, on the shelf of its name.

    `record` is its dataclass, bounded and JSON-able, or None where the directory says all it needs; `kinds` are the
    finding types it may claim, `events` the data of the events it takes.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    events: ClassVar[tuple[type, ...]]
    record: ClassVar[type | None] = None

    @abstractmethod
    def keys(self, event: Event, scene: Scene) -> Iterable[str]:
        """Return whose claims an event may change."""

    @abstractmethod
    def claims(self, key: str, record: Any, at: int, scene: Scene) -> Sequence[Claim]:
        """Return what is claimed of a key at an instant (UTC ms), conditions that are over included."""

    def step(self, record: Any, event: Event, scene: Scene) -> bool:  # noqa: ARG002 - for those with a record
        """Take an event into a record; tell whether to ask for claims now. It completes, or leaves all as it was.

        False also says that no deadline came nearer: one that is planned stays until its time.
        """
        return True

    def due(self, key: str, record: Any, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - not all wait for time
        """Return the next instant after `after` at which time alone may change the claims, or None.

        Deadlines and grids, nothing relative to `after`: asked again just before one, it is to give the same.
        """
        return None

    def final_before(self, key: str, record: Any, scene: Scene) -> int:  # noqa: ARG002 - by default nothing is final
        """Return the instant before which nothing is remembered: claims since then stand for good."""
        return 0

    def ends(self, key: str, record: Any, scene: Scene) -> int | None:  # noqa: ARG002 - a person or site never ends
        """Return when nothing can be said of a key any more, so that its record may go, or None."""
        return None
