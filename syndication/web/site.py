"""What the web needs to know of one installation, as one value that bootstrap fills.

It opens nothing: every outside thing arrives as a port or a callable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from syndication.core.links import Keys
from syndication.core.model import Edition, Outlet, Partner, Source
from syndication.ports import Ports
from syndication.web.feeds_places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMail:
    """A mail as it lies in the sandbox mailbox: the decoded parts and the raw message."""

    address: str
    subject: str
    html: str
    text: str
    raw: bytes
    received_at: datetime | None = None

    @property
    def id(self) -> str:
        """Stable for these bytes; nothing to guess from."""
        return hashlib.sha256(self.raw).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerReceipt:
    """One document that the sample Partner received."""

    received_at: datetime
    key: str  # the idempotency key
    sequence: int | None
    content_type: str
    body: str
    verified: bool = True  # its signature was right
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The provider's topic that posts its events here, and what is done with them."""

    arn: str
    confirm: Callable[[str], None]  # a subscription, by its token; raises Transient, Permanent
    take: Callable[[str], object]  # one event record; raises provider_events.Unreadable, Transient


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One installation. `templates` maps paths below templates/ ("web/home.html", "feeds/feed.xsl") to their text.

    `inbox` and `receipts` exist only with the sandbox; `banner` says that a sample clock runs.
    """

    ports: Ports
    outlet: Outlet
    editions: tuple[Edition, ...]
    keys: Keys
    templates: Mapping[str, str]
    partners: tuple[Partner, ...] = ()
    sources: tuple[Source, ...] = ()
    source_keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # what pushers must say, by Source id
    mode: str = "rehearsal"
    database: str = ""  # which database this is, for the operator: "sqlite", "postgresql"
    banner: str | None = None
    inbox: Callable[[], Sequence[InboxMail]] | None = None
    receipts: Callable[[], Sequence[PartnerReceipt]] | None = None
    topic: Topic | None = None
    published: Place | None = None  # where published files are read; None: where the Publisher puts them
    hubs: tuple[str, ...] = ()  # of WebSub
    moved: Mapping[str, str] = field(default_factory=dict)  # older addresses, as in feeds.Addresses
    ended: tuple[str, ...] = ()

    def edition(self, edition_id: str) -> Edition | None:
        return next((e for e in self.editions if e.id == edition_id), None)
