"""Keeps what was read of a Source: Articles under the publisher's words for it, and a page's weather.

It fetches nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.core.model import FirstPoll, Found, Origin, Reading, Source, SourceState, WeatherReading
from syndication.ports import Ports, Stored

NOTHING = Stored(new=0, revised=0, known=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a Source: at what, since what, when, and for whose URIs."""

    ports: Ports
    source: Source
    state: SourceState
    now: datetime
    domain: str  # of the outlet: URIs are minted from it
    key: str | None = None  # a secret that the far side asks for

    @property
    def baseline(self) -> bool:
        """Whether what stands there now was there before us."""
        return self.source.first_poll is FirstPoll.BASELINE and self.state.first_polled_at is None


def keep(look: Look, reading: Reading) -> Stored:
    """Store Articles, and the page's weather where the Source may serve as weather."""
    found = [_owned(found, look.source) for found in reading.articles]
    store = look.ports.store
    stored = store.store_articles(look.source, found, look.now, domain=look.domain, baseline=look.baseline)
    if look.source.weather and reading.observations:
        store.store_weather(
            WeatherReading(
                origin=Origin.WIDGET,
                source_id=look.source.id,
                fetched_at=look.now,
                on=reading.date_line,
                observations=reading.observations,
            )
        )
    return stored


def says_nothing(reading: Reading) -> bool:
    return not (reading.articles or reading.teasers or reading.observations or reading.forecasts)


def total(stored: Sequence[Stored]) -> Stored:
    return Stored(
        new=sum(s.new for s in stored),
        revised=sum(s.revised for s in stored),
        known=sum(s.known for s in stored),
        held=sum(s.held for s in stored),
    )


def _owned(found: Found, source: Source) -> Found:
    """An Article with what the publisher said of its Source: rights, and section and region where it names none."""
    content = found.content
    return replace(
        found,
        content=replace(
            content,
            rights=source.rights,
            rights_holder=source.rights_holder,
            section=content.section or source.section,
            region=content.region or source.region,
        ),
    )
