"""What comes in: pages, files and names.

It does not parse what arrives; core does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One answer. `body` is None for 304; `ended` is true for 410."""

    url: str  # where the answer came from, after redirects
    body: bytes | None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    ended: bool = False


class Fetcher(Protocol):
    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        loopback: bool = False,
        authorization: str | None = None,
    ) -> Fetched:
        """GET within size and time limits; addresses that are not public are refused, also after redirects.

        `loopback` allows a loopback address for `url` itself, never for where it redirects; `authorization` (the value
        of that header) is told to nobody else either.
        Raises Transient (5xx, 429, timeouts, dead names) and Permanent (other 4xx, refused address, too large).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A file of a drop folder that stayed unchanged for two looks."""

    name: str
    body: bytes


class Folder(Protocol):
    def look(self) -> Sequence[Dropped]:
        """The files that are unchanged since the last look, by name."""
        ...

    def done(self, dropped: Dropped) -> None: ...

    def set_aside(self, dropped: Dropped, reason: str) -> None: ...


class Names(Protocol):
    """The DNS. Nothing comes back where a name or a record does not exist; raises Transient where nobody can tell."""

    def txt(self, name: str) -> Sequence[str]:
        """Each record as one text, its strings joined."""
        ...

    def mx(self, name: str) -> Sequence[str]:
        """Hosts without a dot at their end, preferred first; "" is the null MX (RFC 7505)."""
        ...

    def a(self, name: str) -> Sequence[str]: ...

    def aaaa(self, name: str) -> Sequence[str]: ...

    def ptr(self, address: str) -> Sequence[str]:
        """The names of an IP address, without a dot at their end."""
        ...
