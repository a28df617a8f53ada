"""Reads a newspaper page given as lines of text: its date line, its weather table, its article and its teasers.

Lines are classified one by one (`page_words`), gathered into stretches under their headings, and each stretch is
a story (`page_story`) or a list of teasers (`page_prose`). It knows no outlet and no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from syndication.core.flow import one_line
from syndication.core.model import Observation, Teaser
from syndication.core.pages.prose import Block, is_headline, is_pair, is_sentence, is_teaser, teasers_of
from syndication.core.pages.story import Item, Split, Story, split_story
from syndication.core.pages.words import (
    LATE,
    Kind,
    Line,
    credit,
    footer_at,
    is_contact,
    is_generic,
    is_no_year,
    line_of,
    signed_before,
)
from syndication.core.shape import Unreadable
from syndication.core.widget import Table, tables

MAX_LINES = 20_000  # real pages stay under 3,000 lines
MAX_CHARACTERS = 1_000_000  # of text, markup not counted

_HEADING = 24  # characters: a longer line before 더보기 is no heading
_APART = 3  # empty lines that part what belongs together from what follows
_LIST = 24  # lines of a list in an article
_MASTHEAD = 3  # lines: name, motto, issue number
_MENU = 3  # that many section names in a row are a menu
_LEAST_HEADLINE = 8  # characters of a headline without a blank
_LEAST_BODY = 40  # characters of a body where nothing else says that this is a newspaper's page
_WEEKDAY = re.compile(r"[(（][월화수목금토일][)）]|[월화수목금토일]요일")
_HANGUL = re.compile("[가-힣]")
_DEGREES = re.compile("[℃°º˚]")  # no table is one without
_BESIDE = 40  # lines: of a widget's first stations the degrees may be missing
_WIDGET_LINE = 200  # characters: no line of a table is longer
_CREDITED = re.compile(r"(?P<who>\S(?:.{0,18}\S)?)\s?제공")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What a page says."""

    date_line: date | None = None
    attribution: str | None = None
    observations: tuple[Observation, ...] = ()
    story: Story | None = None
    teasers: tuple[Teaser, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Stretch:
    """What stands under one heading. `listing`: the heading announces a list of stories."""

    heading: str | None = None
    listing: bool = False
    more: bool = False
    items: list[Item] = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        return [i for i in self.items if isinstance(i, Block)]


def read_text(text: str) -> PageText:
    """What a page given as text says. Raises Unreadable for one that is longer than any newspaper's page."""
    raw = readable(text.splitlines())
    weather = weather_of(raw)
    taken = set(weather.lines)
    lines = headed([line_of(line) if n not in taken else Line(kind=Kind.CREDIT) for n, line in enumerate(raw)])
    on, warnings = date_line_of(lines)
    newspaper = on is not None or bool(weather.observations)
    story, teasers = _told(_stretches(items_of(lines)), newspaper=newspaper)
    return PageText(
        date_line=on,
        attribution=weather.attribution,
        observations=weather.observations,
        story=story,
        teasers=teasers,
        warnings=(*weather.warnings, *warnings),
    )


def readable(raw: Sequence[str]) -> Sequence[str]:
    """The lines themselves. Raises Unreadable when they are more, or hold more, than any newspaper's page."""
    if len(raw) > MAX_LINES:
        raise Unreadable(f"the page has more than {MAX_LINES:,} lines of text")
    if sum(map(len, raw)) > MAX_CHARACTERS:
        raise Unreadable(f"the page holds more than {MAX_CHARACTERS:,} characters of text")
    return raw


# --- weather ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The weather of a page and the lines that it takes up."""

    lines: tuple[int, ...] = ()
    observations: tuple[Observation, ...] = ()
    attribution: str | None = None
    warnings: tuple[str, ...] = ()


def weather_of(raw: Sequence[str]) -> Weather:
    """The first weather table of a page is its widget; a further one is taken out too, but believed no more."""
    found = _found_tables(raw)
    if not found:
        return Weather()
    who, at = _attribution(raw, found[0].lines[-1])
    lines = [n for table in found for n in table.lines] + ([at] if at is not None else [])
    seen = tuple(replace(o, attribution=who) for o in found[0].observations)
    warnings = ("a further weather table on the page was not used",) if len(found) > 1 else ()
    return Weather(lines=tuple(lines), observations=seen, attribution=who, warnings=warnings)


def _found_tables(raw: Sequence[str]) -> list[Table]:
    """The tables of a page: they stand where degrees do."""
    if _DEGREES.search("\n".join(raw)) is None:
        return []
    degrees = [n for n, line in enumerate(raw) if _DEGREES.search(line)]
    first, last = max(0, degrees[0] - _BESIDE), degrees[-1] + _BESIDE
    found = _tables_of(tuple(line[:_WIDGET_LINE] for line in raw[first:last]))
    return [replace(table, lines=tuple(n + first for n in table.lines)) for table in found]


# The widget of a paper is the same on all its pages for an hour and longer.
_tables_of = lru_cache(maxsize=64)(tables)


def _attribution(raw: Sequence[str], last: int) -> tuple[str | None, int | None]:
    """Who is credited in the line behind a table, without 제공, and which line that is."""
    for n in range(last + 1, min(last + 1 + _APART, len(raw))):
        text = one_line(raw[n])
        line = line_of(raw[n])
        if line.kind is Kind.CREDIT:
            return credit(line.text), n
        found = _CREDITED.fullmatch(text)
        if found and is_headline(text):
            return found.group("who"), n
        if text:
            break
    return None, None


# --- lines into items ------------------------------------------------------------------------


def headed(lines: list[Line]) -> list[Line]:
    """Lines with the headings of lists recognised: what stands before 더보기, on its own or on the same line."""
    out = list(lines)
    before: int | None = None
    for n, line in enumerate(out):
        glued = _glued(line)
        if glued is not None:
            out[n] = glued
        elif line.kind is Kind.MORE:
            if before is not None and (lines[before].kind is Kind.SECTION or _may_head(out, before)):
                out[before] = Line(kind=Kind.LIST, text=out[before].text, label="more")
        elif line.kind in (Kind.SECTION, Kind.DATE) and _in_prose(lines, n):
            out[n] = replace(line, kind=Kind.TEXT, text=f"• {line.text}" if line.bulleted else line.text)
        elif line.kind is Kind.SECTION and (line.bulleted or (n and out[n - 1].kind is Kind.TEXT)):
            out[n] = replace(line, kind=Kind.INTERFACE if line.bulleted else Kind.TEXT)
        if line.kind not in (Kind.BLANK, Kind.GAP, Kind.MORE):
            before = n
    return out


def _in_prose(lines: Sequence[Line], n: int) -> bool:
    """Whether a line stands between sentences, as a subheading, the item of a list or the day of a programme does."""
    if lines[n].kind is Kind.DATE and not _WEEKDAY.search(lines[n].text):
        return False
    reach = _LIST if lines[n].bulleted else _APART
    ahead = _beside(reversed(lines[max(0, n - reach) : n]), over_list=lines[n].bulleted)
    behind = _beside(lines[n + 1 : n + 1 + reach], over_list=lines[n].bulleted)
    return all(x is not None and x.kind is Kind.TEXT and is_sentence(x.text) for x in (ahead, behind))


def _beside(lines: Iterable[Line], *, over_list: bool) -> Line | None:
    """The first line that says something, `over_list` the first without a bullet."""
    told = (line for line in lines if line.kind not in (Kind.BLANK, Kind.GAP))
    return next((line for line in told if not (over_list and line.bulleted)), None)


def _glued(line: Line) -> Line | None:
    head = line.text.removesuffix("더보기").rstrip(" +")
    fits = line.kind is Kind.TEXT and line.text.endswith(" 더보기") and 0 < len(head) <= _HEADING
    return Line(kind=Kind.LIST, text=head, label="more") if fits else None


def _may_head(lines: Sequence[Line], n: int) -> bool:
    line = lines[n]
    if line.kind in (Kind.SECTION, Kind.LIST):
        return True
    alone = n == 0 or lines[n - 1].kind is not Kind.TEXT
    return line.kind is Kind.TEXT and alone and len(line.text) <= _HEADING and is_headline(line.text)


def date_line_of(lines: Sequence[Line]) -> tuple[date | None, tuple[str, ...]]:
    """The page's own date, and a warning when it names no year.

    It is the first date on a line of its own above all text, or any with its weekday; else, above all text, when the
    page was last touched."""
    above = next((n for n, line in enumerate(lines) if line.kind is Kind.TEXT), len(lines))
    dated = [(n, line) for n, line in enumerate(lines) if line.kind is Kind.DATE]
    for n, line in dated:
        if line.moment and (n < above or (line.moment.at is None and _WEEKDAY.search(line.text))):
            return line.moment.on, ()
    touched = [line.moment.on for line in lines[:above] if line.label in LATE and line.moment]
    if touched:
        return touched[0], ()
    yearless = [line.text for _, line in dated if is_no_year(line.text)]
    return None, tuple(f"the date line {text!r} names no year" for text in yearless[:1])


def items_of(lines: Sequence[Line]) -> Iterator[Item]:
    """Blocks of text and the lines between them that mean something."""
    block: list[Line] = []
    blanks, gap, ahead = 0, False, 0
    for line in lines:
        if line.kind is Kind.TEXT:
            if not block:
                ahead = blanks
            at = footer_at(line.text)
            head = line if at is None else replace(line, text=line.text[:at])
            block += [head] if head.text.strip() else []
            if at is not None:
                while at == 0 and block and is_contact(block[-1].text):
                    block.pop()
                yield from _flushed(block, gap=gap, blanks=ahead)
                yield from _footer(line.text[at:])
                block, gap, blanks = [], False, 0
            continue
        if block:
            yield from _flushed(block, gap=gap, blanks=ahead)
            block, gap, blanks = [], False, 0
        if line.kind is Kind.BLANK:
            blanks += 1
            gap = gap and blanks < _APART
        elif line.kind is Kind.GAP:
            gap, blanks = True, 0
        else:
            gap, blanks = False, 0
            yield line
    yield from _flushed(block, gap=gap, blanks=ahead)


def _footer(text: str) -> Iterator[Line]:
    who = signed_before(text)
    if who:
        yield Line(kind=Kind.BYLINE, text=who)
    yield Line(kind=Kind.FOOTER, text=text)


def _flushed(block: Sequence[Line], *, gap: bool, blanks: int) -> Iterator[Block]:
    if block:
        bulleted = all(line.bulleted for line in block)
        yield Block(
            lines=tuple(line.text for line in block), gap=gap, blanks=blanks, apart=blanks >= _APART, bulleted=bulleted
        )


# --- items into stretches --------------------------------------------------------------------


def _stretches(items: Iterator[Item]) -> list[_Stretch]:
    """Items under their headings, in order."""
    out = [_Stretch()]
    path: list[str] = []
    credited = False
    for item in items:
        if isinstance(item, Line) and item.kind is Kind.SECTION:
            path.append(item.text)
            out.append(_Stretch(heading=_last_step(path)))
        elif isinstance(item, Line) and item.kind is Kind.LIST:
            out.append(_Stretch(heading=item.text, listing=True, more=item.label == "more"))
            path = []
        else:
            if isinstance(item, Line) and item.kind is Kind.CREDIT and not credited:
                credited = True
                out[0].items = _without_masthead(out[0].items, dated=len(out) == 1)
            out[-1].items.append(item)
            path = path if isinstance(item, Line) else []
    return out


def _without_masthead(items: list[Item], *, dated: bool) -> list[Item]:
    """What stands above a weather table, without the lines above the date line (`dated`: it is among them) or the
    menu: the paper's name and motto."""
    last = next((n for n, i in enumerate(items) if isinstance(i, Line) and i.kind is Kind.DATE), 0 if dated else None)
    above = [i for i in items[:last] if isinstance(i, Block)]
    plain = all(is_headline(line) for block in above for line in block.lines) and not any(map(is_teaser, above))
    few = dated or sum(len(block.lines) for block in above) <= _MASTHEAD
    return (items[last:] if last is not None else []) if plain and few else items


def _last_step(path: Sequence[str]) -> str | None:
    """The section that names in a row stand for: the last step of a path; of a menu only what is named once more."""
    return path[-1] if len(path) < _MENU or path[-1] in path[:-1] else None


def _told(stretches: Sequence[_Stretch], *, newspaper: bool) -> tuple[Story | None, tuple[Teaser, ...]]:
    """The story of the page and the teasers in the order of printing."""
    at, split = _best(stretches, newspaper=newspaper)
    teasers: list[Teaser] = []
    for n, stretch in enumerate(stretches):
        if split is None or n != at:
            teasers += teasers_of(_listed(stretch), stretch.heading)
        else:
            teasers += teasers_of((*split.before,), None)
            teasers += teasers_of(_worth(split.after), None)
    if split is None:
        announced = newspaper or any(s.listing for s in stretches) or len([t for t in teasers if t.title]) > 1
        return None, tuple(teasers) if announced else ()
    return split.story, tuple(t for t in teasers if t.title is None or t.title != split.story.title)


def _best(stretches: Sequence[_Stretch], *, newspaper: bool) -> tuple[int, Split | None]:
    """The stretch whose story is longest, those set as teasers are last; lists only when no other stretch holds one."""
    front = [n for n, s in enumerate(stretches) if s.blocks and all(map(is_pair, s.blocks)) and not s.listing]
    for listing in (False, True):
        found = []
        for n, stretch in enumerate(stretches):
            if stretch.listing is not listing or stretch.more or (len(front) > 1 and n in front):
                continue
            section = None if stretch.heading is None or is_generic(stretch.heading) else stretch.heading
            split = split_story(stretch.items, section, strict=listing)
            if split and _believed(split.story, newspaper=newspaper or section is not None):
                own = not all(map(is_pair, stretch.blocks))
                found.append((own, split.story.size, -n, split))
        if found:
            _, _, n, split = max(found, key=lambda f: f[:3])
            return -n, split
    return 0, None


def _believed(story: Story, *, newspaper: bool) -> bool:
    """Whether a story is one: an error page has paragraphs too."""
    if not story.paragraphs:
        return False
    korean = any(_HANGUL.search(p) for p in story.paragraphs)
    titled = story.title is not None or len(story.paragraphs) > 1
    return newspaper or (korean and titled and story.size >= _LEAST_BODY)


def _listed(stretch: _Stretch) -> list[Block]:
    """The blocks of a stretch that may be teasers: what stands behind a footer is the imprint."""
    out: list[Block] = []
    for item in stretch.items:
        if isinstance(item, Line):
            if item.kind is Kind.FOOTER:
                break
            continue
        out.append(item)
    return out


def _worth(blocks: Sequence[Block]) -> list[Block]:
    """Blocks behind a story that are stories: anything but lone bullets."""
    return [b for b in blocks if not b.bulleted and not all(_is_scrap(line) for line in b.lines)]


def _is_scrap(line: str) -> bool:
    """Whether a line behind a story is a single word or a line of the imprint, as no headline is."""
    return (" " not in line and len(line) < _LEAST_HEADLINE) or is_contact(line)
