"""The only errors that cross a port.

It does not retry or report; the verbs do.
"""

from __future__ import annotations

from datetime import timedelta


class Transient(Exception):
    """It did not work now; the same call may work later. Nothing was handed over."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Permanent(Exception):
    """It will not work until somebody changes something."""


class Unknown(Exception):
    """It may or may not have happened."""
