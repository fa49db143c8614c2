"""Who may do what: bearer tokens, roles, rights and their limits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """admin ⊃ operator ⊃ viewer; admin ⊃ ingest."""

    INGEST = "ingest"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Act(StrEnum):
    """What a route needs its caller to be permitted."""

    POST = "post"
    READ = "read"
    OPERATE = "operate"
    ADMINISTER = "administer"


class Right(StrEnum):
    """Permissions beside the roles."""

    FRAUD = "fraud"
    PII = "pii"
    EXPORT = "export"
    AUDIT = "audit"
    APPROVE = "approve"


_ACTS = {
    Role.INGEST: frozenset({Act.POST}),
    Role.VIEWER: frozenset({Act.READ}),
    Role.OPERATOR: frozenset({Act.READ, Act.OPERATE}),
    Role.ADMIN: frozenset(Act),
}

DEFAULT_RIGHTS = {
    Role.INGEST: frozenset[Right](),
    Role.VIEWER: frozenset[Right](),
    Role.OPERATOR: frozenset({Right.FRAUD, Right.PII, Right.EXPORT}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One bearer token's permissions; the secret itself is never here, nor stored.

    `sites` and `clients` empty mean every one; times are UTC milliseconds.
    """

    name: str
    role: Role
    tenant: str = "default"
    rights: frozenset[Right] = frozenset()
    sites: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    allow: tuple[str, ...] = ()
    expires_at: int | None = None
    created_at: int = 0
    last_used: int | None = None

    def may(self, act: Act) -> bool:
        """Tell whether the role permits `act`."""
        return act in _ACTS[self.role]

    def sees(self, *, site: str | None, client: str | None) -> bool:
        """Tell whether an object of this site and client is within the token's limits."""
        if not self.sites and not self.clients:
            return True
        return (site is not None and site in self.sites) or (client is not None and client in self.clients)

    @property
    def limited(self) -> bool:
        """Tell whether the token is limited to sites or clients."""
        return bool(self.sites or self.clients)
