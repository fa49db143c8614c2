"""What is written is true: routes, changes, findings, settings, codes, commands, names and links."""

from __future__ import annotations

import ast
import importlib
import re
from itertools import count
from typing import Any
from urllib.parse import unquote

import click
import orjson
import pytest

from nocd.api.app import make_app
from nocd.api.keys import Desk
from nocd.api.server import HttpLimits
from nocd.api.tokens import TokenRoutes
from nocd.cli.main import COMMANDS as CLI
from nocd.detect.registry import CATALOG
from nocd.domain.alert import Alert, Status, Verdict
from nocd.domain.event import Event
from nocd.domain.ticket import TicketPriority, TicketStatus
from nocd.domain.token import DEFAULT_RIGHTS, Act, Role, Token
from nocd.errors import NocdError
from nocd.ingest.decode import Decoder
from nocd.metrics import Metrics
from nocd.settings import Settings
from nocd.triage.lifecycle import refusal
from nocd.triage.sla import TARGETS_MINUTES
from nocd.triage.ticket_lifecycle import refusal as ticket_refusal
from nocd.wire.changes import CHANGES
from nocd.wire.incidents import INCIDENT_COMMANDS
from nocd.wire.requests import COMMANDS
from nocd.wire.tickets import TICKET_COMMANDS
from tests.architecture.tree import ROOT, files, modules, syntax, where
from tests.build import T0, engine, firing
from tests.unit.docs.pages import blocks, papers, quoted, section, source, table
from tests.unit.rules.reference import row

README = ROOT / "README.md"
DESIGN = ROOT / "nocd" / "DESIGN.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMPLIANCE = {"GUARD_ABSENT", "NOT_STARTED", "SLA_BREACH"}  # words of a tour's state, in evidence
SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


@pytest.fixture(scope="module")
def served() -> set[str]:
    """Give `METHOD /path` of every route of the application."""
    nothing: Any = None
    desk = Desk(
        tenants={},
        decoder=nothing,
        metrics=Metrics(),
        health=nothing,
        now_ms=lambda: 0,
        max_body_bytes=1,
        max_event_bytes=1,
        max_batch=1,
        folder=nothing,
        jobs=nothing,
        notifier=nothing,
        whatif=nothing,
        versions=nothing,
    )
    app = make_app(desk, gate=nothing, feed_server=nothing, tokens=TokenRoutes(nothing), http=HttpLimits())
    routes = app.router.routes()
    named = [(route.method, route.resource.canonical) for route in routes if route.resource]
    return {f"{method} {path}" for method, path in named if method != "HEAD"}


def test_the_readmes_routes_are_those_served(served: set[str]) -> None:
    written: set[str] = set()
    for names, meaning in table(README, "Routes"):
        likewise = quoted(meaning) if "likewise" in meaning else []
        for route in quoted(names):
            written |= {route, *(route.replace("/sites", f"/{other}") for other in likewise)}
    assert written == served


@pytest.mark.parametrize(
    ("noun", "commands"), [("alerts", COMMANDS), ("tickets", TICKET_COMMANDS), ("incidents", INCIDENT_COMMANDS)]
)
def test_the_readmes_commands_are_those_that_are_taken(noun: str, commands: dict[str, Any]) -> None:
    path = f"/v1/{noun}/{{id}}/{{command}}"
    (meaning,) = (cells[1] for cells in table(README, "Routes") if path in cells[0])
    assert meaning.split(", ") == list(commands)


@pytest.mark.parametrize("status", list(TicketStatus))
def test_the_readmes_commands_of_a_tickets_status_are_those_it_allows(status: TicketStatus) -> None:
    made = engine()
    made.fold([firing()])
    ticket = made.triage.tickets.edit("T-1")
    ticket.status = status
    allowed = [verb for verb in TICKET_COMMANDS if ticket_refusal(verb, ticket) is None]
    rows = table(README, "What may be done to a ticket")
    (written,) = (cells[1] for cells in rows if cells[0] == f"`{status}`")
    assert written.split(", ") == allowed


def test_the_readmes_times_of_tickets_are_those_of_the_clocks() -> None:
    minutes = {"min": 1, "h": 60}
    rows = [cells for cells in table(README, "What may be done to a ticket") if cells[0] in list(TicketPriority)]
    written = {
        row[0]: [int(number) * minutes[unit] for number, unit in (cell.split() for cell in row[2:])] for row in rows
    }
    assert written == {name: [*each.values()] for name, each in TARGETS_MINUTES.items()}


@pytest.mark.parametrize("status", list(Status))
def test_the_readmes_commands_of_a_status_are_those_it_allows(status: Status) -> None:
    made = engine()
    made.fold([firing()])
    alert: Alert = made.book.edit("A-1")
    alert.status, alert.verdict = status, Verdict.BENIGN
    allowed = [verb for verb in COMMANDS if verb not in ("note", "undo") and refusal(verb, alert) is None]
    (written,) = (words for named, words in table(README, "What may be done to an alert") if named == f"`{status}`")
    assert written.split(", ") == allowed


def test_the_readmes_roles_may_what_they_may() -> None:
    written = {quoted(role)[0]: (may.split(", "), quoted(rights)) for role, may, rights in table(README, "Security")}
    assert written == {
        role.value: ([act.value for act in Act if Token(name="x", role=role).may(act)], sorted(DEFAULT_RIGHTS[role]))
        for role in Role
    }


