"""Who gets an Issue and which blocks a reader's digest is made of.

It knows nothing of addresses or storage: choices and a frozen Issue in, a Recipe out.
"""

from __future__ import annotations

import hashlib
import json

from syndication.core.model import Choices, Edition, IssueContent, Recipe

HEAD = "head"
WEATHER_OPEN = "weather-open"
WEATHER_CLOSE = "weather-close"
WEATHER_NONE = "weather-none"  # says why there is no weather
FOOT = "foot"

NO_STORY = "no story in the chosen sections"
MOST_CELLS = 24  # stations shown as cells of their own; a reader of more gets each as one row


def station_key(station_id: str) -> str:
    """A station as a cell."""
    return f"station:{station_id}"


def row_key(station_id: str) -> str:
    """A station as one row, for readers of very many."""
    return f"row:{station_id}"


def leading_key(section: str) -> str:
    """A section whose first story is the reader's lead."""
    return f"lead:{section}"


def following_key(section: str) -> str:
    return f"section:{section}"


def sections_of(content: IssueContent) -> tuple[str, ...]:
    """Section names in reading order."""
    return tuple(dict.fromkeys(item.section for item in content.items))


def all_block_keys(content: IssueContent) -> tuple[str, ...]:
    """Every block that one rendering of this Issue yields, in the order they are rendered."""
    ids = tuple(s.station_id for s in content.weather.stations)
    rows = map(row_key, ids) if len(ids) > MOST_CELLS else ()
    weather = (WEATHER_OPEN, *map(station_key, ids), *rows, WEATHER_CLOSE) if ids else (WEATHER_NONE,)
    sections = tuple(key for s in sections_of(content) for key in (leading_key(s), following_key(s)))
    return (HEAD, *weather, *sections, FOOT)


def recipe(choices: Choices, content: IssueContent, edition: Edition) -> Recipe | None:
    """The blocks of a reader's digest in order, or None when no story is left for this reader."""
    sections = chosen_sections(choices, content)
    if content.items and not sections:
        return None
    story = [leading_key(s) if n == 0 else following_key(s) for n, s in enumerate(sections)]
    first = next((n for n, item in enumerate(content.items) if sections and item.section == sections[0]), None)
    return Recipe(blocks=(HEAD, *weather_blocks(choices, content, edition), *story, FOOT), first_item=first)


def amended(had: Recipe, content: IssueContent) -> Recipe | None:
    """The Recipe of a reader who would have had another one, after the Issue was amended; None when nothing is left."""
    there = set(all_block_keys(content))
    sections = [s for key in had.blocks if (s := _section_of(key)) is not None and leading_key(s) in there]
    if content.items and not sections:
        return None
    story = [leading_key(s) if n == 0 else following_key(s) for n, s in enumerate(sections)]
    weather = [key for key in had.blocks if key in there and _section_of(key) is None and key not in (HEAD, FOOT)]
    if not any(key not in (WEATHER_OPEN, WEATHER_CLOSE) for key in weather):
        weather = [WEATHER_NONE]
    first = next((n for n, item in enumerate(content.items) if item.section == sections[0]), None)
    return Recipe(blocks=(HEAD, *weather, *story, FOOT), first_item=first)


def _section_of(key: str) -> str | None:
    """The section whose stories a block holds, in either form."""
    kind, colon, section = key.partition(":")
    return section if colon and kind in ("lead", "section") else None


def chosen_sections(choices: Choices, content: IssueContent) -> tuple[str, ...]:
    """The reader's sections that hold a story today, in the reader's order; all of them when none were chosen."""
    there = sections_of(content)
    return tuple(s for s in dict.fromkeys(choices.sections) if s in there) if choices.sections else there


def weather_blocks(choices: Choices, content: IssueContent, edition: Edition) -> tuple[str, ...]:
    """The reader's stations, else the Edition's, else whatever the Issue has; a note when there is none."""
    there = {s.station: s.station_id for s in content.weather.stations}
    for names in (choices.stations, edition.stations, tuple(there)):
        chosen = tuple(dict.fromkeys(there[n] for n in names if n in there))
        if chosen:
            form = station_key if len(chosen) <= MOST_CELLS else row_key
            return (WEATHER_OPEN, *map(form, chosen), WEATHER_CLOSE)
    return (WEATHER_NONE,)


def recipe_hash(recipe: Recipe) -> str:
    words = json.dumps([recipe.blocks, recipe.first_item], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def choices_hash(choices: Choices, language: str) -> str:
    """The key under which readers who chose alike share one row."""
    words = json.dumps(
        [choices.stations, choices.sections, choices.cadence, choices.hour and choices.hour.isoformat(), language],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(words.encode()).hexdigest()[:32]
