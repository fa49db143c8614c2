"""What a model is made for: its columns with digest, a row of a training file, and the one error of this package."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isnan, nan
from typing import TYPE_CHECKING, Any, Final

from nocd.fraud.features import FEATURES, Feature, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TRAINING_FILE: Final = "noc.training"
COLUMNS_MAX: Final = 1_000


class Refused(Exception):
    """What was asked cannot or must not be done; `code` is stable, `detail` a sentence, `counts` the numbers in it."""

    def __init__(self, code: str, detail: str, **counts: float) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.counts = counts

    def told(self) -> dict[str, Any]:
        """Return the refusal as it is printed and stored."""
        return {"outcome": "refused", "code": self.code, "reason": self.detail, "counts": self.counts}


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a vector, in their order."""

    features: tuple[Feature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns' names."""
        return tuple(feature.name for feature in self.features)

    @property
    def signs(self) -> tuple[int, ...]:
        """Return 1, -1 or 0 a column: which way alone the model may go with it."""
        return tuple(feature.sign for feature in self.features)

    @property
    def digest(self) -> str:
        """Return what names these columns: equal only if names, order, defaults and signs are."""
        return digest(self.features)

    def extends(self, other: Schema) -> bool:
        """Say whether the other's columns are these, or these begin with them."""
        return digest(self.features[: len(other.features)]) == other.digest

    def told(self) -> dict[str, Any]:
        """Return the schema as a manifest keeps it."""
        return {"digest": self.digest, "columns": [_column(feature) for feature in self.features]}

    @classmethod
    def read(cls, told: Any) -> Schema:
        """Return the schema of a manifest; `foreign_schema` where it is none, or its digest not that of its columns."""
        try:
            schema, digest_told = cls(tuple(_feature(column) for column in told["columns"])), told["digest"]
        except (KeyError, TypeError, ValueError) as error:
            raise Refused("foreign_schema", f"this is no schema of this version: {error!r}") from error
        if schema.digest != digest_told:
            raise Refused("foreign_schema", "the schema's digest is not that of its columns")
        return schema


def _column(feature: Feature) -> dict[str, Any]:
    return asdict(feature) | {"default": None if isnan(feature.default) else feature.default}


def _feature(column: Mapping[str, Any]) -> Feature:
    return Feature(**{**column, "default": nan if column["default"] is None else float(column["default"])})


def any_columns(names: Iterable[str]) -> Schema:
    """Return the schema of a table's columns, of which nothing but the names is known."""
    return Schema(tuple(Feature(name=name, stays_missing=True) for name in names))


FRAUD: Final = Schema(FEATURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One punch in a training file: what was known when it was judged, and what it turned out to be.

    `x` is the stored vector; `label` 1 fraud, 0 none, None unknown; `weight` one over the chance with which the row was
    put up for review; `chosen` was put up for what it looks like, which has no such chance. `shift_id` names one
    person's one shift; `shift` and `device` are classes ("night", "android"), by which accusations are compared.
    """

    id: str
    person: str
    site: str
    time_ms: int
    x: tuple[float, ...]
    rules: float
    label: int | None = None
    weight: float = 1.0
    chosen: bool = False
    shift_id: str | None = None
    shift: str | None = None
    device: str | None = None

    def told(self) -> dict[str, Any]:
        """Return the row as a line of a training file holds it, in JSON's own values."""
        held = {name: getattr(self, name) for name in self.__slots__}
        return held | {"x": [None if isnan(value) else value for value in self.x]}


def header(schema: Schema = FRAUD) -> dict[str, Any]:
    """Return the first line of a training file: what the vectors below it are made of."""
    return {"kind": TRAINING_FILE, "schema": schema.told()}
