"""The AsyncAPI 3.0 document of the feed, generated from the models of its frames and changes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import orjson
from pydantic.json_schema import models_json_schema

from nocd import __version__
from nocd.wire.changes import CHANGES
from nocd.wire.frames import FRAMES

_REF: Final = "#/components/schemas/{model}"


@lru_cache(maxsize=1)
def document() -> bytes:
    """Return the document, as JSON: each frame is a message of `/v1/feed`, each change type names its `data`."""
    models = sorted({*FRAMES.values(), *CHANGES.values()}, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=_REF)
    frames = {name: _message(name, model.__name__) for name, model in FRAMES.items()}
    changes = {name: _message(name, model.__name__) for name, model in CHANGES.items()}
    return orjson.dumps(
        {
            "asyncapi": "3.0.0",
            "info": {"title": "NOC Intelligence feed", "version": __version__},
            "channels": {
                "feed": {
                    "address": "/v1/feed",
                    "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in frames},
                }
            },
            "operations": {"listen": {"action": "send", "channel": {"$ref": "#/channels/feed"}}},
            "components": {"messages": frames | changes, "schemas": schemas["$defs"]},
        }
    )


def _message(name: str, model: str) -> dict[str, Any]:
    return {"name": name, "contentType": "application/json", "payload": {"$ref": _REF.format(model=model)}}
