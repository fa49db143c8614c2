"""Whether a value is what a model of the wire says, with nothing more in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nocd.wire.views import View


def fits(model: type[View], value: Any) -> View:
    """Return `value` as `model`; raises where it does not fit, or has a field the model does not know."""
    found = model.model_validate(value, strict=True)
    assert not unknown(found), f"{model.__name__} does not know {unknown(found)}"
    return found


def unknown(view: View) -> dict[str, Any]:
    """Return the fields of a view, and of the views inside it, that no model names."""
    found = {f"{type(view).__name__}.{name}": value for name, value in (view.model_extra or {}).items()}
    for name in type(view).model_fields:
        value = getattr(view, name)
        for inner in value if isinstance(value, list) else [value]:
            if hasattr(inner, "model_extra"):
                found |= unknown(inner)
    return found
