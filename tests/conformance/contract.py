"""The OpenAPI document as a judge: whatever is answered must be what it says, and no field more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

__all__ = ["Contract", "Draft202012Validator"]

PROBLEM = "application/problem+json"
UNAVAILABLE = (503, 507)


@dataclass(slots=True)
class Contract:
    """What was promised, by path and method; `judge` raises AssertionError where an answer breaks it."""

    document: dict[str, Any]
    judged: set[tuple[str, str, int]] = field(default_factory=set)
    _validators: dict[tuple[str, str, str, str], Draft202012Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _close(self.document["components"])

    def judge(self, method: str, path: str, status: int, media_type: str, content: Any) -> None:
        """Hold one answer against the document; a path nobody serves promises a problem."""
        template, operation = self.operation(method, path)
        assert status < 500 or status in UNAVAILABLE, (method, path, status, content)
        responses = operation.get("responses", {"default": {"content": {PROBLEM: {"schema": self._problem}}}})
        promised = responses.get(str(status)) or responses["default"]
        assert str(status) in responses or status >= 400, f"{method} {path} answers {status}, which is not documented"
        schemas = promised.get("content", {})
        if not schemas:
            assert content in (None, b""), (method, path, status, content)
            return
        assert media_type in schemas, (method, path, status, media_type, content)
        if media_type.endswith(("/json", "+json")):
            self._validator(template, method, str(status), media_type, schemas[media_type]["schema"]).validate(content)
        if media_type == PROBLEM:
            _is_problem(status, content)
        self.judged.add((method, template, status))

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """Return the template a path falls under, and its operation: fixed words go before parameters."""
        found = [template for template in self.document["paths"] if _matches(template, path)]
        template = min(found, key=lambda each: each.count("{"), default="")
        operations: dict[str, Any] = self.document["paths"].get(template, {})
        return template, operations.get(method.lower(), {})

    @property
    def _problem(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/Problem"}

    def _validator(self, *key: Any) -> Draft202012Validator:
        *names, schema = key
        place = (names[0], names[1], names[2], names[3])
        if place not in self._validators:
            whole = {"allOf": [schema], "components": self.document["components"]}
            self._validators[place] = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return self._validators[place]


def _is_problem(status: int, content: dict[str, Any]) -> None:
    assert set(content) == {"type", "title", "status", "code", "detail"}, content
    assert content["status"] == status
    assert re.fullmatch(r"[a-z][a-z0-9_]+", content["code"]), content
    assert content["title"]
    assert content["detail"]


def _matches(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
    return re.fullmatch(pattern, path) is not None


def _close(schema: Any) -> None:
    """Take `additionalProperties: true` away, as what a newer daemon may add: this one documents all it answers."""
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is True and "properties" in schema:
            schema["additionalProperties"] = False
        for value in schema.values():
            _close(value)
    elif isinstance(schema, list):
        for value in schema:
            _close(value)
