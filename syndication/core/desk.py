"""The editor's hand: what may be wished, how it is written in desk.toml, and which wishes hold for an Issue.

It stores and renders nothing; where wishes change the choice of stories is said in `core.curate`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndication.core.model import Article, Do, Wish, Wished

FILE = "desk.toml"
HELD = "held by the desk"  # with which the reason of an Issue that the editor holds back begins
OF_A_STORY = (Do.PIN, Do.DROP, Do.LEAD, Do.HEADLINE, Do.SUMMARY)
IN_WORDS = (Do.HEADLINE, Do.SUMMARY, Do.SUBJECT, Do.NOTE)
LONGEST = {Do.HEADLINE: 200, Do.SUMMARY: 500, Do.SUBJECT: 150, Do.NOTE: 2000, Do.HOLD: 200}
_MOST = 500  # wishes of one file


class Unfit(ValueError):
    """A wish that cannot be granted; the message says why and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What a file holds: the wishes that can be read, and a sentence with its line for each that cannot."""

    wishes: tuple[Wish, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The wishes that hold for one Issue, by the Articles that they concern."""

    pinned: Mapping[int, Wish] = field(default_factory=dict)
    dropped: Mapping[int, Wish] = field(default_factory=dict)
    lead: int | None = None
    led: Wish | None = None
    headlines: Mapping[int, Wish] = field(default_factory=dict)
    summaries: Mapping[int, Wish] = field(default_factory=dict)
    subject: Wish | None = None
    note: Wish | None = None
    hold: Wish | None = None
    wished: tuple[Wished, ...] = ()


NOTHING = Plan()


# --- one wish --------------------------------------------------------------------------------

