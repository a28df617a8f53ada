"""Finds stories that tell the same thing in nearly the same words, such as a press release printed twice.

It does not say which one is better: the caller puts the preferred one first.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil
from zlib import crc32

from syndication.core.model import ArticleContent

THRESHOLD = 0.7
_GRAM = 5  # reworded copies of one release stay at 0.85, other towns' releases from one template fall to 0.35
_LEAST_GRAMS = 30  # a shorter text is the same only when it is equal
_MOST_GRAMS = 20_000  # of one text; no story is longer
_SHARE = 0.1  # of a text's runs that a near copy has among its rarest ones; more candidates are ruled out by more
_FEW = 4  # texts with which one such run is enough: where stories share most sentences, few runs tell them apart
_CROWD = 32  # a run of characters found in this many different stories tells none of them apart
_COUNTERS = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What is compared: hashed character runs, rising and without repeats, and what must not differ."""

    grams: array[int]
    words: str  # all letters
    text: str
    towns: frozenset[str]  # named in title and opening
    dates: frozenset[str]
    figures: Mapping[str, frozenset[float]]  # by what they count
    openings: tuple[str, str]  # with which names title and body begin
    exact_only: bool  # too short for runs, or the weather


def same_as(contents: Sequence[ArticleContent]) -> tuple[int | None, ...]:
    """For each story the position of the first one before it that it repeats, or None.

    Two stories are the same when their character 5-grams, without blanks and punctuation, overlap by Jaccard 0.7 or
    more and neither their towns nor their dates, figures or names contradict each other. The daily weather, alike on
    purpose, only repeats what is equal. A repeated story is compared with no further ones, so nothing drifts from
    copy to copy.
    """
    stories = [_story(content) for content in contents]
    index = _Index([s.grams for s in stories])
    equal: dict[str, int] = {}
    found: list[int | None] = []
    for at, story in enumerate(stories):
        runs = () if story.exact_only else index.rarest(at)
        first = equal.get(story.words)
        if first is None:
            first = next((n for n in index.alike(at, runs) if _same(stories[n], story)), None)
        if first is None:
            equal[story.words] = at
            index.add(at, runs)
        found.append(first)
    return tuple(found)


# --- one story -------------------------------------------------------------------------------

_NO_LETTER = re.compile(r"[\W_]+")
_WEATHER = re.compile(r"날씨|일기\s*예보|기상\s*(?:예보|정보|전망)|주간\s*예보")
_TEMPERATURES = re.compile(r"최저\s*기온.{0,120}최고\s*기온", re.DOTALL)
_OPENING = 400  # characters after the title in which a story says where and when


def _story(content: ArticleContent) -> _Story:
    title = unicodedata.normalize("NFC", content.title)
    told = unicodedata.normalize("NFC", " ".join(content.paragraphs)[:_MOST_GRAMS])
    text = f"{title} {told}"[:_MOST_GRAMS]
    opening = text[: len(title) + _OPENING]
    body = _letters(told)
    grams = _grams(body)
    weather = _WEATHER.search(title) or _TEMPERATURES.search(opening)
    return _Story(
        grams=grams,
        words=f"{_letters(title)} {body}",
        text=text,
        towns=towns(opening),
        dates=dates(opening),
        figures=figures(told),
        openings=(_first_name(title), _first_name(told)),
        exact_only=weather is not None or len(grams) < _LEAST_GRAMS,
    )


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).casefold())


def _grams(letters: str) -> array[int]:
    """The CRC-32 of each run of five characters: the same in every process, unlike hash()."""
    raw = letters.encode("utf-32-le", "replace")
    width = 4 * _GRAM
    return array("I", sorted({crc32(raw[at : at + width]) for at in range(0, len(raw) - width + 1, 4)}))


# --- what must not differ --------------------------------------------------------------------

