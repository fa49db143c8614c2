"""The rules in force: defaults, made different for all, for a client, or for a site; the most specific wins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nocd.detect.kinds import Kind, Rule

Changed = dict[str, dict[str, Any]]  # type → field → value, checked where it was read


class Rules:
    """Answers which rule is in force for a type at a site."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        *,
        general: Changed | None = None,
        clients: Mapping[str, Changed] | None = None,
        sites: Mapping[str, Changed] | None = None,
    ) -> None:
        """Take the types there are, and what was changed of their rules."""
        self._kinds = kinds
        self._general, self._clients, self._sites = general or {}, clients or {}, sites or {}
        self._in_force: dict[tuple[str, str | None, str | None], Rule] = {}

    def of(self, finding_type: str, *, site: str | None, client: str | None) -> Rule:
        """Return the rule of a type at a site; only a site or client with a change of its own has one of its own."""
        at = site if site in self._sites else None
        of = client if client in self._clients else None
        key = (finding_type, at, of)
        rule = self._in_force.get(key)
        if rule is None:
            rule = self._kinds[finding_type].rule()
            layers = (self._general, self._clients.get(of or "", {}), self._sites.get(at or "", {}))
            for layer in layers:
                rule = replace(rule, **layer.get(finding_type, {}))
            self._in_force[key] = rule
        return rule
