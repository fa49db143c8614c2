"""Rules on imports that the contracts in pyproject.toml do not express."""

from __future__ import annotations

from tests.architecture.tree import PRODUCT, imports, modules, where

PURE = (
    "nocd/errors.py",
    "nocd/domain",
    "nocd/wire/pattern.py",
    "nocd/wire/present.py",
    "nocd/wire/query.py",
    "nocd/wire/terms.py",
    "nocd/wire/matching.py",
    "nocd/wire/present_incidents.py",
    "nocd/wire/present_handovers.py",
    "nocd/wire/present_tickets.py",
    "nocd/engine.py",
    "nocd/outcome.py",
    "nocd/commanding.py",
    "nocd/telling.py",
    "nocd/dryrun.py",
    "nocd/signals",
    "nocd/baseline",
    "nocd/detect",
    "nocd/fraud",
    "nocd/triage",
    "nocd/feed",
    "noctui/state",
    "noctui/client/backoff.py",
    "ml/schema.py",
    "ml/labels.py",
    "ml/ubjson.py",
)
IMPURE = {
    *("asyncio", "concurrent", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select"),
    *("shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib"),
    *("aiohttp", "aiosqlite", "apscheduler", "numpy", "prometheus_client", "pydantic", "pydantic_settings"),
    *("pysqlite3", "scipy", "textual", "websockets", "xgboost"),
}
DOORS = {
    "aiosqlite": ("nocd/store",),
    "sqlite3": ("nocd/store",),
    "pysqlite3": ("nocd/store",),
    "apscheduler": ("nocd/jobs/scheduler.py",),
    "xgboost": ("ml",),
    "textual": ("noctui/app.py", "noctui/screens", "noctui/widgets", "noctui/messages.py", "noctui/theme.py"),
}


def test_pure_rooms_wait_for_nothing_and_read_nothing_from_outside() -> None:
    assert not [
        f"{where(path)} is pure and imports {name}"
        for path in modules(*PURE)
        for name in imports(path)
        if name.split(".")[0] in IMPURE
    ]


def test_pure_rooms_stand_on_pure_rooms_alone() -> None:
    pure = tuple(place.removesuffix(".py").replace("/", ".") for place in PURE)
    assert not [
        f"{where(path)} is pure and imports {name}"
        for path in modules(*PURE)
        for name in imports(path)
        if name.split(".")[0] in PRODUCT and not inside(name, pure) and not console_on_wire(path.parts, name)
    ]


def inside(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)


def console_on_wire(parts: tuple[str, ...], name: str) -> bool:
    """Say whether this is the console's state taking the types that the daemon sends."""
    return "noctui" in parts and inside(name, ("nocd.wire",))


def test_each_library_has_one_door() -> None:
    doors = {library: set(modules(*places)) for library, places in DOORS.items()}
    assert not [
        f"{where(path)} imports {name}; its door is {', '.join(DOORS[library])}"
        for path in modules(*PRODUCT)
        for name in imports(path)
        if (library := name.split(".")[0]) in DOORS and path not in doors[library]
    ]
