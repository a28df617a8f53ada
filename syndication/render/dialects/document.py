"""What every dialect takes and gives: one Revision with what became of it and a Partner's wishes; bytes with a name.

It writes no dialect and decides nothing about sending; `core.partners` does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syndication.core.model import Article, ArticleStatus, Outlet
from syndication.render.words import Words


class Standing(StrEnum):
    """What a Revision is to a Partner: one word for status, revision number and embargo together."""

    USABLE = "usable"  # the first that is told
    UPDATED = "updated"
    CORRECTED = "corrected"
    EMBARGOED = "embargoed"
    WITHHELD = "withheld"
    CANCELED = "canceled"


class Correction(StrEnum):
    """Kinds that Korean press law tells apart (언론중재법 제14조, 제16조, 제17조)."""

    CORRECTION = "correction"  # 정정보도
    REPLY = "reply"  # 반론보도
    FOLLOW_UP = "follow-up"  # 추후보도


class Pictures(StrEnum):
    NONE = "none"
    CREDITED = "credited"  # only those that name who took them
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A contract's own format. `kind` is xml or json: it decides how values are escaped."""

    text: str
    kind: str
    content_type: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a Partner wants its documents; which Articles it gets is not said here."""

    full_text: bool = True  # else the opening alone, and no pictures
    pictures: Pictures = Pictures.ALL
    link_parameters: tuple[tuple[str, str], ...] = ()  # set in the Article's own address, in this order
    codes: Mapping[str, str] = field(default_factory=dict)  # our section or region -> the Partner's code for it
    terms: str | None = None  # what the contract lets it do, for dialects that have a place for it
    fetched_at: str | None = None  # the address from which it fetches its feed, if it does
    template: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One Revision as one Partner is to be told of it. Everything in it is stored: nothing is asked of a clock."""

    article: Article
    outlet: Outlet
    say: Words
    language: str = "ko"  # of the text
    zone: str = "Asia/Seoul"  # in which people are told hours
    correction: Correction | None = None  # which kind, where the Revision is one
    notice: str | None = None  # the publisher's own words on a correction or on what was taken back, for the public
    due_at: datetime | None = None  # from when the Delivery may go; None: when the Revision was seen
    told_before: bool | None = None  # whether this Partner had an earlier Revision; None: where there is one, it had it
    wishes: Wishes = field(default_factory=Wishes)

    @property
    def replaces(self) -> bool:
        """Whether it takes the place of what this Partner was told before."""
        return self.article.revision > 1 if self.told_before is None else self.told_before

    @property
    def standing(self) -> Standing:
        """Taken back outranks an embargo, an embargo outranks a correction."""
        match self.article.status:
            case ArticleStatus.WITHHELD:
                return Standing.WITHHELD
            case ArticleStatus.CANCELED:
                return Standing.CANCELED
        if self.embargoed:
            return Standing.EMBARGOED
        if self.correction is not None or self.article.status is ArticleStatus.CORRECTED:
            return Standing.CORRECTED
        return Standing.UPDATED if self.replaces else Standing.USABLE

    @property
    def embargoed(self) -> bool:
        """Whether the embargo is still running when the Delivery may go."""
        until = self.article.content.embargo_until
        return until is not None and until > (self.due_at or self.article.revised_at)

    @property
    def name(self) -> str:
        """garam.example-2026-01-19-article-7-r0001: names of later Revisions sort after earlier ones."""
        return f"{_place(self.article.uri)}-r{self.article.revision:04}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A document as it goes over the wire. `name` is a file name for transports that drop files."""

    body: bytes
    content_type: str
    name: str


_MINTED = re.compile(r"tag:([a-z0-9.-]{1,80}),(\d{4}-\d\d-\d\d):article/(\d{1,12})")


def _place(uri: str) -> str:
    """The URI as part of a file name; one that we never minted by a mark of it."""
    minted = _MINTED.fullmatch(uri)
    if minted is not None:
        return "{}-{}-article-{}".format(*minted.groups())
    return f"article-{hashlib.sha256(uri.encode('utf-8', 'replace')).hexdigest()[:16]}"
