"""The CloudEvents envelope of each event type, built from the domain's own dataclasses."""

from __future__ import annotations

import operator
from dataclasses import dataclass, fields, make_dataclass
from functools import reduce
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Discriminator, StringConstraints, TypeAdapter

from nocd.domain.directory import Removal  # noqa: TC001 - pydantic reads the annotations at run time
from nocd.domain.limits import Id, Source  # noqa: TC001 - as above
from nocd.domain.observation import EVENT_TYPES, Data

# RFC 3339, date-time; the space is its own note's readability exception. Dates that do not exist are met when parsing.
_RFC3339: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,20})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
_JSON_MEDIA_TYPE: Final = r"(?i)^\s*(?:(?:application|text)/json|[^/;\s]+/[^/;\s]+\+json)\s*(?:;.*)?$"

Moment = Annotated[str, StringConstraints(pattern=_RFC3339)]
JsonMediaType = Annotated[str, StringConstraints(pattern=_JSON_MEDIA_TYPE)]


# Neither frozen nor slotted: extension attributes land in its __dict__, where their presence is seen for nothing.
@dataclass(kw_only=True)
class Envelope:
    """A CloudEvent as parsed; extension attributes become attributes, and stay in the received line."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "allow", "strict": True}
    specversion: Literal["1.0"]
    id: Id
    source: Source
    type: str
    data: Any
    time: Moment | None = None
    datacontenttype: JsonMediaType | None = None
    data_base64: None = None


@dataclass(kw_only=True)
class RemovalEnvelope(Envelope):
    """The removal of a directory entry, whatever its kind."""

    data: Removal


ATTRIBUTES: Final = len(fields(Envelope))


def _of_type(name: str, data: type[Data]) -> type[Envelope]:
    own: list[tuple[str, Any]] = [("type", Literal[name]), ("data", data)]
    return make_dataclass(f"Envelope of {name}", own, bases=(Envelope,), kw_only=True)


def _adapter() -> TypeAdapter[Envelope]:
    union: Any = reduce(operator.or_, (_of_type(name, data) for name, data in EVENT_TYPES.items()))
    return TypeAdapter(Annotated[union, Discriminator("type")])


ENVELOPE: Final = _adapter()
REMOVAL: Final = TypeAdapter(RemovalEnvelope)
