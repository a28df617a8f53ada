"""Chooses an Issue's stories from the eligible Articles: what is left out, the sections, the order and the cap.

It neither finds Articles nor renders them; every choice is said in a short sentence for the editor.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syndication.core.desk import NOTHING, Plan, said_by
from syndication.core.model import Article, ArticleStatus, Edition, IssueItem, Rights, Undated, Untaken
from syndication.core.prose import summary
from syndication.core.similar import same_as

__all__ = [
    "NO_SECTION",
    "Curated",
    "LeftOut",
    "Pick",
    "by_hand",
    "curate",
    "issue_items",
    "section_names",
    "summary",
    "untaken",
]

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
    by: int | None = None  # the Article that tells the same in this Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """The stories in reading order, and those that were not taken, in the order of their ids."""

    chosen: tuple[Pick, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What every choice goes by: the Edition, the editor's wishes, and for a week's choice the places of its "
    "stories."""

    edition: Edition
    now: datetime
    plan: Plan
    places: Mapping[int, int] | None

    def place(self, article: Article) -> int:
        """How a story stood in the week's Issues: 0 led one, 1 led a section, 2 was in one, 3 in none."""
        return _IN_NONE if self.places is None else self.places.get(article.id, _IN_NONE)

    def rank(self, article: Article) -> int:
        """Where the editor wants a story: 0 in front, 1 pinned, 2 no wish."""
        return 0 if article.id == self.plan.lead else 1 if article.id in self.plan.pinned else 2

    def wanted(self, article: Article) -> bool:
        return self.rank(article) < _NO_WISH


_IN_NONE, _NO_WISH = 3, 2


def curate(
    articles: Iterable[Article],
    *,
    edition: Edition,
    now: datetime,
    sent: Iterable[Article] = (),
    plan: Plan = NOTHING,
    places: Mapping[int, int] | None = None,
) -> Curated:
    """The Edition's choice from `articles` (already within the horizon) at the cut-off `now`.

    Of near-duplicates one stays: own before licensed, then the fullest; what repeats an Article of `sent` (recent
    Issues) is left out too, for it stays eligible and would come the day after. Sections come in the Edition's order,
    then by freshest first story. Within a section the leading story is followed by the others, dated before undated,
    fresher first, own before licensed, fuller first. Over the cap every section keeps its first stories before any
    gets a further one. The same Articles in any order give the same answer.

    What the editor's `plan` pins or leads with is in whatever cap, dates and near-duplicates say (never what is
    withheld, canceled or under embargo) and stands in front; what it drops is out. `places`, for a week's choice, are
    those that stories had in its Issues (0 led one, 1 led a section, 2 was in): those come first, the freshest last.
    """
    desk = _Desk(edition=edition, now=now, plan=plan, places=places)
    known = sorted({a.id: a for a in articles}.values(), key=lambda a: a.id)
    fit, unfit = _fit(known, desk)
    kept, repeated, told_by = _without_repeats(fit, tuple(sent), desk)
    shelves = _shelves(kept, desk)
    taken = _within_cap(shelves, desk)
    chosen = tuple(_pick(a, section, (n, at), desk, told_by) for n, (section, at, a) in enumerate(taken))
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


def untaken(left: LeftOut) -> Untaken:
    """What was not taken, as it is kept with the Issue."""
    article, reason, by = left
    return Untaken(
        article_id=article.id, title=article.content.title, source_id=article.source_id, reason=reason, by=by
    )


def _fit(articles: Sequence[Article], desk: _Desk) -> tuple[list[Article], list[LeftOut]]:
    judged = [(a, _unfit(a, desk)) for a in articles]
    return [a for a, no in judged if no is None], [LeftOut(a, no) for a, no in judged if no is not None]


