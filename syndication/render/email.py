"""A reader's copy of the digest: the blocks of the Recipe joined, slots filled, with its subject and preheader.

It renders no blocks (see `blocks`) and builds no message (see `mime`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite

from syndication.core.audience import chosen_sections, row_key, station_key
from syndication.core.model import Block, Choices, Edition, IssueContent, IssueItem, Recipe
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
    "MissingBlock",
    "Rendered",
    "Slots",
    "TooLarge",
    "join",
    "preheader",
    "render_blocks",
    "render_issue",
    "subject",
    "value",
    "values",
]

ADVERTISING = "(광고)"  # at the very start, in exactly this form (Network Act, Enforcement Decree, table 6)
LONGEST_SUBJECT = 150
LONGEST_PREHEADER = 120


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


def subject(edition: Edition, content: IssueContent, recipe: Recipe, on: date, words: Words) -> str:
    """The title of the reader's own first story; (광고) at the very start when the Edition is advertising."""
    first = _first(content, recipe)
    title = text.plain(first.article.content.title) if first else ""
    said = cut(title, LONGEST_SUBJECT) or _of_the_day(edition, content, on, words)
    return f"{ADVERTISING} {said}" if edition.advertising and not said.startswith(ADVERTISING) else said


def preheader(content: IssueContent, recipe: Recipe, on: date, words: Words) -> str:
    """What stands beside the subject: the date, the reader's first station, the next headlines or the story's words."""
    others = [i for i in _own(content, recipe) if i is not _first(content, recipe)]
    first = _first(content, recipe)
    headlines = [text.plain(i.article.content.title) for i in others[:3]]
    more = headlines or ([text.plain(first.summary)] if first else [])
    parts = [words.short_day(on), _weather(content, recipe), *more]
    return cut(" · ".join(filter(None, parts)), LONGEST_PREHEADER)


def _first(content: IssueContent, recipe: Recipe) -> IssueItem | None:
    at = recipe.first_item
    return content.items[at] if at is not None and at < len(content.items) else None


def _own(content: IssueContent, recipe: Recipe) -> list[IssueItem]:
    """The reader's own stories in the reader's order."""
    names = [key.partition(":")[2] for key in recipe.blocks if key.startswith(("lead:", "section:"))]
    order = chosen_sections(Choices(sections=tuple(names)), content) if names else ()
    return [item for name in order for item in content.items if item.section == name]


def _weather(content: IssueContent, recipe: Recipe) -> str:
    """가람 -11.0℃: the reader's first station, where its temperature was observed."""
    key = next((key for key in recipe.blocks if key.startswith(("station:", "row:"))), None)
    there = content.weather.stations
    station = next((s for s in there if key in (station_key(s.station_id), row_key(s.station_id))), None)
    seen = station.observation if station else None
    if station is None or seen is None or seen.temperature is None or not isfinite(seen.temperature):
        return ""
    return f"{folded(station.station)} {observed_degrees(seen.temperature)}℃"


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
