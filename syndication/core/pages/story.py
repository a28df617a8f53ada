"""Finds the one story of a stretch of a newspaper page: where it begins, its headline, its body and where it ends.

What stands around it is handed back as blocks of other stories; nothing is thrown away here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from syndication.core.bylines import byline, once, signed
from syndication.core.dates import Moment
from syndication.core.pages.prose import (
    LONGEST_HEADLINE,
    Block,
    is_cut,
    is_headline,
    is_listed,
    is_pair,
    is_prose,
    is_sentence,
    is_teaser,
    paragraphs,
    same,
)
from syndication.core.pages.words import LATE, Kind, Line

Item = Block | Line

_MOST_HEADS = 4  # section, headline, subtitle in two lines; more headlines in a row are a list
_SECTION_WORD = 9  # characters of a section's name, and in Latin letters
_SECTION_LATIN = 16
_BRACKETS = "[]<>〈〉【】"
_JOINTS = re.compile(r"[·ㆍ/&\s]")
_LONGEST_TITLE = 160
_VERSE_LINE = 24  # lines of a poem are short
_LEAST_VERSES = 3
_POEM = re.compile(r"[\[(<〈【]?(?:시|동시|詩|시조)[\])>〉】 ]")
_ROW = re.compile(r"(?:\s\|?\s?[\d,.]{1,12}[^\s\d]{0,4}){2}$")  # of a table
_INFORMS = re.compile(
    r"[:：=☎]|[(<〈](?:끝|계속)[)>〉]|https?|\d{3,4}-\d{4}|@"
)  # what closes an article without a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article as a page prints it."""

    title: str | None
    subtitle: str | None = None
    section: str | None = None
    paragraphs: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()
    moment: Moment | None = None

    @property
    def size(self) -> int:
        """How many characters its body holds."""
        return sum(map(len, self.paragraphs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A story and the blocks of others around it."""

    story: Story
    before: tuple[Block, ...] = ()
    after: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Places in a list of items: where the heads begin, where the body begins and behind which item it ends."""

    heads: int
    body: int
    end: int


def split_story(items: Sequence[Item], section: str | None, *, strict: bool = False) -> Split | None:
    """The story among items, or None when they are a list of teasers or nothing.

    `strict` is for stretches that are announced as lists: there only a headline of its own above several paragraphs,
    or a byline or stamp beside it, makes a story."""
    found = _found(items, strict=strict) or (None if strict else _verses(items, section))
    if found is None:
        return None
    before = [i for i in items[: found.heads] if isinstance(i, Block)]
    heads, more = _heads(items[found.heads : found.body], most=1 if strict else _MOST_HEADS)
    body, trailing = trimmed(_blocks(items[found.body : found.end]))
    if heads and not body:
        return None
    if not heads and len(body[0].lines) > 1 and is_headline(body[0].lines[0]):
        heads, body = [body[0].lines[0]], [replace(body[0], lines=body[0].lines[1:]), *body[1:]]
    title, subtitle, section = _named(heads, section)
    body = _without_title(body, title)
    text = signed(paragraphs(body))
    lines = [i for i in items[: found.end + 2] if isinstance(i, Line)]
    story = Story(
        title=title,
        subtitle=subtitle,
        section=section,
        paragraphs=text.paragraphs,
        bylines=once((*_bylines(lines), *text.bylines)),
        moment=_moment(items, found),
    )
    after = (*trailing, *_blocks(items[found.end :]))
    return Split(story=story, before=(*before, *more), after=after)


def _blocks(items: Sequence[Item]) -> list[Block]:
    return [i for i in items if isinstance(i, Block)]


# --- where it begins and ends ----------------------------------------------------------------


def _found(items: Sequence[Item], *, strict: bool) -> _Found | None:
    if _is_list(_blocks(items)):
        return None
    heads = 0
    follows = _story_follows(items)
    before: Block | None = None
    first = next((n for n, item in enumerate(items) if isinstance(item, Block)), None)
    for n, item in enumerate(items):
        if not isinstance(item, Block):
            continue
        if n == first and _is_long_head(item, items[n + 1 :]):
            before = item
            continue
        if is_teaser(item) or _breaks_off(item):
            heads = n + 1
        elif _is_body(item) and not (before is None and _is_head(item)):
            # a headline with one text under it, and an article after it, is another story
            if is_pair(item) and (strict or (follows[n] and not _is_head(before))):
                heads = n + 1
                before = None
                continue
            found = _Found(heads=heads, body=n, end=_end(items, n))
            return found if not strict or _is_sure(items, found) else None
        before = item if n >= heads else None
    return None


def _story_follows(items: Sequence[Item]) -> list[bool]:
    """For each item whether behind it a headline of its own stands above a paragraph of its own."""
    out = [False] * len(items)
    follows, body = False, False
    for n in range(len(items) - 1, -1, -1):
        out[n] = follows
        item = items[n]
        if isinstance(item, Block):
            follows = follows or (body and _is_head(item))
            body = _is_body(item) and not is_pair(item)
    return out


def _is_head(block: Block | None) -> bool:
    return block is not None and len(block.lines) == 1 and is_headline(block.lines[0])


def _is_long_head(block: Block, behind: Sequence[Item]) -> bool:
    """Whether a block on top is a headline longer than most: one line without a stop, and prose below it."""
    line = block.lines[0]
    if len(block.lines) > 1 or not LONGEST_HEADLINE < len(line) <= _LONGEST_TITLE or "다. " in line:
        return False
    below = next(iter(_blocks(behind)), None)
    return below is not None and _is_body(below) and not is_pair(below) and not _is_body(block)


def _is_list(blocks: Sequence[Block]) -> bool:
    """Whether blocks are teasers one after the other: pairs of headline and text, and no paragraph on its own."""
    pairs = sum(is_pair(b) or is_teaser(b) for b in blocks)
    return pairs >= 2 and not any(_is_body(b) and not is_pair(b) for b in blocks)


def _is_body(block: Block) -> bool:
    """Whether a block is prose or a list of an article."""
    if is_teaser(block):
        return False
    return any(is_prose(line) for line in block.lines) or (block.gap and not block.apart) or is_listed(block.lines[0])


def _breaks_off(block: Block) -> bool:
    """Whether a block is the cut text of a teaser whose headline stands above it."""
    return len(block.lines) == 1 and not is_headline(block.lines[0]) and is_cut(block.lines[0]) and not _is_body(block)


def _end(items: Sequence[Item], start: int) -> int:
    """The place behind the story's last item: a footer, a teaser, or a headline set apart ends it."""
    first = items[start]
    usual = first.blanks if isinstance(first, Block) else 0  # between headline and body, and so between paragraphs
    for n in range(start, len(items)):
        item = items[n]
        if isinstance(item, Line):
            if item.kind is Kind.FOOTER:
                return n
        elif n > start and (is_teaser(item) or (item.apart and item.blanks > usual and is_headline(item.lines[0]))):
            return n
    return len(items)


def _is_sure(items: Sequence[Item], found: _Found) -> bool:
    """Whether what looks like a story in a list is one."""
    body = [b for b in _blocks(items[found.body : found.end]) if _is_body(b) and not is_pair(b)]
    signs = (Kind.STAMP, Kind.BYLINE, Kind.INTERFACE, Kind.FOOTER)
    beside = any(isinstance(i, Line) and i.kind in signs for i in items[found.heads : found.end + 1])
    return any(map(_is_head, _blocks(items[found.heads : found.body]))) and (len(body) > 1 or beside)


def _verses(items: Sequence[Item], section: str | None) -> _Found | None:
    """A poem: no line is a sentence, but a headline stands above short lines, none of them cut."""
    blocks = _blocks(items)
    if len(blocks) < 2 or len(blocks[0].lines) > 2 or not is_headline(blocks[0].lines[0]):
        return None
    lines = [line for b in blocks[1:] for line in b.lines]
    short = all(len(line) <= _VERSE_LINE for line in lines) and len(lines) >= _LEAST_VERSES
    poem = _POEM.match(blocks[0].lines[0]) is not None
    stanza = poem or any(len(b.lines) >= 2 for b in blocks[1:])
    signs = section is not None or any(isinstance(i, Line) for i in items) or poem
    if not (short and stanza and bool(signs)):
        return None
    first = next(n for n, i in enumerate(items) if i is blocks[1])
    return _Found(heads=0, body=first, end=_end(items, first))


def trimmed(body: list[Block]) -> tuple[list[Block], list[Block]]:
    """The body without what stands at its end as other stories do: headlines, alone or with one text under them."""
    if not any(is_sentence(line) for b in body for line in b.lines):
        return body, []
    end = len(body)
    while end > 1 and (_is_next(body[end - 1]) or is_pair(body[end - 1])):
        end -= 1
    return body[:end], body[end:]


def _is_next(block: Block) -> bool:
    """Whether a block is no paragraph but the headline of another story: no gap before it, nothing that informs."""
    if block.gap or any(is_prose(line) or not is_headline(line) for line in block.lines):
        return False
    if sum(_ROW.search(line) is not None for line in block.lines) > 1:
        return False
    return not any(_INFORMS.search(line) for line in block.lines)


# --- its head --------------------------------------------------------------------------------


def _heads(items: Sequence[Item], *, most: int) -> tuple[list[str], list[Block]]:
    """The lines above the body, none twice; of more than `most` only the last, the others being headlines of others."""
    blocks = _blocks(items)
    lines = [line for b in blocks for line in b.lines]
    if len(lines) > most:
        last = blocks[-1]
        return list(last.lines), blocks[:-1]
    once: list[str] = []
    for line in lines:
        if not any(same(line, other) for other in once):
            once.append(line)
    return once, []


def _named(heads: Sequence[str], section: str | None) -> tuple[str | None, str | None, str | None]:
    """(headline, subtitle, section) of the lines above a body."""
    rest = list(heads)
    if section is None and len(rest) > 1 and _is_word(rest[0]) and len(rest[1]) > len(rest[0]):
        section = rest.pop(0).strip(_BRACKETS)
    title = rest[0] if rest else None
    subtitle = " ".join(rest[1:]) or None
    return title, subtitle, section


def _is_word(line: str) -> bool:
    bare = line.strip(_BRACKETS)
    most = _SECTION_LATIN if bare.isascii() else _SECTION_WORD
    return len(bare) <= most and _JOINTS.sub("", bare).isalpha()


def _without_title(body: Sequence[Block], title: str | None) -> list[Block]:
    """The body without the headline repeated above it."""
    if title is None or not body:
        return list(body)
    first = body[0]
    kept = tuple(line for line in first.lines if not same(line, title))
    rest = [replace(first, lines=kept)] if kept else []
    return [*rest, *body[1:]]


def _bylines(lines: Sequence[Line]) -> list[str]:
    found = [line.text if line.kind is Kind.STAMP else byline(line.text) for line in lines if line.kind in _SIGNED]
    return [who for who in found if who]


_SIGNED = (Kind.STAMP, Kind.BYLINE)


def _moment(items: Sequence[Item], found: _Found) -> Moment | None:
    """The article's own date: a stamp beside it; one of the last change counts only below the headline."""
    heads = next((n for n in range(found.heads, found.body) if isinstance(items[n], Block)), found.body)
    stamps = [(n, i) for n, i in enumerate(items[: found.end + 2]) if isinstance(i, Line) and i.kind is Kind.STAMP]
    own = [i for n, i in stamps if i.label not in LATE and n >= found.heads - 2]
    late = [i for n, i in stamps if i.label in LATE and n > heads]
    return next((stamp.moment for stamp in (*own, *late)), None)