_ADDRESS = re.compile(r"https?://[^\s/]+\S*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def fit(wish: Wish) -> Wish:
    """The wish in its plain form. Raises Unfit with what would be right."""
    return Wish(
        do=wish.do,
        edition_id=wish.edition_id,
        article=_article(wish),
        words=_words(wish),
        on=wish.on,
        by=_CONTROLS.sub(" ", wish.by).strip()[:100] or "?",
        at=wish.at,
        id=wish.id,
        undone_by=wish.undone_by,
        undone_at=wish.undone_at,
    )


def _article(wish: Wish) -> str | None:
    said = (wish.article or "").strip()
    if wish.do not in OF_A_STORY:
        if said:
            raise Unfit(f"{wish.do} concerns the whole Issue: leave the article out")
        return None
    if re.fullmatch(r"[0-9]{1,18}", said):
        return str(int(said))
    if not _ADDRESS.fullmatch(said) or len(said) > 2000:
        raise Unfit(f"{wish.do} needs an article: its number (`syndication why` shows it) or its web address")
    return said


def _words(wish: Wish) -> str | None:
    said = _CONTROLS.sub("", (wish.words or "").replace("\r\n", "\n")).strip()
    if wish.do not in LONGEST:
        if said:
            raise Unfit(f"{wish.do} takes no words")
        return None
    if wish.do in IN_WORDS and not said:
        raise Unfit(f"{wish.do} needs words")
    if wish.do is not Do.NOTE:
        said = " ".join(said.split())
    if len(said) > LONGEST[wish.do]:
        raise Unfit(f"{wish.do} has {len(said)} characters, {LONGEST[wish.do]} at most fit")
    return said or None


# --- the file --------------------------------------------------------------------------------

_HEAD = re.compile(r"(?m)^[ \t]*\[\[[ \t]*wish[ \t]*\]\]")
_LINE = re.compile(r" \(at line (\d+), column \d+\)")
_KEYS = ("edition", "on", "by", "article", *(str(do) for do in Do))


def read(text: str, *, editions: Sequence[str], by: str, at: datetime) -> Slip:
    """The wishes of a desk.toml. One that cannot be read costs no other: each `[[wish]]` is read for itself."""
    wishes: list[Wish] = []
    problems: list[str] = []
    for line, raw in _tables(text.removeprefix("\ufeff").replace("\r\n", "\n"), problems):
        try:
            wishes += [fit(wish) for wish in _of_table(raw, editions, by, at)]
        except Unfit as error:
            problems.append(_problem(line, str(error)))
    if len(wishes) > _MOST:
        problems.append(_problem(1, f"there are {len(wishes)} wishes; the first {_MOST} are taken"))
    return Slip(wishes=tuple(wishes[:_MOST]), problems=tuple(problems))


def _problem(line: int, words: str) -> str:
    return f"{FILE} line {line}: {words}"


def _tables(text: str, problems: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each table with the line on which it begins; what is no TOML becomes a problem."""
    starts = [m.start() for m in _HEAD.finditer(text)]
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        line = text.count("\n", 0, start) + 1
        try:
            found = tomllib.loads(text[start:end])
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            problems.append(_syntax(line, str(error)))
            continue
        yield from ((line, table) for table in found.pop("wish", []) if isinstance(table, dict))
        problems += [_problem(line, f'"{key}" stands outside: begin a wish with [[wish]]') for key in found]


def _syntax(line: int, message: str) -> str:
    place = _LINE.search(message)
    return _problem(line + int(place[1]) - 1 if place else line, f"this is not TOML: {_LINE.sub('', message)}")


def _of_table(raw: Mapping[str, Any], editions: Sequence[str], by: str, at: datetime) -> Iterator[Wish]:
    strange = [key for key in raw if key not in _KEYS]
    if strange:
        raise Unfit(f'there is no key "{strange[0]}"; one of {", ".join(_KEYS)}')
    asked = [do for do in Do if do in raw and raw[do] is not False]
    if not asked:
        raise Unfit(f"it asks for nothing: one of {', '.join(Do)}")
    subject = next((raw[key] for key in ("article", "lead", "pin") if key in raw), None)
    for do in asked:
        value = raw[do]
        named = value if do in (Do.PIN, Do.DROP, Do.LEAD) else subject if do in OF_A_STORY else None
        yield Wish(
            do=do,
            edition_id=_edition(raw.get("edition"), editions),
            article=None if named is None else _said(named, do),
            words=None if do not in LONGEST or value is True else _said(value, do),
            on=_day(raw.get("on")),
            by=f"{raw['by']} ({by})" if isinstance(raw.get("by"), str) else by,
            at=at,
        )


def _said(value: Any, do: Do) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unfit(f"{do} is written as a number or in quotation marks")
    return str(value)


def _edition(value: Any, editions: Sequence[str]) -> str:
    if value is None and len(editions) == 1:
        return editions[0]
    if value not in editions:
        raise Unfit(f'edition = "{editions[0]}" (or {", ".join(editions)}) says which one is meant')
    return str(value)


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        raise Unfit("on is a date without a time: on = 2026-01-20")
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise Unfit("on is a date: on = 2026-01-20; without it the wish holds until further notice") from None


# --- which wishes hold -----------------------------------------------------------------------


def standing(wishes: Iterable[Wish], edition_id: str, on: date) -> list[Wish]:
    """The wishes that hold for an Edition's Issue of a date, of contradicting ones the last; one for the date itself
    is stronger than one until further notice."""
    mine = [w for w in wishes if w.edition_id == edition_id and w.undone_at is None and w.on in (None, on)]
    held: dict[tuple[str, str | None], Wish] = {}
    for wish in sorted(mine, key=lambda w: (w.on is not None, w.at, w.id)):
        held.pop(_about(wish), None)  # the order is that of the last word
        held[_about(wish)] = wish
    return list(held.values())


def _about(wish: Wish) -> tuple[str, str | None]:
    """What only one wish can settle: whether a story is in, its headline, the lead, the subject …"""
    if wish.do is Do.LEAD:
        return wish.do, None
    return ("in" if wish.do in (Do.PIN, Do.DROP) else wish.do), wish.article


def plan(wishes: Iterable[Wish], articles: Collection[Article]) -> Plan:
    """What standing wishes mean for the Articles at hand; whoever names another one is told so."""
    by_name = {str(a.id): a.id for a in articles}
    by_name |= {_plain(a.content.url): a.id for a in articles if a.content.url}
    wished = [_wished(wish, by_name) for wish in wishes]
    of = {do: {w.article_id: w.wish for w in wished if w.wish.do is do and w.refused is None} for do in Do}
    stories = {do: {n: w for n, w in of[do].items() if n is not None} for do in OF_A_STORY}
    lead = next(iter(stories[Do.LEAD].items()), (None, None))
    dropped = {n: w for n, w in stories[Do.DROP].items() if n != lead[0]}
    return Plan(
        pinned={n: w for n, w in stories[Do.PIN].items() if n not in dropped},
        dropped=dropped,
        lead=lead[0],
        led=lead[1],
        headlines=stories[Do.HEADLINE],
        summaries=stories[Do.SUMMARY],
        subject=of[Do.SUBJECT].get(None),
        note=of[Do.NOTE].get(None),
        hold=of[Do.HOLD].get(None),
        wished=tuple(wished),
    )


def _wished(wish: Wish, by_name: Mapping[str, int]) -> Wished:
    if wish.article is None:
        return Wished(wish=wish)
    found = by_name.get(wish.article if wish.article.isdigit() else _plain(wish.article))
    if found is None:
        return Wished(wish=wish, refused="이 호에 실을 수 있는 기사 가운데 없습니다.")
    return Wished(wish=wish, article_id=found)


def _plain(address: str) -> str:
    """An address without what makes no other page: scheme, www or m, fragment, a slash at the end."""
    bare = re.sub(r"^https?://(?:www\.|m\.)?", "", address.strip()).partition("#")[0]
    return bare.rstrip("/")


def said_by(wish: Wish, zone: str) -> str:
    """Who wished and when, by the clocks of a zone: 데스크, 2026-01-20 05:50."""
    return f"{wish.by}, {wish.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
