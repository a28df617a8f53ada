"""A reader's copy of the digest: the blocks of the Recipe joined, slots filled, with its subject and preheader.

It renders no blocks (see `blocks`) and builds no message (see `mime`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import isfinite

from syndication.core.audience import following_key, leading_key, row_key, sections_of, station_key, story_keys
from syndication.core.model import Block, Edition, IssueContent, Recipe
from syndication.core.prose import folded
from syndication.render import text
from syndication.render.blocks import BUDGET, HARD, Rendered, TooLarge, render_blocks, render_issue
from syndication.render.filling import SLOT, SLOTS
from syndication.render.mjml import BadTemplate, escape
from syndication.render.stories import cut, is_web_address
from syndication.render.words import Words, observed_degrees

__all__ = [
    "BUDGET",
    "HARD",
    "BadSlot",
    "BadTemplate",
    "Headings",
    "MissingBlock",
    "Rendered",
    "Slots",
    "TooLarge",
    "join",
    "render_blocks",
    "render_issue",
    "value",
    "values",
]

ADVERTISING = "(광고)"  # at the very start, in exactly this form (Network Act, Enforcement Decree, table 6)
LONGEST_SUBJECT = 150
LONGEST_PREHEADER = 120
_BESIDE = 3  # headlines that a preheader begins to tell
_KEPT = 512  # subjects and preheaders of one Issue


class MissingBlock(LookupError):
    """A Recipe that names a block which the Issue does not have."""


class BadSlot(ValueError):
    """A slot value that is no web address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """What differs between readers of the same Recipe."""

    subject: str
    preheader: str
    unsubscribe_url: str
    preferences_url: str  # shown only where the blocks were rendered with `own_pages`
    view_url: str


def join(blocks: Mapping[str, Block], recipe: Recipe, slots: Slots) -> tuple[str, str]:
    """HTML and text of a reader's digest. Raises MissingBlock and BadSlot.

    Slots are filled in one pass, so neither content nor a value that looks like a slot is ever replaced."""
    missing = [key for key in recipe.blocks if key not in blocks]
    if missing:
        raise MissingBlock(f"the issue has no block {missing[0]!r}; it has {', '.join(blocks)}")
    chosen = [blocks[key] for key in recipe.blocks]
    filled = values(slots)
    html = {name: str(escape(value)) for name, value in filled.items()}
    return (
        SLOT.sub(lambda m: html[m[1]], "".join(block.html for block in chosen)),
        SLOT.sub(lambda m: filled[m[1]], "".join(block.text for block in chosen)).strip("\n") + "\n",
    )


class Headings:
    """Subjects and preheaders of an Issue in one language: each is made once for all readers whose it is."""

    def __init__(self, edition: Edition, content: IssueContent, on: date, words: Words) -> None:
        self._count = len(content.items)
        self._stories = dict(_told(content))
        self._weather = dict(_observed(content))
        said = _Said(edition, content, on, words)
        self._subject = lru_cache(maxsize=_KEPT)(said.subject)
        self._preheader = lru_cache(maxsize=_KEPT)(said.preheader)

    def subject(self, recipe: Recipe) -> str:
        """The title of the reader's own first story; (광고) at the very start when the Edition is advertising.

        The editor's subject is for readers whose first story is the Issue's own: the others have not got what it
        promises."""
        return self._subject(self._first(recipe))

    def preheader(self, recipe: Recipe) -> str:
        """The date, the reader's first station, the next headlines or else the story's own words."""
        first, others, observed = self._first(recipe), list[int](), None
        for key in recipe.blocks:
            if key in self._stories:
                others += self._stories[key]
                if len(others) > _BESIDE:
                    break
            elif observed is None:
                observed = self._weather.get(key)
        beside = tuple([n for n in others[: _BESIDE + 1] if n != first][:_BESIDE])
        return self._preheader(first, beside, observed or "")

    def _first(self, recipe: Recipe) -> int | None:
        at = recipe.first_item
        return at if at is not None and at < self._count else None


class _Said:
    """The words themselves, by the places of stories among an Issue's."""

    def __init__(self, edition: Edition, content: IssueContent, on: date, words: Words) -> None:
        self._edition, self._content, self._on, self._words = edition, content, on, words
        self._titles = [text.plain(item.article.content.title) for item in content.items]

    def subject(self, first: int | None) -> str:
        title = self._titles[first] if first is not None else ""
        if first in (0, None) and self._content.subject:
            title = text.plain(self._content.subject)
        said = cut(title, LONGEST_SUBJECT) or _of_the_day(self._edition, self._content, self._on, self._words)
        return f"{ADVERTISING} {said}" if self._edition.advertising and not said.startswith(ADVERTISING) else said

    def preheader(self, first: int | None, others: tuple[int, ...], observed: str) -> str:
        more = [self._titles[n] for n in others]
        if not more and first is not None:
            more = [text.plain(self._content.items[first].summary)]
        return cut(" · ".join(filter(None, (self._words.short_day(self._on), observed, *more))), LONGEST_PREHEADER)


def _told(content: IssueContent) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Which stories a section's blocks tell, by their keys."""
    if content.by_story:
        yield from ((key, (n,)) for n, item in enumerate(content.items) for key in story_keys(item.article.id))
        return
    for name in sections_of(content):
        theirs = tuple(n for n, item in enumerate(content.items) if item.section == name)
        yield from ((leading_key(name), theirs), (following_key(name), theirs))


def _observed(content: IssueContent) -> Iterator[tuple[str, str]]:
    """가람 -11.0℃ by the keys of a station's blocks, nothing where no temperature was observed."""
    for station in content.weather.stations:
        seen, said = station.observation, ""
        if seen is not None and seen.temperature is not None and isfinite(seen.temperature):
            said = f"{folded(station.station)} {observed_degrees(seen.temperature)}℃"
        yield from ((station_key(station.station_id), said), (row_key(station.station_id), said))


def _of_the_day(edition: Edition, content: IssueContent, on: date, words: Words) -> str:
    day = words.short_day(on)
    said = words("{day} 날씨", day=day) if content.weather.stations and not content.items else day
    return f"{text.plain(edition.title)} · {said}"


def values(slots: Slots) -> dict[str, str]:
    """What to put into the slots, by name. Raises BadSlot."""
    return {name: value(name, getattr(slots, name)) for name in SLOTS}


def value(name: str, given: str) -> str:
    """What to put into one slot: plain text that forms no slot. Raises BadSlot."""
    put = text.plain(given)
    if name.endswith("_url") and not is_web_address(put):
        raise BadSlot(f"{name} must be an http or https address, not {put!r}")
    return put
