"""Editions, their Issues, and the blocks an Issue is rendered to.

It does not choose what goes in; `curate` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from syndication.core.model.articles import Article
from syndication.core.model.desk import Wished
from syndication.core.model.weather import Weather


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    EXTRA = "extra"


class Channel(StrEnum):
    EMAIL = "email"
    FEED = "feed"
    PARTNER = "partner"


class Undated(StrEnum):
    """What an Edition does with an Article whose own date is unknown."""

    IN = "in"  # taken, shown without a date
    OUT = "out"


class EmptyDay(StrEnum):
    SKIP = "skip"  # nothing eligible: no Issue, recorded
    WEATHER = "weather"  # an Issue with the weather alone


class Appear(StrEnum):
    """When an Article comes into the articles feeds of an Edition."""

    WITH_ISSUE = "with-issue"  # when an Issue that holds it freezes
    AT_ONCE = "at-once"  # as soon as it was read


class UncertainPolicy(StrEnum):
    HOLD = "hold"  # tell the operator
    RESEND = "resend"  # once, with the same Message-ID, before expiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """The publisher as readers and partners know it."""

    name: str
    domain: str
    url: str  # public URL of this product's pages, without a trailing slash
    address: str  # postal address, printed in every mail
    contact: str
    sender_name: str
    sender_address: str
    accent: str = "#1a5fb4"  # six-digit hex
    logo: str | None = None  # address of a PNG, JPEG or GIF for feeds, at most 144 pixels wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The standing product."""

    id: str  # slug, part of every permanent link
    title: str
    language: str = "ko"
    zone: str = "Asia/Seoul"
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)  # publishing days, Monday is 0
    closed: Mapping[date, str] = field(default_factory=dict, repr=False, compare=False)  # days without an Issue, named
    weekly: int | None = None  # weekday of the weekly Issue; None: there is none
    hour: time = time(6, 30)
    lead: timedelta = timedelta(minutes=10)
    weather_grace: timedelta = timedelta(minutes=5)  # within the lead
    expires_after: timedelta = timedelta(hours=12)  # counted from the hour
    horizon: timedelta = timedelta(hours=48)  # counted back from the last Issue's cut-off
    cap: int = 25
    sections: tuple[str, ...] = ()  # in reading order; sections not named follow in order of first story
    stations: tuple[str, ...] = ()  # station names shown to a reader who chose none
    sources: tuple[str, ...] = ()  # Source ids; empty = all
    channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.FEED, Channel.PARTNER)
    undated: Undated = Undated.IN
    empty_day: EmptyDay = EmptyDay.SKIP
    uncertain: UncertainPolicy = UncertainPolicy.HOLD
    advertising: bool = False  # subject begins with (광고)
    appear: Appear = Appear.WITH_ISSUE


class IssueState(StrEnum):
    FROZEN = "frozen"  # assembled; Deliveries may go out
    CLOSED = "closed"  # every Delivery settled; can never be fanned out again
    MISSED = "missed"  # its time had long passed: recorded, never sent
    EMPTY = "empty"  # nothing eligible: recorded, never sent
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Untaken:
    """A story that is not in the Issue by itself: why, and which one tells the same where one does."""

    article_id: int
    title: str
    source_id: str
    reason: str
    by: int | None = None  # the Article that it was folded into


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueItem:
    """One chosen Article, frozen with the words it goes out with."""

    article: Article
    section: str
    summary: str
    link: str  # absolute: the article's own page, else its place on our Issue page
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueContent:
    """What is frozen: chosen Articles in reading order and the weather."""

    items: tuple[IssueItem, ...] = ()
    weather: Weather = field(default_factory=Weather)
    degraded: tuple[str, ...] = ()  # what was wrong with the morning, for the operator
    subject: str | None = None  # the editor's, for readers whose first story is the Issue's
    note: str | None = None  # from the desk, plain text
    left_out: tuple[Untaken, ...] = ()  # the newest of what was not taken
    more_left_out: int = 0
    wished: tuple[Wished, ...] = ()  # what the desk wished, and what came of it
    by_story: bool = False  # each story is a block of its own: readers may get some of a section's


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One Edition, one cadence, one local date, frozen."""

    id: int
    edition_id: str
    cadence: Cadence
    on: date
    state: IssueState
    revision: int
    cut_off_at: datetime
    publish_at: datetime  # the Edition's hour: sending may start
    expires_at: datetime
    frozen_at: datetime
    content: IssueContent
    reason: str | None = None  # why missed, empty or cancelled
    held: str | None = None  # why its sending rests, until the operator resumes or cancels it
    resumed: bool = False  # the operator has looked: refusals stop it no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One rendered piece of an Issue in one language. The same key in html and text."""

    key: str
    html: str
    text: str
