"""What a score costs: from vectors that are ready to calibrated probabilities, by a model as training makes them."""

from __future__ import annotations

from time import perf_counter, thread_time
from typing import TYPE_CHECKING

import numpy as np

from ml import booster
from ml.predict import Scorer
from ml.registry import Registry
from ml.schema import FRAUD
from ml.train import Options, store, train
from tests.bench.rows import Row, median, paired, percentile
from tests.build_punches import company

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml.dataset import Rows
    from tests.bench.stored import Bench

BATCH = 1_000
CALLS = 20
ROUNDS = 200


def single(bench: Bench) -> list[Row]:
    """One punch at a time, what 99 in 100 do not pass: in CPU time, for it waits for nothing but a busy machine."""
    scorer, rows = _made(bench)
    vectors = [[tuple(vector)] for vector in rows.x[: bench.size(5_000, 50)].tolist()]
    wall, cpu = _pass(scorer, vectors)
    more = {f"wall_p{percent}": round(percentile(wall, percent), 3) for percent in (50, 99)}
    return [Row(name="ml-single", value=percentile(cpu, 99), must=2.0, unit="ms of CPU, 99th percentile", more=more)]


def _pass(scorer: Scorer, vectors: list[list[tuple[float, ...]]]) -> tuple[list[float], list[float]]:
    """Return what each vector alone took, in wall and in CPU time (ms)."""
    wall, cpu = [], []
    for vector in vectors:
        began, spent = perf_counter(), thread_time()
        scorer.score(vector)
        cpu.append((thread_time() - spent) * 1e3)
        wall.append((perf_counter() - began) * 1e3)
    return wall, cpu


def batch(bench: Bench) -> list[Row]:
    """A thousand punches in one call, beside XGBoost alone on the matrix that is made of them."""
    scorer, rows = _made(bench)
    x = np.resize(rows.x, (BATCH, len(FRAUD.features)))
    vectors = [tuple(vector) for vector in x.tolist()]
    measured = paired(
        lambda: median([_ms(lambda: scorer.score(vectors)) for _ in range(CALLS)]),
        lambda: median([_ms(lambda: booster.margins(scorer.booster, x)) for _ in range(CALLS)]),
        pairs=bench.pairs,
    )
    return [Row(name="ml-batch", must=3.0, at_most=True, unit=f"ms of CPU for {BATCH:,} punches", **measured._asdict())]


def _made(bench: Bench) -> tuple[Scorer, Rows]:
    rows = company(1, days=bench.size(180, 60), people=bench.size(60, 40), fraud=0.05)
    parameters = {**booster.PARAMETERS, "rounds_blind": ROUNDS, "patience_rounds": ROUNDS, "rounds_max": ROUNDS}
    registry = Registry(bench.fresh("models"))
    stored = store(train(rows, Options(parameters=parameters)), registry, activate=False)
    return Scorer(registry.load(stored["version"], FRAUD)), rows


def _ms(call: Callable[[], object]) -> float:
    """Return what a call took of this thread's CPU."""
    began = thread_time()
    call()
    return (thread_time() - began) * 1e3
