"""The text of an article's body on an HTML page: its paragraphs, and the bylines and stamps that stand among them.

Which element the body is, and what of its elements to leave out, was found before (`html`, `around`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from syndication.core.bylines import byline, once, signed
from syndication.core.dates import Moment
from syndication.core.pages.around import PICTURE
from syndication.core.pages.prose import Block, is_headline, is_prose, paragraphs, same
from syndication.core.pages.story import trimmed
from syndication.core.pages.text import items_of
from syndication.core.pages.words import LATE, Kind, Line, line_of
from syndication.core.widget import tables

_ARROW = re.compile(r"[▲△▼▽◀◁▶▷↑↓←→]")
_CREDITED = re.compile(
    r"(?:사진|자료|영상|이미지|그래픽)\s?(?:제공|출처)?\s?[=:ㅣ|/·]\s?[^.!?]{1,24}[\])>〉.]{0,2}$|[ⓒ©]\s?[^.!?]{1,20}$|"
    r"(?:사진|자료|이미지)\s?제공[^.!?]{0,20}$|자료\s?사진[\])>〉.]{0,2}$"
)
_GIVEN = re.compile(r"[\s(\[</=|ㅣ](?:[^\s.!?/()\[\]]{1,14}\s?)?제공\s?[\])>〉.]{0,2}$")
_LONGEST_CAPTION = 120
_TIP = re.compile(
    r"[^.]{0,30}(?:제보를?\s?(?:기다립니다|받습니다|받고\s?있습니다|해\s?주)|제보\s?바랍니다)|[\[<■▶※☎\s]{0,4}(?:기사\s?)?제보(?:하기|\s?및\s?(?:문의|보도\s?자료))?\s?(?:[:：☎\]>]|[\w.+-]+@)"
)
_LONGEST_TIP = 80
_LONGEST_OPENING = 40  # lines
_MOST_HEADS = 3  # lines of text above the first sentence that may belong to the headline


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText:
    """An article's body without what is no text of it. `head`: the lines above it that belong to the headline."""

    head: tuple[Line, ...] = ()
    paragraphs: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()
    moment: Moment | None = None


def body_text(lines: Sequence[Line], title: str | None, *, within: bool = False) -> BodyText:
    """The text of a body, given as its lines (`body_lines`): without buttons, captions, bylines and what follows it.

    A headline that stands in it once more, and the stamps below that, are its head. `within`: the element holds more
    than the body: what stands between its headline and the first sentence is head, headlines behind the last one are
    those of others."""
    at = _opening(lines, title)
    if within and title and any(same(x.text, title) for x in lines[:at]):
        at = next((n for n, x in enumerate(lines[at:], at) if x.kind is Kind.TEXT and is_prose(x.text)), at)
    blocks: list[Block] = []
    beside: list[Line] = []
    for item in items_of(list(_told(lines[at:]))):
        if isinstance(item, Block):
            blocks.append(item)
        elif item.kind is Kind.FOOTER:
            break
        else:
            beside.append(item)
    if within:
        blocks, _ = trimmed(blocks)
    text = signed(paragraphs(blocks))
    names = [byline(x.text) for x in beside if x.kind is Kind.BYLINE]
    stamps = [x.moment for x in beside if x.kind is Kind.STAMP and x.label not in LATE]
    return BodyText(
        head=tuple(lines[:at]),
        paragraphs=text.paragraphs,
        bylines=once(n for n in (*names, *text.bylines) if n),
        moment=stamps[0] if stamps else None,
    )


def body_lines(raw: Sequence[str]) -> list[Line]:
    """The lines of a body, each for itself, weather tables and captions taken out."""
    weather = any("℃" in line or "°" in line for line in raw)
    taken = {n for table in tables(raw) for n in table.lines} if weather else set()
    lines = [line_of(r.replace(PICTURE, "")) for r in raw]
    pictured = False
    for n, line in enumerate(lines):
        if n in taken:
            lines[n] = Line(kind=Kind.BLANK)
            continue
        pictured = pictured or PICTURE in raw[n]
        if line.kind in (Kind.BLANK, Kind.GAP):
            continue
        if line.kind is Kind.TEXT and _is_caption(line.text, pictured=pictured, behind=lines[n + 1 :]):
            lines[n] = Line(kind=Kind.INTERFACE, text=line.text)
        pictured = False
    return lines


def _is_caption(text: str, *, pictured: bool, behind: Sequence[Line]) -> bool:
    """Whether a line says what a picture shows. `pictured`: the picture stands right above."""
    if len(text) > _LONGEST_CAPTION:
        return False
    arrow = _ARROW.match(text) is not None
    if not (pictured or arrow):
        return False
    credited = _CREDITED.search(text) is not None
    if not pictured:
        return credited
    below = next((x.text for x in behind if x.kind not in (Kind.BLANK, Kind.GAP)), "")
    return credited or _GIVEN.search(text) is not None or (arrow and below[:1] != text[0])


def _opening(lines: Sequence[Line], title: str | None) -> int:
    """Where the text begins: behind the headline that is repeated above it, and behind the stamps there."""
    at, texts = 0, 0
    for n, line in enumerate(lines):
        if line.kind in (Kind.BLANK, Kind.GAP):
            continue
        if title and line.text and same(line.text, title):
            at = n + 1
        elif line.kind is Kind.TEXT:
            texts += 1
            if is_prose(line.text) or texts > _MOST_HEADS or not is_headline(line.text):
                break
        elif _is_of_head(line, below=at > 0):
            at = n + 1
    return at


def _is_of_head(line: Line, *, below: bool) -> bool:
    """Whether a line that is no text belongs to a headline; `below`: the headline or its stamp stands above it."""
    if line.kind is Kind.DATE:
        return line.moment is not None and (below or line.moment.at is not None)
    return line.kind is Kind.STAMP or (below and line.kind in (Kind.BYLINE, Kind.INTERFACE))


def opening(lines: Sequence[Line]) -> list[Line]:
    """The lines of a body before its first sentence."""
    out: list[Line] = []
    for line in lines[:_LONGEST_OPENING]:
        if line.kind is Kind.TEXT and is_prose(line.text):
            return out
        out.append(line)
    return []


def _told(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines up to where other stories or the paper's own lines begin; sections and dates are words of the text."""
    for n, line in enumerate(lines):
        if line.kind is Kind.LIST:
            if not any(x.kind is Kind.TEXT and is_prose(x.text) for x in lines[n + 1 :]):
                return
            continue
        if line.kind is Kind.TEXT and len(line.text) <= _LONGEST_TIP and _TIP.match(line.text):
            return
        yield replace(line, kind=Kind.TEXT) if line.kind in (Kind.SECTION, Kind.DATE) else line
