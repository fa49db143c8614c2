"""The baseline detector over history: the object that judges sampled metrics in the daemon, on records of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.baseline.profile import Profile
from nocd.baseline.series import Series, SeriesJudged, SeriesRecord
from nocd.baseline.threshold import THRESHOLD_MAX, THRESHOLD_MIN
from nocd.detect.statistical import reason
from nocd.domain.baseline import THRESHOLD, Baseline
from nocd.errors import InputError
from nocd.history.watch import Judged

if TYPE_CHECKING:
    from nocd.domain.baseline import Bucket, Judgement
    from nocd.history.watch import Subject


class DictBuckets(dict[int, "Bucket"]):
    """Buckets in a dictionary."""

    def put(self, hour_of_week: int, bucket: Bucket, /) -> None:
        """Replace a bucket."""
        self[hour_of_week] = bucket


class BaselineWatch:
    """Tells each window and closed hour that is stable; the score is |z|, its threshold lies between 1.5 and 5."""

    def __init__(self, subject: Subject) -> None:
        threshold = THRESHOLD if subject.threshold is None else subject.threshold
        if not THRESHOLD_MIN <= threshold <= THRESHOLD_MAX:
            raise InputError(
                f"a baseline's threshold lies between {THRESHOLD_MIN:g} and {THRESHOLD_MAX:g}, not at {threshold:g}",
                code="bad_threshold",
            )
        about = Baseline(id="backtest", series="backtest", metric=subject.metric, threshold=threshold)
        self._series = Series(
            Profile(about, DictBuckets()), SeriesRecord(), timezone=subject.timezone, country=subject.country
        )

    def step(self, time_ms: int, value: float) -> list[Judged]:
        """Take the next point in; return what the watermark has passed with it."""
        return [
            self._judged(each, told)
            for each in self._series.step(time_ms, value)
            if (told := each.judgement) is not None and told.stable
        ]

    def _judged(self, each: SeriesJudged, told: Judgement) -> Judged:
        return Judged(
            time_ms=each.end,
            score=abs(told.z),
            threshold=told.threshold,
            anomalous=each.anomalous,
            reason=reason(self._series.profile.baseline, told) if each.anomalous else "",
            hour_z=told.z if each.closed else None,
        )


def watch(subject: Subject) -> BaselineWatch:
    """Return the baseline detector over `subject`, with nothing learned."""
    return BaselineWatch(subject)
