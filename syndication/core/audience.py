"""Who gets an Issue and which blocks a reader's digest is made of.

It knows nothing of addresses or storage: choices and a frozen Issue in, a Recipe out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from syndication.core.model import Cadence, Choices, Edition, IssueContent, Recipe

HEAD = "head"
WEATHER_OPEN = "weather-open"
WEATHER_CLOSE = "weather-close"
WEATHER_NONE = "weather-none"  # says why there is no weather
NOTE = "note"  # from the desk
FOOT = "foot"

NO_STORY = "no story in the chosen sections"
ALL_BROUGHT = "every story came to this reader before"
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


def open_key(section: str) -> str:
    """Where stories are blocks of their own: what stands before a section's stories."""
    return f"open:{section}"


def close_key(section: str) -> str:
    return f"close:{section}"


def story_keys(article_id: int) -> tuple[str, str, str]:
    """A story as a reader's lead, as the first of its section, and behind another one."""
    return f"lead-story:{article_id}", f"first:{article_id}", f"story:{article_id}"


def sections_of(content: IssueContent) -> tuple[str, ...]:
    """Section names in reading order."""
    return tuple(dict.fromkeys(item.section for item in content.items))


def all_block_keys(content: IssueContent) -> tuple[str, ...]:
    """Every block that one rendering of this Issue yields, in the order they are rendered."""
    ids = tuple(s.station_id for s in content.weather.stations)
    rows = map(row_key, ids) if len(ids) > MOST_CELLS else ()
    weather = (WEATHER_OPEN, *map(station_key, ids), *rows, WEATHER_CLOSE) if ids else (WEATHER_NONE,)
    sections = tuple(key for s in sections_of(content) for key in _section_keys(s, content))
    return (HEAD, *_note(content), *weather, *sections, FOOT)


def _section_keys(section: str, content: IssueContent) -> tuple[str, ...]:
    if not content.by_story:
        return (leading_key(section), following_key(section))
    theirs = (i.article.id for i in content.items if i.section == section)
    return (open_key(section), *(key for number in theirs for key in story_keys(number)), close_key(section))


def _note(content: IssueContent) -> tuple[str, ...]:
    return (NOTE,) if content.note else ()


def recipe(
    choices: Choices, content: IssueContent, edition: Edition, *, without: Collection[int] = ()
) -> Recipe | None:
    """The blocks of a reader's digest in order, or None when no story is left for this reader.

    `without`: Articles that came to the reader before; they count only where stories are blocks of their own."""
    sections = chosen_sections(choices, content)
    if content.items and not sections:
        return None
    if content.by_story:
        kept = [n for s in sections for n, i in enumerate(content.items) if i.section == s]
        new = [n for n in kept if content.items[n].article.id not in without]
        return _by_story(new, content, weather_blocks(choices, content, edition))
    story = [leading_key(s) if n == 0 else following_key(s) for n, s in enumerate(sections)]
    first = next((n for n, item in enumerate(content.items) if sections and item.section == sections[0]), None)
    weather = weather_blocks(choices, content, edition)
    return Recipe(blocks=(HEAD, *_note(content), *weather, *story, FOOT), first_item=first)


def _by_story(stories: Sequence[int], content: IssueContent, weather: Sequence[str]) -> Recipe | None:
    """A Recipe of single stories, by their places in the content; None where there are stories but none of these."""
    if content.items and not stories:
        return None
    blocks: list[str] = []
    section: str | None = None
    for n in stories:
        item = content.items[n]
        lead, first, behind = story_keys(item.article.id)
        if item.section != section:
            blocks += [*([close_key(section)] if section is not None else []), open_key(item.section)]
            blocks.append(first if section is not None else lead)
            section = item.section
        else:
            blocks.append(behind)
    blocks += [close_key(section)] if section is not None else []
    return Recipe(blocks=(HEAD, *_note(content), *weather, *blocks, FOOT), first_item=stories[0] if stories else None)


def brought(had: Recipe, content: IssueContent) -> frozenset[int]:
    """The Articles that a digest made by this Recipe brought."""
    if content.by_story:
        return frozenset(number for key in had.blocks if (number := _story_of(key)) is not None)
    sections = {s for key in had.blocks if (s := _section_of(key)) is not None}
    return frozenset(item.article.id for item in content.items if item.section in sections)


def history(key: str) -> tuple[tuple[int, int, str], ...]:
    """What came to the readers of a key before: Issue, its revision, and the hash of the Recipe."""
    _, _, told = key.partition(" ")
    pieces = (piece.split("/") for piece in told.split(",") if piece)
    return tuple((int(issue), int(revision), made) for issue, revision, made in pieces)


def readers_key(choices: str, brought: Iterable[tuple[int, int, str]]) -> str:
    """The key of readers who chose alike and to whom the same came before."""
    told = ",".join(f"{issue}/{revision}/{made}" for issue, revision, made in sorted(brought))
    return f"{choices} {told}" if told else choices


def cadences_of(issue: Cadence) -> tuple[Cadence, ...]:
    """Whose Issue it is by what readers chose: an extra one comes to daily readers too."""
    return (Cadence.EXTRA, Cadence.DAILY) if issue is Cadence.EXTRA else (issue,)


def _story_of(key: str) -> int | None:
    kind, _, number = key.partition(":")
    return int(number) if kind in ("lead-story", "first", "story") and number.isdigit() else None


def amended(had: Recipe, content: IssueContent, *, before: IssueContent | None = None) -> Recipe | None:
    """The Recipe of a reader who would have had another one, after the Issue was amended; None when nothing is left.

    Who had the sections in the order of the Issue as it was `before` has them in its order now."""
    there = set(all_block_keys(content))
    if content.by_story:
        ids = [n for key in had.blocks if (n := _story_of(key)) is not None]
        at = {item.article.id: n for n, item in enumerate(content.items)}
        weather = _weather_of(had, content)
        left = [at[n] for n in ids if n in at]
        return _by_story(sorted(left) if _in_order(had, before) else left, content, weather or [WEATHER_NONE])
    sections = [s for key in had.blocks if (s := _section_of(key)) is not None and leading_key(s) in there]
    if _in_order(had, before):
        sections = [s for s in sections_of(content) if s in sections]
    if content.items and not sections:
        return None
    story = [leading_key(s) if n == 0 else following_key(s) for n, s in enumerate(sections)]
    weather = _weather_of(had, content)
    if not any(key not in (WEATHER_OPEN, WEATHER_CLOSE) for key in weather):
        weather = [WEATHER_NONE]
    first = next((n for n, item in enumerate(content.items) if item.section == sections[0]), None)
    return Recipe(blocks=(HEAD, *_note(content), *weather, *story, FOOT), first_item=first)


def _in_order(had: Recipe, content: IssueContent | None) -> bool:
    """Whether a Recipe tells its sections in the order of the Issue."""
    if content is None:
        return False
    keys = (s for key in had.blocks if (s := _section_of(key) or _opened(key)) is not None)
    order = sections_of(content)
    places = [order.index(s) for s in keys if s in order]
    return places == sorted(places)


def _opened(key: str) -> str | None:
    kind, colon, section = key.partition(":")
    return section if colon and kind == "open" else None


def _weather_of(had: Recipe, content: IssueContent) -> list[str]:
    there = set(all_block_keys(replace(content, items=(), note=None))) - {HEAD, FOOT}
    return [key for key in had.blocks if key in there]


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
