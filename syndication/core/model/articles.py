"""Sources and what is read from them: Articles with their Revisions, and what was set aside.

It does not say how a page is read; `pages`, `sources` and `dropped` do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from syndication.core.model.weather import Forecast, Observation


class SourceKind(StrEnum):
    FEED = "feed"  # RSS, Atom or JSON Feed over HTTP
    PAGE = "page"  # a newspaper page over HTTP: plain text or HTML
    PAGE_LIST = "page-list"  # a list, section page or feed whose links are followed to the Articles
    FOLDER = "folder"  # a drop folder on local disk
    WORDPRESS = "wordpress"  # the REST API of WordPress
    GHOST = "ghost"  # the Content API of Ghost
    ARC = "arc"  # the Content API of Arc XP
    PUSH = "push"  # a CMS posts its Articles to us


class FirstPoll(StrEnum):
    """What the first look at a Source does with what already stands there."""

    BASELINE = "baseline"  # known from now on, never in an Issue
    TAKE = "take"  # eligible like anything new


class Rights(StrEnum):
    OWN = "own"
    LICENSED = "licensed"
    NOT_FOR_PASSING_ON = "not-for-passing-on"


class ArticleStatus(StrEnum):
    USABLE = "usable"
    CORRECTED = "corrected"
    WITHHELD = "withheld"
    CANCELED = "canceled"  # one l, as in ninjs and NewsML-G2


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An upstream that is polled, as the publisher configured it."""

    id: str
    kind: SourceKind
    location: str  # URL, or the path of a drop folder
    outlet: str  # outlet key: the identity of an Article hangs on it, not on the host
    every: timedelta = timedelta(minutes=30)
    silent_after: timedelta | None = None  # expected rhythm: longer without a new Article is silence; None: as learnt
    first_poll: FirstPoll = FirstPoll.BASELINE
    rights: Rights = Rights.OWN
    rights_holder: str | None = None
    section: str | None = None  # used where an Article names none
    region: str | None = None
    loopback: bool = False  # the settings name a loopback address on purpose
    weather: bool = False  # its page carries a weather widget that may serve as last resort
    watch: timedelta | None = None  # how long Articles' own pages are looked at again; None: as its kind has it
    links: str | None = None  # of a list: a pattern with * that the paths of its Articles' addresses fit
    website: str | None = None  # of an API that serves several


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What polling has learnt of a Source so far (all instants UTC)."""

    source_id: str
    next_check_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    first_polled_at: datetime | None = None
    last_checked_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    ended: bool = False  # the far side said 410
    cursor: str | None = None  # how far an API was read


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    url: str
    alt: str = ""
    credit: str | None = None
    licence: str | None = None
    width: int | None = None
    height: int | None = None
    small: str | None = None  # of one that is ours: the address of a narrower print


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleContent:
    """One Revision's content. `paragraphs` are plain text (a ▲ list item keeps its mark, a line break is \\n);
    `html` is sanitised and shallow, or None where the paragraphs say it all."""

    title: str  # empty where the page printed none
    subtitle: str | None = None
    paragraphs: tuple[str, ...] = ()
    html: str | None = None
    section: str | None = None
    region: str | None = None
    url: str | None = None  # canonical, absolute
    bylines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    published_at: datetime | None = None  # the article's own instant (aware); None when unknown
    published_on: date | None = None  # its own bare date, when it printed no time
    rights: Rights = Rights.OWN
    rights_holder: str | None = None
    robot: bool = False
    sponsored: bool = False
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An Article as one look at a Source gave it, before the store knows it."""

    identity: str  # see core.sources.identity
    content: ArticleContent


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A stored Article at one Revision."""

    id: int
    uri: str  # tag: URI, minted once, never changed
    source_id: str
    identity: str
    revision: int  # counted from 1
    content: ArticleContent
    content_hash: str
    status: ArticleStatus = ArticleStatus.USABLE
    first_seen_at: datetime
    revised_at: datetime  # when this Revision was seen
    baseline: bool = False  # stood there at the first poll of a `baseline` Source: never eligible


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """Another story's headline and opening as printed on a page; never an Article."""

    section: str | None = None
    title: str | None = None
    text: str | None = None
    cut: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Something that was not taken, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one input gave, whatever its kind. An unreadable one is an entry in `set_aside`."""

    date_line: date | None = None  # the page's own date, never an Article's
    attribution: str | None = None
    observed_at: datetime | None = None  # where one hour holds for all observations
    observations: tuple[Observation, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    articles: tuple[Found, ...] = ()
    teasers: tuple[Teaser, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()
