"""The store's part for Articles, weather and Issues.

It does not hold readers or Deliveries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from syndication.core.model import (
    Article,
    Block,
    Cadence,
    Edition,
    Found,
    Issue,
    IssueContent,
    IssueState,
    Source,
    SourceState,
    WeatherReading,
)
from syndication.ports.weather import WeatherStates


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What storing found Articles did: numbers of new Articles, new Revisions, known ones, and other stories in the
    place of known ones, held back for the editor."""

    new: int
    revised: int
    known: int
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """An Issue about to be frozen: everything but its id."""

    edition_id: str
    cadence: Cadence
    on: date
    state: IssueState
    cut_off_at: datetime
    publish_at: datetime
    expires_at: datetime
    frozen_at: datetime
    content: IssueContent
    reason: str | None = None
    held: str | None = None  # why its sending rests from the start


class Intake(WeatherStates, Protocol):
    """Sources, Articles and weather. Every method is one transaction."""

    def register_sources(self, sources: Iterable[Source], now: datetime) -> None:
        """Note all the Sources there are, in their order of precedence; one without a state row is due at once.

        A Source with another address than before begins anew, also one that had ended."""
        ...

    def source_states(self) -> Sequence[SourceState]: ...

    def take_source(self, source_id: str, now: datetime, until: datetime) -> SourceState | None:
        """Claim a due Source for polling until `until`; None when it is not due or somebody else has it."""
        ...

    def store_articles(
        self, source: Source, found: Sequence[Found], now: datetime, *, domain: str, baseline: bool
    ) -> Stored:
        """Add new Articles (minting `tag:domain,year:` URIs) and new Revisions of changed ones.

        Only whose word counts revises (core.changes.may_revise), nothing revises what was taken back, and a rewrite
        becomes a proposal (core.changes.is_rewrite)."""
        ...

    def articles_by_source(self) -> Mapping[str, int]:
        """How many Articles each Source has brought so far."""
        ...

    def settle_source(self, state: SourceState) -> None: ...

    def store_weather(self, reading: WeatherReading) -> None: ...

    def weather_since(self, since: datetime) -> Sequence[WeatherReading]:
        """Readings fetched at or after `since`, newest first."""
        ...

    def widget_dates(self, reading: WeatherReading) -> Sequence[date]:
        """Other local dates on which a page carried exactly these observations."""
        ...


class Newsroom(Protocol):
    """Issues: assembled once per Edition, cadence and local date."""

    def register_editions(self, editions: Iterable[Edition], now: datetime) -> None: ...

    def last_issue(self, edition_id: str, cadence: Cadence) -> Issue | None:
        """The newest Issue (by date) in any state."""
        ...

    def last_cut_off(self, edition_id: str, cadence: Cadence) -> datetime | None:
        """The cut-off of the newest Issue that was really published (frozen or closed)."""
        ...

    def adopted_at(self, edition_id: str) -> datetime:
        """When this installation first knew the Edition: no slot before it is ever missed."""
        ...

    def issue_on(self, edition_id: str, cadence: Cadence, on: date) -> Issue | None: ...

    def issue(self, issue_id: int, revision: int | None = None) -> Issue | None:
        """An Issue as it is, or as it was at an earlier revision."""
        ...

    def issues(self, edition_id: str, limit: int) -> Sequence[Issue]:
        """The newest frozen or closed Issues first."""
        ...

    def open_issues(self) -> Sequence[Issue]:
        """Issues in state frozen."""
        ...

    def eligible(
        self,
        edition: Edition,
        cadence: Cadence,
        *,
        cut_off_at: datetime,
        since: datetime,
        among: Collection[int] | None = None,
    ) -> Sequence[Article]:
        """Usable Articles first seen in [since, cut_off_at), no baseline, in no Issue of this Edition and cadence;
        oldest first. Each at the newest Revision seen before the cut-off. With `among` those of them, whenever they
        were first seen before the cut-off, baseline or not."""
        ...

    def article_at(self, article_id: int, revision: int | None = None) -> Article | None:
        """An Article at a Revision, else at its newest."""
        ...

    def freeze(self, frozen: Frozen, blocks: Mapping[str, Sequence[Block]]) -> Issue:
        """Store an Issue, its items and its blocks (by language). Asked again for the same Edition, cadence and
        date, returns the Issue that is there."""
        ...

    def blocks(self, issue_id: int, revision: int, language: str) -> Mapping[str, Block]: ...

    def close_settled(self, now: datetime, *, among: Collection[int] | None = None) -> Sequence[int]:
        """Close Issues (of those `among`) past their expiry whose every Delivery is settled; returns their ids."""
        ...
