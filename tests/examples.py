"""How many examples a property test tries: few in the gate, as many times more as `NOC_EXAMPLES` says by hand.

NOC_EXAMPLES=20 ./noc test tests/property
"""

from __future__ import annotations

import os

from hypothesis import settings

TIMES = int(os.environ.get("NOC_EXAMPLES", "1"))


def examples(count: int) -> settings:
    """Return the settings of a property test that tries `count` examples in the gate."""
    return settings(max_examples=count * TIMES, deadline=None)
