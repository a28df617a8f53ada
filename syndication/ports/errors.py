"""The only errors that cross a port (Outrun is one kind of Transient).

It does not retry or report; the verbs do.
"""

from __future__ import annotations

from datetime import timedelta


class Transient(Exception):
    """It did not work now; the same call may work later. Nothing was handed over."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Outrun(Transient):
    """Somebody else replaced meanwhile what was to be replaced: look again, then decide anew."""


class Permanent(Exception):
    """It will not work until somebody changes something. `status` is the HTTP status where one said so."""

    def __init__(self, reason: str = "", *, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class Unknown(Exception):
    """It may or may not have happened."""
