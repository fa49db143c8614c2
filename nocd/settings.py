"""Every knob of the daemon: arguments > environment (`NOCD_…`) > TOML file > defaults; a typo must not pass."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, SettingsConfigDict

from nocd.domain.instant import zone
from nocd.domain.severity import Severity
from nocd.faults import Faulty, Place, nearest, written
from nocd.notify.receiver import Receiver
from nocd.triage.routes import ROUTES_MAX, Route, Routes
from nocd.triage.routes import faults as route_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX: Final = "NOCD_"
# `NOCD_` variables that are no settings: which file to read, and how clients find the daemon.
OTHER_VARIABLES: Final = frozenset({"CONFIG", "URL", "TOKEN"})

# What a hang-up takes over; whatever else is changed waits for a restart.
RELOADED: Final = (
    *("detectors", "runbooks", "routes", "receivers", "lateness_minutes", "alerts_open_max"),
    *("quiet_for_outside_alerts_minutes", "correlation_window_minutes", "incident_close_when"),
    *("ack_expires_minutes", "ticket_severities", "escalate_critical_minutes", "escalate_high_minutes"),
    *("escalate_medium_minutes", "escalate_low_minutes"),
)
_LISTED: Final = "; `nocd check` lists those there are"
MIB: Final = 1_048_576
SHIFTS_MAX: Final = 12
TIME_OF_DAY: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
CloseWhen = Literal["all", "any", "never"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "text"]
MaybePath = Annotated[Path | None, BeforeValidator(lambda value: None if value == "" else value)]


def _number(default: int, low: int, high: int, meaning: str) -> Any:
    return Field(default, ge=low, le=high, description=meaning)


def _value(default: object, meaning: str) -> Any:
    return Field(default, description=meaning)


class Settings(BaseSettings):
    """The settings of one daemon; read them by `load`, which also tells where each came from."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    listen: str = _value("127.0.0.1:8460", "Where HTTP is served, HOST:PORT; [::1]:8460 for IPv6, port 0 for any free.")
    data_dir: MaybePath = _value(
        None,
        "The data folder; empty for $STATE_DIRECTORY, else $XDG_STATE_HOME/nocd, else ~/.local/state/nocd.",
    )
    timezone: str = _value("UTC", "IANA time zone of the timetable; sites have their own.")
    tls_cert: MaybePath = _value(None, "PEM file of the certificate and its chain; empty for plain HTTP.")
    tls_key: MaybePath = _value(None, "PEM file of the certificate's key; set with tls_cert.")
    allow_remote: bool = _value(
        default=False, meaning="Serve other machines without TLS; behind a proxy that adds it, for instance."
    )

    max_body_bytes: int = _number(16 * MIB, 65_536, 256 * MIB, "Largest request body taken, unpacked.")
    max_event_bytes: int = _number(65_536, 1_024, MIB, "Largest single event taken.")
    max_batch: int = _number(10_000, 1, 100_000, "Most events in one request.")
    max_future_s: int = _number(
        300, 0, 86_400, "An event whose time is further ahead than this is stored at the time of its receipt."
    )
    max_age_days: int = _number(30, 1, 400, "Older events are stored and flagged late; nothing is learned from them.")
    lateness_minutes: int = _number(10, 0, 1_440, "How long a closed window waits for events that arrive late.")

    batch_events_max: int = _number(1_000, 1, 10_000, "Most events in one commit.")
    inbox_events_max: int = _number(20_000, 100, 1_000_000, "Events waiting for a commit; past it, 429.")
    state_lag_events_max: int = _number(
        50_000, 1_000, 1_000_000, "Most events folded again at start; more means less writing and a longer start."
    )
    feed_backlog_max: int = _number(10_000, 100, 1_000_000, "Changes a slow feed client may be behind; then it is cut.")
    feed_clients_max: int = _number(500, 1, 10_000, "Feed clients served at a time.")

    feed_retention_days: int = _number(90, 1, 3_650, "How long changes can be resumed from.")
    inputs_retention_days: int = _number(
        90, 1, 3_650, "How long events, and the keys that tell their repeats, are kept."
    )
    alerts_retention_days: int = _number(
        400,
        30,
        3_650,
        "How long findings, alerts, their ledger, tickets, scores, verdicts, threshold changes and job runs are kept.",
    )
    site_hours_retention_days: int = _number(
        730, 35, 3_650, "How long closed hours of baselines, and scorecards, are kept."
    )
    audit_retention_days: int = _number(
        2_192, 2_192, 36_500, "How long the audit trail is kept; never under six years."
    )
    min_free_bytes: int = _number(
        64 * MIB,
        MIB,
        1_099_511_627_776,
        "With less room on disk new events are refused (507); never more than 5 % of the file system.",
    )
    wal_max_bytes: int = _number(64 * MIB, MIB, 4_096 * MIB, "Write-ahead log size at which a checkpoint is forced.")

    detectors: MaybePath = _value(
        None, "A file with rules of detectors that differ from their defaults, see detectors.toml beside this file."
    )
    runbooks: MaybePath = _value(
        None, "A file with runbooks that take the place of shipped ones, see runbooks.toml beside this file."
    )
    routes: tuple[Route, ...] = Field(
        (), max_length=ROUTES_MAX, description="Who is told of which alerts, see README.md beside this file."
    )
    receivers: dict[str, Receiver] = Field(
        {}, max_length=ROUTES_MAX, description="Where messages go, by name, see README.md beside this file."
    )
    alerts_open_max: int = _number(
        50_000,
        100,
        1_000_000,
        "Unresolved alerts held; further troubles are counted in one flood alert, CRITICAL past twice as many.",
    )
    quiet_for_outside_alerts_minutes: int = _number(
        60, 1, 10_080, "An alert of outside monitoring that is not renewed for so long is resolved."
    )
    alarm_budget_per_week: int = _number(
        3, 0, 1_000, "Findings off the usual, not known to be true, that a site may have in a week; 0 for no bound."
    )
    kpi_samples: bool = _value(
        default=False, meaning="Post the key figures to itself as samples nocd.kpi.*, so that baselines watch them."
    )
    correlation_window_minutes: int = _number(
        15, 5, 60, "Alerts further apart than this, by when they happened, are not found to be one story."
    )
    incident_close_when: CloseWhen = _value(
        "all", "When an incident resolves by itself: with the last of its alerts, with any of them, or never."
    )
    ack_expires_minutes: int = _number(60, 1, 1_440, "An acknowledged alert stands unattended again after this.")
    desk_shifts: str = _value("06:00,14:00,22:00", "When the desk's shifts begin, in `timezone`.")
    ticket_severities: str = _value(
        "CRITICAL,HIGH", "Severities of alerts that open a ticket; empty for none by itself."
    )
    escalate_critical_minutes: int = _number(15, 1, 1_440, "A CRITICAL alert that nobody touches goes up after this.")
    escalate_high_minutes: int = _number(30, 1, 1_440, "A HIGH alert that nobody touches goes up after this.")
    escalate_medium_minutes: int = _number(60, 1, 1_440, "A MEDIUM alert that nobody touches goes up after this.")
    escalate_low_minutes: int = _number(
        120, 1, 1_440, "A LOW alert that nobody touches goes up after this; any with a runbook of its own after its."
    )
    auto_approve: bool = _value(
        default=False,
        meaning="After a CRITICAL drift, put a fraud model that passed its gates in force without somebody's approval.",
    )
    commands_per_minute: int = _number(100, 1, 100_000, "Commands taken from one token.")
    failed_logins_per_minute: int = _number(10, 1, 1_000, "Failed logins answered from one address; past it, 429.")
    idempotency_hours: int = _number(24, 1, 168, "How long the answer to an Idempotency-Key is kept.")

    log_level: LogLevel = _value("info", "Least level that is logged.")
    log_format: LogFormat = _value("auto", "auto is text on a terminal and one JSON object a line elsewhere.")
    shutdown_s: int = _number(10, 1, 300, "Longest a stop may take; what is stored is safe at any moment of it.")

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host_and_port(value)
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        zone(value)
        return value

    @field_validator("desk_shifts")
    @classmethod
    def _shifts(cls, value: str) -> str:
        minutes_in(value)
        return value

    @field_validator("ticket_severities")
    @classmethod
    def _severities(cls, value: str) -> str:
        severities_in(value)
        return value

    @field_validator("data_dir", "tls_cert", "tls_key", "detectors", "runbooks")
    @classmethod
    def _home(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value else None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key come together")
        if not (self.loopback or self.tls_cert or self.allow_remote):
            raise ValueError(
                f"listen = {self.listen!r} would serve other machines without TLS: "
                "set tls_cert and tls_key, listen on 127.0.0.1, or set allow_remote = true"
            )
        if self.max_event_bytes > self.max_body_bytes:
            raise ValueError("max_event_bytes must not be larger than max_body_bytes")
        if self.batch_events_max > self.inbox_events_max:
            raise ValueError("batch_events_max must not be larger than inbox_events_max")
        if faults := route_faults(self.routes, self.receivers):
            raise ValueError("; ".join(faults))
        return self

    @property
    def shift_starts(self) -> tuple[int, ...]:
        """Return when the desk's shifts begin, as minutes of the day."""
        return minutes_in(self.desk_shifts)

    @property
    def severities_of_tickets(self) -> frozenset[Severity]:
        """Return the severities of alerts that open a ticket."""
        return severities_in(self.ticket_severities)

    @property
    def escalate_minutes(self) -> dict[Severity, int]:
        """Return after how long an alert that nobody touches goes up, by severity."""
        grave = {Severity.CRITICAL: self.escalate_critical_minutes, Severity.HIGH: self.escalate_high_minutes}
        return {**grave, Severity.MEDIUM: self.escalate_medium_minutes, Severity.LOW: self.escalate_low_minutes}

    @property
    def routing(self) -> Routes:
        """Return the routes, with the receivers there are."""
        return Routes(self.routes, frozenset(self.receivers))

    @property
    def host(self) -> str:
        """Return the host of `listen`, without brackets."""
        return host_and_port(self.listen)[0]

    @property
    def port(self) -> int:
        """Return the port of `listen`; 0 asks for any free one."""
        return host_and_port(self.listen)[1]

    @property
    def loopback(self) -> bool:
        """Tell whether only this machine can reach `listen`."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def severities_in(words: str) -> frozenset[Severity]:
    """Return the severities a comma-separated setting names; raises ValueError for a word that is none."""
    given = [word.strip() for word in words.split(",") if word.strip()]
    wrong = [word for word in given if word not in set(Severity)]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} is no severity; there are {', '.join(Severity)}")
    return frozenset(Severity(word) for word in given)


def minutes_in(words: str) -> tuple[int, ...]:
    """Return the times of day a comma-separated setting names, as minutes, in order; raises ValueError for none."""
    given = [word.strip() for word in words.split(",") if word.strip()]
    if not 1 <= len(given) <= SHIFTS_MAX or any(TIME_OF_DAY.fullmatch(word) is None for word in given):
        raise ValueError(f"{words!r} is not one to {SHIFTS_MAX} times of day like 06:00,14:00,22:00")
    return tuple(sorted({int(word[:2]) * 60 + int(word[3:]) for word in given}))


def host_and_port(listen: str) -> tuple[str, int]:
    """Return the two parts of `HOST:PORT`; raises ValueError saying what is expected."""
    try:
        parts = urlsplit(f"//{listen}")
        if parts.hostname and parts.port is not None and parts.netloc == listen and "@" not in listen:
            return parts.hostname, parts.port
    except ValueError:
        pass  # said below, as for every other form that is not one
    raise ValueError(f"{listen!r} is not HOST:PORT, like 127.0.0.1:8460 or [::1]:8460")


class SettingsRefused(Faulty):
    """One or more settings cannot be used."""

    code = "bad_settings"

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, and where each came from: `argument`, `environment NOCD_X`, `file PATH` or `default`."""

    settings: Settings
    origins: Mapping[str, str]


def load(arguments: Mapping[str, object] | None = None, *, file: Path | None = None) -> Loaded:
    """Read the settings in force; an argument of None counts as not given.

    Raises SettingsRefused with every fault found: unknown keys (with the nearest known one), values out of range, a
    file that is missing or is no TOML. Unknown `NOCD_` variables are left to `unknown_variables`.
    """
    given = {key: value for key, value in (arguments or {}).items() if value is not None}
    in_file, place = written(file, SettingsRefused) if file else ({}, Place(""))
    in_environment = EnvSettingsSource(Settings)()
    values = {**in_file, **in_environment, **given}
    origins = dict.fromkeys(Settings.model_fields, "default")
    origins |= dict.fromkeys(in_file, f"file {file}")
    origins |= {name: f"environment {PREFIX}{name.upper()}" for name in in_environment}
    origins |= dict.fromkeys(given, "argument")
    try:
        settings = Settings(_build_sources=((InitSettingsSource(Settings, values),), {}))
    except ValidationError as error:
        raise SettingsRefused(list(_faults(error, origins, place))) from error
    return Loaded(settings=settings, origins=origins)


def on_record(settings: Settings) -> dict[str, Any]:
    """Return the settings as the audit trail keeps them: a file that holds rules by its path and its SHA-256."""
    values: dict[str, Any] = settings.model_dump(mode="json")
    for name in ("detectors", "runbooks"):
        file: Path | None = getattr(settings, name)
        if file is not None and file.is_file():
            values[name] = f"{file} sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    return values


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each `NOCD_` variable that means nothing here, with the nearest that does."""
    known = {*(name.upper() for name in Settings.model_fields), *OTHER_VARIABLES}
    ours = sorted(name for name in environ if name.upper().startswith(PREFIX))
    names = {name: name.upper().removeprefix(PREFIX) for name in ours}
    return [
        f"{name} is no setting{nearest(own, known, prefix=PREFIX, otherwise=_LISTED)}"
        for name, own in names.items()
        if own not in known
    ]


def _faults(error: ValidationError, origins: Mapping[str, str], place: Place) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_context=False):
        steps = [str(part) for part in fault["loc"]]
        name, origin = ".".join(steps), origins.get(steps[0], "") if steps else ""
        origin = f"file {place.at(*steps)}" if origin.startswith("file ") else origin
        said = re.sub(r"^Value error, ", "", fault["msg"])
        if fault["type"] == "extra_forbidden" and name in origins:
            yield f"{origin}: {name} is no setting{nearest(name, Settings.model_fields, otherwise=_LISTED)}"
        elif name:
            given = f" (given {fault['input']!r:.80})" if said == fault["msg"] else ""
            yield f"{origin}: {name}: {said}{given}"
        else:
            yield said