_TOWN = re.compile(
    r"(?<![가-힣])([가-힣]{1,4}(?:특별자치시|특별시|광역시|시|군|구|읍|면|동))"
    r"(?=(?:은|는|이|가|을|를|의|에|와|과|도|로|으로|에서|청|장|의회|민|내|서)?(?![가-힣])"
    r"|(?:청|장|의회|민|보건소|사무소)[가-힣]{0,3}(?![가-힣]))"
)
# Words that only end like towns.
_NO_TOWN = re.compile(
    r"(?:실|표|즉|당|게|잠|일|몇|수|상|임|전|도|감|무|응|제|개|고|명|예|공|역|혹|다|동|지|중|행|필)시$"
    r"|(?:친|연|요|도|기|축|농|야|배|탁|당|복|영|지|입|출|항|청|촉|가|인|추|누|강|식|선거)구$"
    r"|(?:활|운|행|노|자|이|공|감|변|작|가|출|아|합|진|소|협|충|연|유|구|시|발|전|율|생|역|선|파)동$"
    r"|(?:측|화|장|반|정|전|표|이|지|대|양|수|국|하|바|어쩌|라)면$"
    r"|(?:국|육|해|공|여|장|미|아|적|우리|종)군$"
)
_DATE = re.compile(
    r"(\d{4})\s*년|(\d{1,2})\s*월(?!\s*[간째])|(\d{1,2})\s*일(?![간째차])|제?\s*(\d{1,4})\s*([회차호기])"
)


def towns(text: str) -> frozenset[str]:
    """The 시, 군, 구, 읍, 면 and 동 that a text names."""
    named = (m.group(1) for m in _TOWN.finditer(text))
    return frozenset(town for town in named if len(town) > 1 and not _NO_TOWN.search(town))


def dates(text: str) -> frozenset[str]:
    """The years, months, days and ordinal numbers (제3회) that a text names."""
    return frozenset(_date_words(text))


def _date_words(text: str) -> Iterator[str]:
    for year, month, day, ordinal, unit in _DATE.findall(text):
        yield (
            f"{year}년" if year else f"{int(month)}월" if month else f"{int(day)}일" if day else f"{int(ordinal)}{unit}"
        )


_FIGURE = re.compile(
    r"(?<![\w.,])((?:\d[\d,]*(?:\.\d+)?\s*[조억만천백]+\s*)*\d[\d,]*(?:\.\d+)?)"
    r"\s*([조억만천백]*)\s*([^\W\d_]|%)"
)
_PIECE = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([조억만천백]*)")
_TIMES = {"조": 1e12, "억": 1e8, "만": 1e4, "천": 1e3, "백": 1e2}
_WHEN = frozenset("년월일시분초")  # dates and hours have a guard of their own, or none


def figures(text: str) -> Mapping[str, frozenset[float]]:
    """The numbers that a text names, by the first letter of what they count: 명 → {1200.0}; 3천만 is 30 million."""
    found: dict[str, set[float]] = {}
    for digits, last, unit in _FIGURE.findall(text):
        if unit not in _WHEN:
            found.setdefault(unit, set()).add(_value(digits + last))
    return {unit: frozenset(values) for unit, values in found.items()}


def _value(digits: str) -> float:
    total = 0.0
    for number, times in _PIECE.findall(digits):
        value = float(number.replace(",", "") or 0)
        for one in times:
            value *= _TIMES[one]
        total += value
    return total


_NAME = re.compile(r"[가-힣A-Za-z]{2,}")
_ASIDE = re.compile(r"^\s*(?:\([^)]*\)|\[[^\]]*\]|【[^】]*】|[^\w\s]+)\s*")


def _first_name(text: str) -> str:
    """The word with which a text begins, brackets and a particle (은, 는, 이, 가 …) left off."""
    while aside := _ASIDE.match(text):
        text = text[aside.end() :]
    word = _NAME.search(text[:80])
    return re.sub(r"(?<=..)(?:은|는|이|가|을|를|의|에|와|과|도)$", "", word[0]).casefold() if word else ""