def test_the_readmes_changes_are_those_of_the_feed() -> None:
    written = [name for names, _ in table(README, "Feed") for name in quoted(names)]
    assert sorted(written) == sorted(CHANGES)


def test_the_readmes_findings_are_the_catalog_word_for_word() -> None:
    written = [line for line in section(README, "Findings").splitlines() if line.startswith("| `")]
    assert written == [row(kind) for kind in CATALOG.values()]


def test_every_finding_type_in_the_source_is_in_the_catalog() -> None:
    made = {
        node.value
        for path in modules("nocd/detect")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", str(node.value))
    }
    assert made - COMPLIANCE <= set(CATALOG)


def statuses() -> dict[str, int]:
    """Return the HTTP status of every code that a class of errors has."""
    kinds, found = [NocdError], {}
    for module in modules("nocd/api", "nocd/ingest", "nocd/store"):
        importlib.import_module(where(module).removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    for kind in kinds:
        kinds += kind.__subclasses__()
        if "code" in vars(kind):
            found[kind.code] = kind.status
    return found


def test_every_code_of_the_readme_is_one_and_has_its_status() -> None:
    text, known = source("nocd"), statuses()
    named = 0
    for status, codes, _ in table(README, "What an answer to `POST /v1/events` means"):
        for code in quoted(codes):
            named += 1
            assert f'"{code}"' in text, code
            assert code not in known or str(known[code]) in status.split(", "), (code, status)
    assert named > 15


def test_every_setting_is_in_the_shipped_file_and_every_one_named_is_a_setting() -> None:
    shipped = (ROOT / "config" / "nocd.toml").read_text("utf-8")
    assert re.findall(r"^([a-z_]+) = ", shipped, re.MULTILINE) == list(Settings.model_fields)
    for page in papers():
        for name in re.findall(r"`NOCD_([A-Z_]+)`|`NOCD_([A-Z_]+)=", page.read_text("utf-8")):
            setting = (name[0] or name[1]).lower()
            assert setting in {*Settings.model_fields, "config", "url", "token"}, (where(page), setting)


def test_every_name_in_the_papers_is_a_name_in_the_source() -> None:
    words = set(re.findall(r"\w+", source("nocd", "noctui", "ml", "config", "systemd", "tests", "noc")))
    for page in papers():
        for text in quoted(page.read_text("utf-8")):
            for name in SNAKE.findall(text) if "/" not in text else ():
                assert name in words, f"{where(page)} names {name}, which is nowhere in the source"


def test_every_relative_link_leads_to_a_file_and_a_heading() -> None:
    for page in papers():
        for link in LINK.findall(page.read_text("utf-8")):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = unquote(link).partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{where(page)} links to {link}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
                slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
                assert anchor in slugs, f"{where(page)} links to {link}"


def test_every_file_the_papers_name_is_there() -> None:
    for page in papers():
        for text in quoted(page.read_text("utf-8")):
            if re.fullmatch(r"(?:tests|nocd|noctui|ml|config|systemd)/[\w/.-]+", text):
                places = (ROOT / text, ROOT / text.rstrip("/"))
                assert any(place.exists() for place in places), f"{where(page)} names {text}"


def test_every_invariant_of_the_design_names_a_test_and_every_room_is_there() -> None:
    held = table(DESIGN, "Invariants, and the tests that hold them")
    assert len(held) >= 7
    for claim, tests in held:
        assert quoted(tests), claim
        for path in quoted(tests):
            assert path.startswith("tests/")
            assert (ROOT / path).is_file(), (claim, path)
    mapped = [room for rooms, _ in table(DESIGN, "Map") for room in quoted(rooms)]
    for room in mapped:
        assert (ROOT / "nocd" / room).exists(), room
    rooms = {path.relative_to(ROOT / "nocd").parts[0] for path in files("nocd", suffix=".py")}
    unmapped = rooms - {name.split("/")[0] for name in mapped} - {"__init__.py", "__main__.py", "cli", "errors.py"}
    assert not unmapped


def test_every_decision_of_the_design_is_dated_and_in_order() -> None:
    dates = re.findall(r"^\*\*(\d{4}-\d{2}-\d{2}) · ", section(DESIGN, "Decisions"), re.MULTILINE)
    assert len(dates) >= 10
    assert dates == sorted(dates)


def command_lines() -> list[str]:
    lines = [line for page in papers() for block in blocks(page) for line in block.splitlines()]
    return [line.strip() for line in lines if re.match(r"\s*(?:\./noc|nocd) [a-z]", line)]


@pytest.mark.parametrize("line", command_lines())
def test_every_command_shown_is_one_and_takes_what_it_is_given(line: str) -> None:
    words = re.sub(r"\s+#.*", "", line).split()[1:]
    if words[0] in {"test", "bench"} and line.startswith("./noc"):
        assert f"  {words[0]})" in (ROOT / "noc").read_text("utf-8")
        return
    command: click.Command = getattr(importlib.import_module(CLI[words[0]][0]), words[0])
    if isinstance(command, click.Group):
        command = command.commands[words[1]]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known


def test_the_event_of_the_first_ten_minutes_is_taken() -> None:
    (shown,) = re.findall(r"-d '\s*(\{.*?\})'\n", "".join(blocks(README)), re.DOTALL)
    ids = count()
    event = Decoder(new_id=lambda: f"e{next(ids)}").line(shown.encode(), received_at=T0, source="ingest")
    assert isinstance(event, Event)
    assert event.type == orjson.loads(shown)["type"]
