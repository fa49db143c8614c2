"""The one door to SQLite: a current one where its wheel exists, the interpreter's own otherwise.

SQLite before 3.51.3 can corrupt a WAL database when two connections write or checkpoint at the same instant; the
bundled one does not, and `nocd doctor` names the version in use. aiosqlite is imported here only, while the chosen
module stands in for `sqlite3`, so that both are the same library.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

    _former = sys.modules.get("sqlite3", sqlite3)
    sys.modules["sqlite3"] = sqlite3
    import aiosqlite

    sys.modules["sqlite3"] = _former

__all__ = ["aiosqlite", "sqlite3"]
