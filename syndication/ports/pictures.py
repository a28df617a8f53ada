"""How pictures are made ours, and the store's part for them: which are wanted, kept, or will not be had and why.

It decides nothing about which may be shown; `core.pictures` does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syndication.core.model import Article
from syndication.core.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A picture as it is published: its bytes, of one media type, and its size in px."""

    body: bytes
    width: int
    height: int
    content_type: str = "image/jpeg"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPicture:
    """A picture that is to be fetched. `loopback`: its Source lies on this machine, and so does it."""

    url: str
    attempts: int = 0
    loopback: bool = False


class Darkroom(Protocol):
    def develop(self, body: bytes) -> tuple[Print, Print]:
        """A stranger's picture as two of ours, large and small, of `core.pictures`' widths and octets at most; nothing
        but what is seen in the first frame is kept of it. Raises Permanent for what is none that can be shown, or
        would cost too much, and Transient when it could not be tried."""
        ...


class Pictures(Protocol):
    """Pictures that Articles name, and what became of each."""

    def unpictured(self, since: datetime, limit: int) -> Sequence[Article]:
        """Articles at their newest Revision, seen at or after `since`, whose pictures nobody has noted yet; the newest
        first."""
        ...

    def note_pictures(self, article: Article, wanted: Sequence[WantedPicture], now: datetime) -> None:
        """Note the pictures of an Article's Revision. Repeatable; what is known already is not wanted again."""
        ...

    def take_pictures(self, now: datetime, until: datetime, limit: int) -> Sequence[WantedPicture]:
        """Claim wanted pictures that are due, until then; those of the newest Articles first."""
        ...

    def settle_picture(
        self,
        url: str,
        now: datetime,
        *,
        picture: Picture | None = None,
        reason: str | None = None,
        again_at: datetime | None = None,
    ) -> None:
        """Note what became of one: it is kept, or will be tried again, or there is none and why. Feeds that show an
        Article with a picture that is kept from now on become stale."""
        ...

    def pictures(self, urls: Collection[str]) -> Mapping[str, Picture]:
        """Those of these that are kept, by the address that Articles name."""
        ...

    def picture_counts(self) -> Mapping[str, int]:
        """How many there are: "kept", "wanted", and by the reason for which there is none."""
        ...
