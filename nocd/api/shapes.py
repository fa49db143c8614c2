"""What JSON Schemas are put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import BaseModel

REF: Final = "#/components/schemas/{model}"
JSON: Final = "application/json"


def ref(model: str | type[BaseModel]) -> dict[str, Any]:
    """Return a reference to a component."""
    return {"$ref": REF.format(model=model if isinstance(model, str) else model.__name__)}


def record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of an object."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": [*required]}


def page(item: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a keyset page of `item`s."""
    return record({"items": {"type": "array", "items": item}, "cursor": {"type": ["string", "null"]}})
