"""A company's punches as vectors: guards with habits of their own, weeks, holidays, and frauds if wanted."""

from __future__ import annotations

import numpy as np

from ml.dataset import Columns, Rows
from ml.schema import FRAUD
from nocd.domain.instant import DAY_MS, HOUR_MS

MONDAY_MS = 1_767_571_200_000  # 2026-01-05
HOLIDAYS = (10, 23, 24, 55, 89, 92, 120, 131, 150, 178, 186, 187, 188, 200)


def company(seed: int, *, days: int = 208, people: int = 40, fraud: float = 0.0, label: float = 1.0) -> Rows:
    """Return the punches of so many days; `fraud` of them is, and so much of all has a label."""
    draw = np.random.default_rng(seed)
    news = np.random.default_rng([seed, 1])
    person = np.tile(np.arange(people), days)
    day = np.repeat(np.arange(days), people)
    works = draw.random(len(day)) < 0.7
    person, day = person[works], day[works]
    count = len(day)
    habits = {name: draw.random(people)[person] for name in ("drift", "steady", "late", "weekend", "face", "night")}
    hour = np.where(habits["night"] < 0.4, 22, 6) + draw.integers(0, 3, count)
    bad = draw.random(count) < fraud
    face = np.clip(0.5 + habits["face"] / 2 + draw.normal(0, 0.06, count) - bad * draw.random(count) * 0.4, 0, 1)
    face[draw.random(count) < 0.1] = np.nan
    x = np.column_stack(
        [
            hour % 24,
            day % 7,
            day % 7 > 4,
            np.isin(day, HOLIDAYS),
            draw.gamma(2, 5 + 40 * habits["drift"]) + bad * draw.gamma(3, 100, count),
            habits["steady"] + draw.normal(0, 0.02, count),
            draw.normal(habits["late"], 0.2, count),
            habits["late"] / 4 + draw.normal(0, 0.01, count) + day % 30 / 3_000,
            habits["weekend"] / 3,
            face,
            draw.poisson(0.3 + 1.5 * bad),
            draw.uniform(30_000, 86_400, count),
            np.where(news.random(count) < 0.02 + 0.2 * bad, 1.0, 0.05),
            news.integers(0, 3, count),
        ]
    )
    columns = Columns.empty(FRAUD)
    columns.values |= {
        "id": list(range(count)),
        "time_ms": (MONDAY_MS + day * DAY_MS + hour * HOUR_MS).tolist(),
        "label": [float(each) if known else None for each, known in zip(bad, draw.random(count) < label, strict=True)],
        "rules": (draw.random(count) * 0.1 + bad * draw.random(count) * 0.12).tolist(),
        "person": person.tolist(),
        "site": [f"site {each % 4}" for each in person],
        "shift": ["night" if each < 0.4 else "day" for each in habits["night"]],
    }
    return columns.rows(x.astype(np.float32))