def _other_names(one: _Story, other: _Story) -> bool:
    """Whether title and body each begin with a name that the other story never mentions."""
    mine = all(name and name not in other.words for name in one.openings)
    return mine and all(name and name not in one.words for name in other.openings)


def _other_figures(one: _Story, other: _Story) -> bool:
    """Whether both count the same thing and each comes to a number that the other does not have."""
    shared = ((one.figures[unit], other.figures[unit]) for unit in one.figures.keys() & other.figures.keys())
    return any(mine - theirs and theirs - mine for mine, theirs in shared)


def _contradict(one: _Story, other: _Story) -> bool:
    """Whether each has a town, a date, a figure or a name at its head of which the other knows nothing.

    Naming more than the other is no contradiction: a desk adds and cuts."""
    if one.towns - other.towns and other.towns - one.towns:
        strange = [t for t in one.towns if t not in other.words], [t for t in other.towns if t not in one.words]
        if all(strange):
            return True
    if one.dates - other.dates and other.dates - one.dates:
        theirs, mine = dates(other.text), dates(one.text)
        if one.dates - theirs and other.dates - mine:
            return True
    return _other_figures(one, other) or _other_names(one, other)


def _same(one: _Story, other: _Story) -> bool:
    few, many = sorted((len(one.grams), len(other.grams)))
    if few < THRESHOLD * many or _contradict(one, other):
        return False
    return _jaccard(one.grams, other.grams) >= THRESHOLD


def _jaccard(one: array[int], other: array[int]) -> float:
    left = set(one)
    shared = len(left.intersection(other))
    return shared / (len(one) + len(other) - shared)


# --- finding candidates ----------------------------------------------------------------------


class _Index:
    """Which earlier stories share so many of their rarest runs with a story that they may be the same.

    Two texts with a Jaccard of at least t share l runs among the first (1-t)n+l of each, in any order that is the same
    for both; in order of rarity those are few enough to look up. (Prefix filtering: Chaudhuri, Ganti, Kaushik 2006;
    with l > 1: Wang, Li, Feng 2012.)
    """

    def __init__(self, texts: Sequence[array[int]]) -> None:
        self._texts = texts
        self._seen = bytearray(_COUNTERS)  # how many texts hold a run, up to 255; runs may share a counter
        self._holders: dict[int, list[int]] = {}
        for grams in texts:
            self._count(grams)

    def _count(self, grams: array[int]) -> None:
        seen = self._seen
        for gram in grams:
            at = gram % _COUNTERS
            if seen[at] < 255:
                seen[at] += 1

    def _least(self, at: int) -> int:
        return ceil(_SHARE * len(self._texts[at]))

    def rarest(self, at: int) -> tuple[int, ...]:
        """The runs of a text of which a near copy must share some, without those that stand in it alone."""
        grams, seen = self._texts[at], self._seen
        ranked = sorted(grams, key=lambda gram: (seen[gram % _COUNTERS], gram))
        first = ranked[: len(grams) - ceil(THRESHOLD * len(grams)) + self._least(at)]
        return tuple(gram for gram in first if seen[gram % _COUNTERS] > 1)

    def alike(self, at: int, runs: Sequence[int]) -> list[int]:
        """The added texts that have enough of these runs, or one that hardly any other text has, in order."""
        shared = Counter(chain.from_iterable(self._holders.get(gram, ()) for gram in runs))
        mine = self._least(at)
        enough = {n for n, number in shared.items() if number >= min(mine, self._least(n))}
        rare = (gram for gram in runs if self._seen[gram % _COUNTERS] <= _FEW)
        return sorted(enough.union(*(self._holders.get(gram, ()) for gram in rare)))

    def add(self, at: int, runs: Sequence[int]) -> None:
        for gram in runs:
            holders = self._holders.setdefault(gram, [])
            if len(holders) < _CROWD:
                holders.append(at)
