"""The error tree; every error carries a stable code, and a cure where there is one.

NocdError
├── InputError          the caller's request is wrong; repeating it will not help
│   ├── NotAllowed      known, but not permitted (forbidden) or not known at all (unauthorised)
│   ├── NotFound        no such object for this caller
│   ├── Conflict        the object's state does not allow this
│   └── TooLarge        past a documented size
├── StateError          what is stored is not what this build can work on
└── UnavailableError    right now it cannot be done; later it can
├── Overloaded      the inbox is full (retry after `retry_after_s`)
└── StorageFull     the disk has no room
"""

from __future__ import annotations


class NocdError(Exception):
    """Root of every error this product raises on purpose.

    `code` is stable and documented; `detail` is a sentence for a person.
    """

    code = "internal"
    status = 500

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        """Keep the sentence and, where given, a more precise code."""
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class InputError(NocdError):
    """The caller's request is wrong."""

    code = "bad_request"
    status = 400


class NotAllowed(InputError):
    """The caller is not known (401) or not permitted (403)."""

    code = "forbidden"
    status = 403


class NotFound(InputError):
    """No such object for this caller."""

    code = "not_found"
    status = 404


class Conflict(InputError):
    """The object's present state does not allow what was asked."""

    code = "conflict"
    status = 409


class TooLarge(InputError):
    """A documented size was passed."""

    code = "too_large"
    status = 413


class StateError(NocdError):
    """What is stored is not what this build can work on; nothing was overwritten."""

    code = "bad_state"
    status = 500


class UnavailableError(NocdError):
    """It cannot be done now, and can be later."""

    code = "unavailable"
    status = 503
    retry_after_s = 1


class Overloaded(UnavailableError):
    """The inbox is full."""

    code = "inbox_full"
    status = 429


class StorageFull(UnavailableError):
    """The disk has no room for another commit."""

    code = "storage_full"
    status = 507
    retry_after_s = 5
