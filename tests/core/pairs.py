"""Labelled pairs of stories: what a careful editor would print once, and what only looks alike.

Each way of changing a release carries its label, stated before anything was compared. Pairs are only ever added.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from syndication.core.model import ArticleContent
from tests.core.releases import RELEASES, release

Story = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two stories, the way in which one was made of the other, and whether they are one."""

    way: str
    release: int
    one: ArticleContent
    other: ArticleContent
    same: bool


def pairs() -> list[Pair]:
    """Every labelled pair, in an order that never changes."""
    return [*_copies(), *_lookalikes(), *_strangers(), *_daily(), *_givers()]


def _content(story: Story) -> ArticleContent:
    return ArticleContent(title=story[0], paragraphs=story[1])


# --- one story -------------------------------------------------------------------------------


def _reworded(story: Story) -> Story:
    words = (("밝혔다", "전했다"), ("말했다", "강조했다"), ("마련됐다", "마련했다"), ("예정이다", "계획이다"))
    return _replaced(story, *words)


def _dateline(story: Story) -> Story:
    title, (first, *rest) = story
    return f"[종합] {title}", (f"(본보=표본기자) {first.replace('고 밝혔다', '고 19일 밝혔다', 1)}", *rest)


def _squeezed(story: Story) -> Story:
    change = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", ",": " ", "\u00a0": " "})
    return story[0].translate(change), tuple("  ".join(p.translate(change).split()) for p in story[1])


def _decomposed(story: Story) -> Story:
    return unicodedata.normalize("NFD", story[0]), tuple(unicodedata.normalize("NFD", p) for p in story[1])


def _captioned(story: Story) -> Story:
    title, paragraphs = story
    return f"{title} (사진)", ("▲ 행사 모습. 사진=표본 제공", *paragraphs, "표본기자 desk@garam.example")


def _without_quote(story: Story) -> Story:
    """The desk cut the last paragraph."""
    return story[0].split(",")[0], story[1][:-1]


def _led_in(story: Story) -> Story:
    """The desk wrote one sentence of its own before the release."""
    title, paragraphs = story
    return title, ("추위가 한풀 꺾이면서 지역 곳곳의 움직임도 바빠지고 있다.", *paragraphs)


def _turned(story: Story) -> Story:
    """The quotation moved up behind the first paragraph."""
    title, (first, *middle, last) = story
    return title, (first, last, *middle)


def _one_paragraph(story: Story) -> Story:
    return story[0], (" ".join(story[1]),)


def _with_province(story: Story) -> Story:
    """Another desk writes the province before the town and the weekday behind the day."""
    title, (first, *rest) = story
    town = first.split("는")[0].split("의회")[0].split(" ")[0]
    return f"한들도 {title}", (first.replace(town, f"한들도 {town}", 1), *rest)


def _replaced(story: Story, *words: tuple[str, str]) -> Story:
    title, paragraphs = story
    for old, new in words:
        title, paragraphs = title.replace(old, new), tuple(p.replace(old, new) for p in paragraphs)
    return title, paragraphs


_COPIES: tuple[tuple[str, Callable[[Story], Story]], ...] = (
    ("reworded", _reworded),
    ("dateline", _dateline),
    ("squeezed", _squeezed),
    ("decomposed", _decomposed),
    ("captioned", _captioned),
    ("without quotation", _without_quote),
    ("led in", _led_in),
    ("turned", _turned),
    ("one paragraph", _one_paragraph),
    ("with province", _with_province),
    ("reworded and captioned", lambda s: _captioned(_reworded(s))),
    ("dateline and turned", lambda s: _turned(_dateline(s))),
    ("reworded without quotation", lambda s: _without_quote(_reworded(s))),
)


def _copies() -> Iterator[Pair]:
    for which in range(len(RELEASES)):
        for n, (way, change) in enumerate(_COPIES):
            sent = release(which, which + n)
            yield Pair(way=way, release=which, one=_content(sent), other=_content(change(sent)), same=True)


# --- what only looks alike -------------------------------------------------------------------

_LOOKALIKES: tuple[tuple[str, dict[str, str]], ...] = (
    ("another day", {"D": "12월 24일"}),
    ("another place in town", {"P": "너른동"}),
    ("another number", {"N": "83"}),
    ("another day and number", {"D": "12월 24일", "N": "83"}),
    ("another day and person", {"D": "12월 24일", "W": "서다른"}),
    ("another town", {"T": "하늘시"}),
    ("another town, day and number", {"T": "하늘시", "D": "12월 24일", "N": "83"}),
)


def _lookalikes() -> Iterator[Pair]:
    """Releases from one template: the next event of a series, another place, another town."""
    for which in range(len(RELEASES)):
        for n, (way, other) in enumerate(_LOOKALIKES):
            one, two = release(which, which + n), release(which, which + n, **other)
            yield Pair(way=way, release=which, one=_content(one), other=_content(two), same=False)
        yield Pair(
            way="the whole template of two towns",
            release=which,
            one=_content(release(which, which)),
            other=_content(release(which, which + 3)),
            same=False,
        )
        yield Pair(
            way="the whole template of two towns, reworded",
            release=which,
            one=_content(release(which, which + 1)),
            other=_content(_reworded(release(which, which + 6))),
            same=False,
        )
        yield Pair(way="follow-up", release=which, one=_content(release(which, 2)), other=_follow_up(which), same=False)