def _unfit(article: Article, desk: _Desk) -> str | None:
    """Why an Article must not be in this Issue, or None."""
    content, edition = article.content, desk.edition
    if article.id in desk.plan.dropped:
        return f"편집자가 뺐습니다({said_by(desk.plan.dropped[article.id], edition.zone)})."
    if article.status not in (ArticleStatus.USABLE, ArticleStatus.CORRECTED):
        return "보류되었거나 취소된 기사입니다."
    if content.embargo_until and content.embargo_until > desk.now + edition.lead:  # sending starts at the hour
        until = content.embargo_until.astimezone(ZoneInfo(edition.zone))
        return f"보도 유예 중입니다({until:%Y-%m-%d %H:%M}까지)."
    if edition.undated is Undated.OUT and _dated_on(article, edition) is None and not desk.wanted(article):
        return "기사 날짜를 알 수 없습니다."
    if not content.title.strip() and article.id not in desk.plan.headlines:
        return "제목이 없습니다."
    return None


def _without_repeats(
    articles: Sequence[Article], sent: Sequence[Article], desk: _Desk
) -> tuple[list[Article], list[LeftOut], Counter[int]]:
    """Articles that tell something of their own, those that repeat one, and how many repeat each."""
    before = sorted({a.id: a for a in sent}.values(), key=lambda a: a.id)
    wanted = [a for a in articles if desk.wanted(a)]  # the editor's first: they repeat nothing
    others = [a for a in articles if not desk.wanted(a)]
    before = [*sorted(wanted, key=lambda a: a.id), *before]
    ranked = [*before, *sorted(others, key=lambda a: (desk.place(a), *_preference(a)))]
    mine = {a.id for a in wanted}
    gone = {a.id for a in sent}
    kept: list[Article] = list(wanted)
    repeated: list[LeftOut] = []
    told_by: Counter[int] = Counter()
    for at, first in enumerate(same_as([a.content for a in ranked])):
        article = ranked[at]
        if at < len(before):
            continue
        if article.id in gone:
            repeated.append(LeftOut(article, _repeats(article, in_issue=True)))
        elif first is None:
            kept.append(article)
        else:
            other = ranked[first]
            earlier = first < len(before) and other.id not in mine
            told_by[other.id] += 1
            repeated.append(LeftOut(article, _repeats(other, in_issue=earlier), None if earlier else other.id))
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


def _shelves(articles: Sequence[Article], desk: _Desk) -> list[Shelf]:
    """The sections in reading order, each with its stories in order; that of the editor's lead comes first."""
    edition = desk.edition
    names = section_names([a.content.section for a in articles], edition.sections)
    ordered = sorted(articles, key=lambda a: (desk.place(a), *_order(a, edition)))
    shelves: dict[str, list[Article]] = {}
    for article in ordered:
        shelves.setdefault(names[article.content.section], []).append(article)
    rank = {section: n for n, section in reversed(list(enumerate(edition.sections)))}
    front = {names[a.content.section] for a in articles if a.id == desk.plan.lead}
    # stable: the rest by freshest first story
    sections = sorted(shelves, key=lambda s: (s not in front, rank.get(s, len(rank))))
    return [(section, _led(shelves[section], desk)) for section in sections]


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


def _led(stories: Sequence[Article], desk: _Desk) -> list[Article]:
    """The stories with the one in front that can lead a digest, and behind it what the editor pinned."""
    lead = min(range(len(stories)), key=lambda at: (desk.rank(stories[at]), *_lead(stories[at], stories, desk), at))
    rest = [*stories[:lead], *stories[lead + 1 :]]
    return [stories[lead], *sorted(rest, key=desk.rank)]


def _lead(article: Article, stories: Sequence[Article], desk: _Desk) -> tuple[int, ...]:
    """What speaks against leading, gravest first: paid, by a robot, without text, led nothing in the week, older, not
    own, no picture."""
    content = article.content
    freshest = _dated_on(stories[0], desk.edition)
    older = freshest is not None and _dated_on(article, desk.edition) != freshest
    return (
        content.sponsored,
        content.robot,
        not content.paragraphs,
        desk.place(article),
        older,
        _RIGHTS[content.rights],
        not content.images,
    )


