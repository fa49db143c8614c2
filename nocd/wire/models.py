"""Models as the API and the feed show them: steps of their lives, cards, what their scores were worth."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from nocd.wire.requests import Request
from nocd.wire.views import View

Bounded = list[float | None]


class ModelStepped(View):
    """A model was trained, refused, put in force or taken back: which, by whom, why, and the figures behind it."""

    version: str | None = None
    reason: str
    actor: str
    body: dict[str, Any]


class DriftDetected(ModelStepped):
    """What the active model judges is no longer what it learned from; `body` has the level and what moved."""


class ModelLine(View):
    """A version on disk: what it is worth, or why it cannot be put in force (`code`, `reason`)."""

    version: str
    active: bool
    usable: bool
    code: str | None = None
    reason: str | None = None
    learned_to: str | None = None
    labelled: int | None = None
    fraud: int | None = None
    pr_auc: Bounded | None = None


class ModelsView(View):
    """The versions of a tenant, newest first, which is in force, and which was before."""

    active: str | None
    former: str | None
    items: list[ModelLine]


class ModelMoved(View):
    """Which version is in force now, and which was before."""

    version: str
    former: str | None


class GateView(View):
    """A gate that a model must pass, what it found, what it needs, and in words whether that is so."""

    name: str
    passed: bool
    found: float | None
    needed: float
    reason: str


class StepView(View):
    """A step of a model's life: when, what, why, and the figures behind it."""

    time: str
    kind: str
    reason: str
    body: dict[str, Any]


class ModelCard(View):
    """All that is known of a version: what it learned from, what its score means, whom it accuses, what the gates say.

    Of one that cannot be read, only why. Figures come from later rows that nothing was fitted on (`ml/README.md`).
    """

    version: str
    active: bool
    usable: bool
    code: str | None = None
    reason: str | None = None
    learned_from: str | None = None
    learned_to: str | None = None
    tested_from: str | None = None
    tested_to: str | None = None
    rows: int | None = None
    labelled: int | None = None
    fraud: int | None = None
    chosen: int | None = None
    split: dict[str, Any] | None = None
    base_rate: Bounded | None = None
    calibrated: bool | None = None
    calibrator: str | None = None
    figures: dict[str, dict[str, Any]] | None = None
    differences: dict[str, Bounded] | None = None
    ticket: dict[str, Any] | None = None
    groups: dict[str, dict[str, Any]] | None = None
    score_table: list[dict[str, Any]] | None = None
    parameters: dict[str, Any] | None = None
    seed: int | None = None
    rounds: int | None = None
    libraries: dict[str, str] | None = None
    gates: list[GateView] | None = None
    passed: bool | None = None
    steps: list[StepView]


class Worth(View):
    """What a scorer's scores were worth: alerts and tickets among all punches, ranking and tickets among judged ones.

    `pr_auc` and `ticket_precision` are value, lower and upper 90 % bound; null where nothing can be said.
    """

    alerts: int
    alert_rate: float | None
    tickets: int
    pr_auc: Bounded
    judged_tickets: int
    ticket_precision: Bounded


class LabelDelay(View):
    """How long after a punch its verdict came, in days: younger punches are mostly not judged yet."""

    median_days: float | None
    p90_days: float | None


class ShadowWorth(View):
    """A model and the one in its shadow on the same punches; `difference` is the shadow's PR-AUC above the model's."""

    version: str
    punches: int
    judged: int
    frauds: int
    active: Worth
    shadow: Worth
    difference: Bounded


class PerformanceView(View):
    """What the scores were worth since the model was put in force, beside the rules alone and the shadow.

    `judged` verdicts are counted by what they stand for; the `chosen` ones beside them are in no figure.
    """

    version: str | None
    since: str
    until: str
    punches: int
    judged: int
    frauds: int
    chosen: int
    label_delay: LabelDelay
    active: Worth
    rules: Worth
    shadow: ShadowWorth | None


class Apart(View):
    """A punch that a model and its shadow differ about, with what it turned out to be."""

    score: str
    punched_at: str
    site: str
    rules: float
    active: float
    shadow: float
    label: Literal[0, 1] | None


class CompareView(View):
    """A model and the one in its shadow on the same punches: who alerts of what, and where they differ most.

    `both`, `only_active` and `only_shadow` count alerts; without a shadow, `why` says that there is none.
    """

    version: str | None
    since: str
    until: str
    why: str | None
    both: int | None = None
    only_active: int | None = None
    only_shadow: int | None = None
    worth: ShadowWorth | None = None
    rules: Worth | None = None
    apart: list[Apart]


class MoveModel(Request):
    """Put a version in force, or the former one again, and say why."""

    note: Annotated[str, Field(max_length=2_000)] | None = None