def _follow_up(which: int) -> ArticleContent:
    """News of its own with one paragraph of background from the release."""
    title, paragraphs = release(which, 2)
    news = (
        "지난달 발표한 계획을 두고 주민 설명회가 열렸다. 참석자들은 사업의 취지에는 고개를 끄덕이면서도 비용과 "
        "일정에는 물음을 "
        "던졌다.",
        "반대하는 쪽은 다른 지역의 사례를 들어 효과가 부풀려졌다고 주장했다. 담당 부서는 보름 안에 자료를 보완해 "
        "다시 알리겠다고 "
        "답했다.",
    )
    return ArticleContent(title=f"설명회서 찬반 엇갈려… {title}", paragraphs=(*news, paragraphs[1]))


def _strangers() -> Iterator[Pair]:
    """Different news of one town on one day."""
    for which in range(len(RELEASES)):
        for step in (1, 5):
            other = (which + step) % len(RELEASES)
            one, two = _content(release(which, 4)), _content(release(other, 4))
            yield Pair(way="another subject", release=which, one=one, other=two, same=False)


# --- what comes each day in the same words ---------------------------------------------------

_WEATHER = (
    "{day} {town} 지역은 {sky} 날씨를 보이겠다. 아침 최저기온은 영하 {low}도, 낮 최고기온은 {high}도로 예보됐다. "
    "미세먼지 농도는 "
    "‘보통’ 수준을 보이겠으며 바다의 물결은 앞바다에서 0.5∼1.5m로 일겠다. 기상청은 큰 일교차에 건강 관리에 유의해 "
    "달라고 당부했다."
)
_FUEL = (
    "{town} 주유소의 휘발유 평균 판매 가격이 리터당 {price}원으로 집계됐다. 지난주보다 {change}원 내렸다. 경유는 "
    "이보다 백 원쯤 "
    "낮은 값에 팔렸다. 석유공사 관계자는 국제 유가가 이 주 뒤 국내 값에 영향을 준다며 당분간 비슷한 흐름이 이어질 "
    "것으로 내다봤다."
)
_ACCIDENT = (
    "{day} {hour}시께 {town} {place} 네거리에서 승용차와 화물차가 부딪쳐 {hurt}명이 다쳤다. 다친 사람은 가까운 "
    "병원으로 옮겨져 "
    "치료를 받고 있으며 생명에는 지장이 없는 것으로 전해졌다. 경찰은 신호 위반 여부를 비롯한 정확한 경위를 조사하고 "
    "있다."
)


def _daily() -> Iterator[Pair]:
    for n in range(8):
        one = {
            "day": f"{10 + n}일",
            "town": "가람",
            "sky": "대체로 맑은",
            "low": n + 2,
            "high": n,
            "price": 1601 + n * 7,
        }
        more = {"change": 2 + n, "hour": f"오전 {n + 1}", "place": "한빛동", "hurt": n + 1}
        two = {"day": f"{11 + n}일", "town": "가람", "sky": "대체로 맑은", "low": n + 3, "high": n + 1}
        rest = {"price": 1612 + n * 9, "change": 3 + n, "hour": f"오후 {n + 2}", "place": "은내동", "hurt": n + 2}
        for title, words in (("오늘의 날씨", _WEATHER), ("주간 기름값", _FUEL), ("교통사고 잇따라", _ACCIDENT)):
            yield Pair(
                way=title,
                release=n,
                one=ArticleContent(title=title, paragraphs=(words.format(**one, **more),)),
                other=ArticleContent(title=title, paragraphs=(words.format(**two, **rest),)),
                same=False,
            )


# --- added later -----------------------------------------------------------------------------

_GIFT = (
    "{who}은 설을 앞두고 이웃을 돕는 데 써 달라며 성금 500만 원을 가람시 한빛동 행정복지센터에 맡겼다. 이 단체는 "
    "해마다 "
    "겨울이면 연탄과 쌀을 나누고 홀로 사는 어르신의 집을 고쳐 왔다.",
    "성금은 사회복지공동모금회를 거쳐 형편이 어려운 가정의 난방비로 쓰인다. 동장은 따뜻한 마음을 잊지 않고 꼭 필요한 "
    "곳에 "
    "전하겠다며 고마움을 나타냈다.",
)
_GIVERS = (
    "한빛건설",
    "다온전기",
    "은하수산악회",
    "가람신협",
    "솔뫼병원",
    "마루초동창회",
    "두레농협",
    "새벌적십자봉사단",
)


def _givers() -> Iterator[Pair]:
    """The same gift from two givers of one town; and one gift as two papers tell it."""
    for n, who in enumerate(_GIVERS):
        next_one = _GIVERS[(n + 1) % len(_GIVERS)]
        one, two = (
            (f"{name}, 이웃돕기 성금 500만 원 기탁", tuple(p.format(who=name) for p in _GIFT))
            for name in (who, next_one)
        )
        yield Pair(way="another giver", release=n, one=_content(one), other=_content(two), same=False)
        told = _replaced(one, ("500만 원", "5백만원"), ("맡겼다", "기탁했다"))
        told = (f"이웃돕기에 나선 {who}", told[1])
        yield Pair(way="one gift, reworded", release=n, one=_content(one), other=_content(told), same=True)