def _within_cap(shelves: Sequence[Shelf], desk: _Desk) -> list[tuple[str, int, Article]]:
    """(section, place in it, story) in reading order, at most as many as the cap says, dealt out to the sections in
    turn. What the editor wants is always among them."""
    places = [
        (not desk.wanted(story), at, n) for n, (_, stories) in enumerate(shelves) for at, story in enumerate(stories)
    ]
    wanted = sum(not unwanted for unwanted, _, _ in places)
    room = {(at, n) for _, at, n in sorted(places)[: max(desk.edition.cap, wanted, 0)]}
    taken: list[tuple[str, int, Article]] = []
    for n, (section, stories) in enumerate(shelves):
        there = [story for at, story in enumerate(stories) if (at, n) in room]
        taken += [(section, at, story) for at, story in enumerate(there)]
    return taken


def _dated_on(article: Article, edition: Edition) -> date | None:
    """The Article's own date in the Edition's zone; None when unknown."""
    content = article.content
    return (
        content.published_at.astimezone(ZoneInfo(edition.zone)).date() if content.published_at else content.published_on
    )


def _length(article: Article) -> int:
    return sum(len(p) for p in article.content.paragraphs)


# --- why -------------------------------------------------------------------------------------

_PLACED = {0: "이번 주 호의 머리기사였습니다.", 1: "이번 주 한 면의 머리기사였습니다.", 2: "이번 주에 실린 기사입니다."}


def _pick(article: Article, section: str, at: tuple[int, int], desk: _Desk, told_by: Mapping[int, int]) -> Pick:
    """`at`: the place in the Issue and in the section."""
    plan = desk.plan
    worded = plan.summaries[article.id].words if article.id in plan.summaries else None
    if article.id in plan.headlines:
        title = plan.headlines[article.id].words or article.content.title
        article = replace(article, content=replace(article.content, title=title))
    return Pick(
        article=article,
        section=section,
        summary=worded or summary(article.content.paragraphs),
        why=" ".join(_why(article, at, desk, told_by.get(article.id, 0))),
    )


def _why(article: Article, at: tuple[int, int], desk: _Desk, copies: int) -> Iterator[str]:
    """Why it is in, why it stands where it stands, and what was done to it, sentence by sentence."""
    in_issue, in_section = at
    place = (
        "이 호의 머리기사입니다"
        if in_issue == 0
        else "이 면의 머리기사입니다"
        if in_section == 0
        else f"이 면의 {in_section + 1}번째 기사입니다"
    )
    traits = ["사진 있음"] if article.content.images else []
    on = _dated_on(article, desk.edition)
    dated = f"{on.month}월 {on.day}일 기사" if on else "날짜 미상"
    seen = article.first_seen_at.astimezone(ZoneInfo(desk.edition.zone))
    known = [dated, _RIGHTS_WORD[article.content.rights], *traits, f"{seen:%m-%d %H:%M} 처음 봄"]
    yield f"{place}({', '.join(known)})."
    if desk.place(article) in _PLACED:
        yield _PLACED[desk.place(article)]
    if copies:
        yield f"같은 소식 {copies}건을 대표합니다."
    yield from by_hand(article, desk.plan, desk.edition.zone)


def by_hand(article: Article, plan: Plan, zone: str) -> Iterator[str]:
    """What the editor did with a story, who and when, sentence by sentence."""
    if article.id == plan.lead and plan.led is not None:
        yield f"편집자가 머리기사로 골랐습니다({said_by(plan.led, zone)})."
    for words, wishes in (
        ("꼭 싣기로 했습니다", plan.pinned),
        ("제목을 고쳤습니다", plan.headlines),
        ("요약을 고쳤습니다", plan.summaries),
    ):
        if article.id in wishes:
            yield f"편집자가 {words}({said_by(wishes[article.id], zone)})."
