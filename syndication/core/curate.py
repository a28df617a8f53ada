"""Chooses an Issue's stories from the eligible Articles: what is left out, the sections, the order and the cap.

It neither finds Articles nor renders them; every choice is said in a short sentence for the editor.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syndication.core.model import Article, ArticleStatus, Edition, IssueItem, Rights, Undated
from syndication.core.prose import summary
from syndication.core.similar import same_as

__all__ = ["NO_SECTION", "Curated", "LeftOut", "Pick", "curate", "issue_items", "section_names", "summary"]

NO_SECTION = "종합"

_RIGHTS = {Rights.OWN: 0, Rights.LICENSED: 1, Rights.NOT_FOR_PASSING_ON: 2}
_RIGHTS_WORD = {Rights.OWN: "자체 기사", Rights.LICENSED: "제휴 기사", Rights.NOT_FOR_PASSING_ON: "전송 제한 기사"}


class Pick(NamedTuple):
    """A chosen story with the words it goes out with and why it stands where it stands."""

    article: Article
    section: str
    summary: str
    why: str


class LeftOut(NamedTuple):
    article: Article
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """The stories in reading order, and those that were not taken, in the order of their ids."""

    chosen: tuple[Pick, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def curate(articles: Iterable[Article], *, edition: Edition, now: datetime, sent: Iterable[Article] = ()) -> Curated:
    """The Edition's choice from `articles` (already within the horizon) at the cut-off `now`.

    Of near-duplicates one stays: own before licensed, then the fullest; what repeats an Article of `sent` (recent
    Issues) is left out too, for it stays eligible and would come the day after. Sections come in the Edition's order,
    then by freshest first story. Within a section the leading story is followed by the others, dated before undated,
    fresher first, own before licensed, fuller first. Over the cap every section keeps its first stories before any
    gets a further one. The same Articles in any order give the same answer.
    """
    known = sorted({a.id: a for a in articles}.values(), key=lambda a: a.id)
    fit, unfit = _fit(known, edition, now)
    kept, repeated, told_by = _without_repeats(fit, tuple(sent), edition)
    shelves = _shelves(kept, edition)
    taken = _within_cap(shelves, edition.cap)
    chosen = tuple(_pick(a, section, at, edition, told_by) for section, at, a in taken)
    ids = {pick.article.id for pick in chosen}
    over = [LeftOut(a, "이번 호의 기사 수를 넘어 다음 호로 미룹니다.") for a in kept if a.id not in ids]
    left_out = sorted((*unfit, *repeated, *over), key=lambda left: left.article.id)
    return Curated(chosen=chosen, left_out=tuple(left_out))


def issue_items(curated: Curated, link_for: Callable[[Article], str]) -> tuple[IssueItem, ...]:
    """The chosen stories as they are frozen, in reading order."""
    return tuple(
        IssueItem(article=p.article, section=p.section, summary=p.summary, link=link_for(p.article), why=p.why)
        for p in curated.chosen
    )


# --- what is left out ------------------------------------------------------------------------


def _fit(articles: Sequence[Article], edition: Edition, now: datetime) -> tuple[list[Article], list[LeftOut]]:
    judged = [(a, _unfit(a, edition, now)) for a in articles]
    return [a for a, no in judged if no is None], [LeftOut(a, no) for a, no in judged if no is not None]


def _unfit(article: Article, edition: Edition, now: datetime) -> str | None:
    """Why an Article must not be in this Issue, or None."""
    content = article.content
    if article.status not in (ArticleStatus.USABLE, ArticleStatus.CORRECTED):
        return "보류되었거나 취소된 기사입니다."
    if content.embargo_until and content.embargo_until > now + edition.lead:  # sending starts at the hour
        until = content.embargo_until.astimezone(ZoneInfo(edition.zone))
        return f"보도 유예 중입니다({until:%Y-%m-%d %H:%M}까지)."
    if edition.undated is Undated.OUT and _dated_on(article, edition) is None:
        return "기사 날짜를 알 수 없습니다."
    if not content.title.strip():
        return "제목이 없습니다."
    return None


def _without_repeats(
    articles: Sequence[Article], sent: Sequence[Article], edition: Edition
) -> tuple[list[Article], list[LeftOut], Counter[int]]:
    """Articles that tell something of their own, those that repeat one, and how many repeat each."""
    before = sorted({a.id: a for a in sent}.values(), key=lambda a: a.id)
    ranked = [*before, *sorted(articles, key=_preference)]
    kept: list[Article] = []
    repeated: list[LeftOut] = []
    told_by: Counter[int] = Counter()
    for at, first in enumerate(same_as([a.content for a in ranked])):
        if at < len(before):
            continue
        if first is None:
            kept.append(ranked[at])
        else:
            told_by[ranked[first].id] += 1
            repeated.append(LeftOut(ranked[at], _repeats(ranked[first], in_issue=first < len(before))))
    return kept, repeated, told_by


def _preference(article: Article) -> tuple[int, int, int, datetime, int]:
    """Which of several copies is kept: the lowest."""
    content = article.content
    return (_RIGHTS[content.rights], -_length(article), -len(content.images), article.first_seen_at, article.id)


def _repeats(first: Article, *, in_issue: bool) -> str:
    title = first.content.title
    return f"이미 나간 기사와 같은 소식입니다: {title}" if in_issue else f"같은 소식을 다른 기사로 싣습니다: {title}"


# --- sections --------------------------------------------------------------------------------

_PATH = re.compile(r"\s*[>»›→|]\s*")
_PARTS = re.compile(r"\s*[/·・,&+]\s*")
_PLAIN = re.compile(r"[\W_]+")
_ENDINGS = re.compile(r"(?<=.)(?:뉴스|소식|일반|종합|섹션|면)$")
_NOTHING = frozenset(
    ("", "전체", "전체기사", "전체뉴스", "기사", "뉴스", "news", "all", "홈", "home", "기타", "미분류")
)


def section_names(named: Iterable[str | None], order: Sequence[str]) -> Mapping[str | None, str]:
    """For each section name as Articles carry it the name it goes under.

    Blanks, brackets, paths (뉴스 > 사회) and endings (사회면, 사회일반) make no other section; of 사회/문화 the part
    that the Edition knows counts. The Edition's spelling wins, then the most frequent one. No name gives 종합.
    """
    raw = [name for name in named if name is not None]
    spellings = {_key(name): name for name in reversed(order)}
    for name, _ in sorted(Counter(map(_tidy, raw)).items(), key=lambda seen: (-seen[1], len(seen[0]), seen[0])):
        spellings.setdefault(_key(name), name)
    found: dict[str | None, str] = {name: _named(name, spellings, order) for name in raw}
    return found | {None: spellings.get(_key(NO_SECTION), NO_SECTION)}


def _named(name: str, spellings: Mapping[str, str], order: Sequence[str]) -> str:
    tidy = _tidy(name)
    if _plain(tidy) in _NOTHING:
        return spellings.get(_key(NO_SECTION), NO_SECTION)
    known = {_key(section): section for section in reversed(order)}
    parts = [_key(part) for part in (tidy, *_PARTS.split(tidy))]
    return next((known[part] for part in parts if part in known), spellings[_key(tidy)])


def _tidy(name: str) -> str:
    """The last step of a path, on one line, without surrounding brackets."""
    line = " ".join(unicodedata.normalize("NFKC", name).split())
    steps = [step for step in _PATH.split(line) if step]
    return steps[-1].strip("[]<>【】〈〉《》「」#-·:• ") if steps else ""


def _plain(name: str) -> str:
    return _PLAIN.sub("", unicodedata.normalize("NFKC", name)).casefold()


def _key(name: str) -> str:
    plain = _plain(_tidy(name))
    return _ENDINGS.sub("", plain) if len(plain) > 2 else plain


# --- order -----------------------------------------------------------------------------------

Shelf = tuple[str, list[Article]]


def _shelves(articles: Sequence[Article], edition: Edition) -> list[Shelf]:
    """The sections in reading order, each with its stories in order."""
    names = section_names([a.content.section for a in articles], edition.sections)
    ordered = sorted(articles, key=lambda a: _order(a, edition))
    shelves: dict[str, list[Article]] = {}
    for article in ordered:
        shelves.setdefault(names[article.content.section], []).append(article)
    rank = {section: n for n, section in reversed(list(enumerate(edition.sections)))}
    sections = sorted(shelves, key=lambda s: rank.get(s, len(rank)))  # stable: the rest by freshest first story
    return [(section, _led(shelves[section], edition)) for section in sections]


def _order(article: Article, edition: Edition) -> tuple[object, ...]:
    """Fresher first: dated by its own date before undated by when it was first seen."""
    on = _dated_on(article, edition)
    at = article.content.published_at
    return (
        on is None,
        -on.toordinal() if on else 0,
        -at.timestamp() if at else 0.0,
        -article.first_seen_at.timestamp(),
        _RIGHTS[article.content.rights],
        -_length(article),
        article.id,
    )


def _led(stories: Sequence[Article], edition: Edition) -> list[Article]:
    """The stories with the one in front that can lead a digest."""
    lead = min(range(len(stories)), key=lambda at: (*_lead(stories[at], stories, edition), at))
    return [stories[lead], *stories[:lead], *stories[lead + 1 :]]


def _lead(article: Article, stories: Sequence[Article], edition: Edition) -> tuple[bool, bool, bool, bool, int, bool]:
    """What speaks against leading, gravest first: paid, by a robot, without text, older, not own, no picture."""
    content = article.content
    freshest = _dated_on(stories[0], edition)
    older = freshest is not None and _dated_on(article, edition) != freshest
    return (
        content.sponsored,
        content.robot,
        not content.paragraphs,
        older,
        _RIGHTS[content.rights],
        not content.images,
    )


def _within_cap(shelves: Sequence[Shelf], cap: int) -> list[tuple[str, int, Article]]:
    """(section, place in it, story) in reading order, at most `cap` of them, dealt out to the sections in turn."""
    places = [(at, n) for n, (_, stories) in enumerate(shelves) for at in range(len(stories))]
    room = set(sorted(places)[: max(cap, 0)])
    return [
        (section, at, story)
        for n, (section, stories) in enumerate(shelves)
        for at, story in enumerate(stories)
        if (at, n) in room
    ]


def _dated_on(article: Article, edition: Edition) -> date | None:
    """The Article's own date in the Edition's zone; None when unknown."""
    content = article.content
    return (
        content.published_at.astimezone(ZoneInfo(edition.zone)).date() if content.published_at else content.published_on
    )


def _length(article: Article) -> int:
    return sum(len(p) for p in article.content.paragraphs)


# --- why -------------------------------------------------------------------------------------


def _pick(article: Article, section: str, at: int, edition: Edition, told_by: Mapping[int, int]) -> Pick:
    return Pick(
        article=article,
        section=section,
        summary=summary(article.content.paragraphs),
        why=_why(article, at, edition, told_by.get(article.id, 0)),
    )


def _why(article: Article, at: int, edition: Edition, copies: int) -> str:
    place = "이 면의 머리기사입니다" if at == 0 else f"이 면의 {at + 1}번째 기사입니다"
    traits = ["사진 있음"] if article.content.images else []
    on = _dated_on(article, edition)
    dated = f"{on.month}월 {on.day}일 기사" if on else "날짜 미상"
    said = f"{place}({', '.join([dated, _RIGHTS_WORD[article.content.rights], *traits])})."
    return f"{said} 같은 소식 {copies}건을 대표합니다." if copies else said
