"""The privacy mask on every screen, in copies and in files; and what is copied and saved."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.integration.noctui.fake import view
from tests.integration.noctui.stage import T0, Stage, queue_of_nine
from tests.integration.noctui.test_glances import visit

RITA = {"person": "P0077", "person_name": "Rita Lima"}


def hears(stage: Stage) -> list[str]:
    """Return what is written to the terminal from now on."""
    written: list[str] = []
    driver = stage.app._driver
    assert driver is not None
    driver.write = written.append  # type: ignore[method-assign,assignment] # a fake terminal that keeps what it is told
    return written


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_names_are_hidden_on_every_screen_and_shown_again():
    stage = Stage()
    async with stage.app.run_test(size=(200, 60)) as pilot:
        told = view(
            "A-1", T0, title="Punch of Rita Lima", reason="Rita Lima is at two places", severity="CRITICAL", **RITA
        )
        stage.load(told, *queue_of_nine())
        stage.alert(told, old="open", happened="seen again")
        await stage.shows(pilot, "Rita Lima")
        await stage.press(pilot, "p")
        assert "[PRIVATE]" in stage.lines[0]
        assert "R*** L***" in stage.text
        for key in ("1", "6", "5"):
            await visit(stage, pilot, key)
            assert "Rita" not in stage.text
            assert "Lima" not in stage.text
            assert "P0077" in stage.text
        await stage.press(pilot, "2", "tab", "tab")
        assert "Rita" not in stage.text
        await stage.press(pilot, "3")
        assert "Lima" not in stage.text
        await stage.press(pilot, "5", "p")
        await stage.shows(pilot, "Rita Lima")


async def test_the_line_under_the_cursor_is_copied_as_it_may_be_seen():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(view("A-1", T0, title="Punch of Rita Lima", **RITA))
        await stage.shows(pilot, "Rita Lima")
        written = hears(stage)
        await stage.press(pilot, "y")
        line = stage.app.clipboard
        assert line.startswith("* P2  NEW")
        assert "Punch of Rita Lima" in line
        assert f"\x1b]52;c;{base64.b64encode(line.encode()).decode()}\a" in written
        await stage.shows(pilot, "copied the line")
        await stage.press(pilot, "p", "y")
        assert "Punch of R*** L***" in stage.app.clipboard
        await stage.press(pilot, "enter", "y")
        assert stage.app.clipboard.startswith("why    camera 7 was silent")
        assert "\n" in stage.app.clipboard


async def test_what_is_too_large_to_copy_is_saved_and_says_so(tmp_path: Path):
    stage = Stage(folder=tmp_path)
    async with stage.app.run_test(size=(80, 24)) as pilot:
        large = {f"part_{number}": "x" * 100 for number in range(900)}
        stage.load(view("A-1", T0, title="Large", evidence=large))
        await stage.shows(pilot, "Large")
        await stage.press(pilot, "tab", "tab", "enter", "y")
        await stage.shows(pilot, "too large to copy")
        (path,) = files(tmp_path)
        assert path.name == "copy-20261122-140722.txt"
        assert path.stat().st_size > 74 * 1024


async def test_a_list_is_saved_whole_with_names_hidden_where_they_are(tmp_path: Path):
    stage = Stage(folder=tmp_path / "noctui")
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(view("A-1", T0, title="Punch of Rita Lima", **RITA), *queue_of_nine())
        await stage.shows(pilot, "Rita Lima")
        await stage.press(pilot, "p", "w")
        await stage.shows(pilot, "saved 11 lines to")
        (path,) = files(tmp_path / "noctui")
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) == 11
        assert lines[0].split()[:3] == ["SEV", "STATE", "AGE"]
        assert "Rita" not in path.read_text("utf-8")
        (tmp_path / "noctui" / "x").mkdir()
        stage.app.folder = path
        await stage.press(pilot, "w")
        await stage.shows(pilot, "not saved:")
