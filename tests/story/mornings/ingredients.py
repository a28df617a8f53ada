"""What lies in wait for a digest, one function each: it plants something and states what is true of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from syndication.core.model import Issue, Observation, Origin
from syndication.core.weather import NONE
from syndication.settings.closing import korean_holidays
from tests.core.releases import TOWNS, release
from tests.story.mornings.morning import Morning, Sky
from tests.story.paper import DAY

Ingredient = Callable[[Morning], None]

_NAMES = "동두천 강릉 서울 대전 대구 울산 광주 부산 고창 제주 강화 보은 금산 강진군 경주시 거제"


def _told(m: Morning, feed: str, which: int, town: int, number: int, *, when: str = "now") -> str:
    title, paragraphs = release(which, town)
    m.tell(feed, title, *paragraphs, number=number, when=when)
    return title


def everyday(m: Morning) -> None:
    """Two stories as on any day: they come, whatever else there is."""
    m.must.append(_told(m, "garam", m.number % 4, m.number, 1))
    m.must.append(_told(m, "naru", 4 + m.number % 4, m.number + 1, 1002) if "naru" not in m.dead else "")


# --- the sky ---------------------------------------------------------------------------------


def _seen(m: Morning, temperature: float, condition: str | None = "흐림", station: str = "서울") -> Observation:
    return Observation(
        station=station,
        station_id={"서울": "108", "부산": "159", "거제": "294"}[station],
        condition=condition,
        temperature=temperature,
        observed_at=m.at("06:00"),
        origin=Origin.KMA,
        attribution="기상청",
    )


def _page(on: date, values: dict[str, str]) -> str:
    """A page's weather list: a line for each station as it is printed."""
    weekday = "월화수목금토일"[on.weekday()]
    lines = "\n".join(f"  • {values.get(name, f'흐림{name} 6.{n % 10}℃')}" for n, name in enumerate(_NAMES.split()))
    return f"{on:%Y.%m.%d} ({weekday})\n\n{lines}\n기상청 제공\n\n사회\n\n"


def late_kma(m: Morning) -> None:
    """The service answers three minutes after the cut-off, within the grace."""
    m.sky = Sky(observations=(_seen(m, -7.3),), answers_from=m.at("06:22"), falls_silent=m.at("00:00"))
    m.must += ["-7.3", "기상청"]


def no_kma(m: Morning) -> None:
    """The service never answers: the news goes without, and says so."""
    m.sky = Sky()
    m.must.append(" ".join(NONE.split()))
    m.never.append("℃")


def stale_widget(m: Morning) -> None:
    """The page still has yesterday's list, with yesterday's date."""
    m.page_now = _page(m.on - DAY, {"서울": "맑음서울 -8.4℃"})
    m.never += ["-8.4", "℃"]


def standing_still(m: Morning) -> None:
    """The date on the page moved on, its values did not."""
    still = {"서울": "맑음서울 -8.4℃", "부산": "구름조금부산 0.2℃"}
    m.page_before, m.page_now = _page(m.on - DAY, still), _page(m.on, still)
    m.never += ["-8.4", "℃"]


def minus_nine(m: Morning) -> None:
    """-9.0 is a temperature and no missing mark."""
    m.sky = Sky(observations=(_seen(m, -9.0, "맑음"), _seen(m, -9.9, station="부산")), answers_from=m.at("06:00"))
    m.must += ["-9.0", "-9.9"]


def empty_condition(m: Morning) -> None:
    """On a rainy day the page prints no word before 서울: that is unknown, never clear."""
    m.page_now = _page(m.on, {"서울": "서울 4.4℃"})
    m.must.append("4.4")
    m.never.append("맑음")
    m.checks.append(lambda _, issue, __: _unknown_sky(issue, "서울"))


def dash(m: Morning) -> None:
    """The dash before 거제 is no minus."""
    m.page_now = _page(m.on, {"거제": "-거제 0.8℃"})
    m.must.append("0.8")
    m.never.append("-0.8")
    m.checks.append(lambda _, issue, __: _unknown_sky(issue, "거제"))


def _unknown_sky(issue: Issue, station: str) -> None:
    seen = next(s.observation for s in issue.content.weather.stations if s.station == station)
    assert seen is not None
    assert seen.condition is None


# --- stories ---------------------------------------------------------------------------------


def old_story(m: Morning) -> None:
    """A story that went out yesterday stands in the feed again, with another body."""
    title = "묵은 소식 다시 올라온 우물터"
    m.tell("garam", title, "우물터를 고쳐 쉼터로 삼는다는 소식이 어제 나갔다.", number=501, when="before")
    m.tell("garam", title, "우물터를 고쳐 쉼터로 삼는다는 소식에 한 줄을 더 보탰다.", number=501)
    m.never.append(title)


def old_dated(m: Morning) -> None:
    """A story of years ago is put into the feed: it carries its own date and does not lead."""
    title = "열네 해 전 물난리를 돌아본다"
    stamp = "<pubDate>Wed, 18 Apr 2012 09:00:00 +0900</pubDate>"
    m.tell("garam", title, "그해 봄 물난리로 다리 세 개가 떠내려갔다.", number=601, more=stamp)

    def check(_: Morning, issue: Issue, __: str) -> None:
        mine = next(i.article.content for i in issue.content.items if i.article.content.title == title)
        assert mine.published_at is not None
        assert mine.published_at.year == 2012

    m.must += [title, "2012"]
    m.checks.append(check)


def three_papers(m: Morning) -> None:
    """One release, three papers: each under a headline of its own, with a few words changed."""
    title, paragraphs = release(8 + m.number % 4, m.number)
    titles = (title, f"{title} 소식", f"[종합] {title} 알려")
    m.tell("garam", titles[0], *paragraphs, number=701)
    m.tell("naru", titles[1], *(p.replace("밝혔다", "전했다") for p in paragraphs), number=1702)
    m.tell("daon", titles[2], "(표본기자) " + paragraphs[0], *paragraphs[1:], number=2703)

    def check(_: Morning, issue: Issue, __: str) -> None:
        told = [i for i in issue.content.items if i.article.content.title in titles]
        assert len(told) == 1, [i.article.content.title for i in told]
        folded = [u for u in issue.content.left_out if u.by == told[0].article.id]
        assert len(folded) == len([f for f in ("garam", "naru", "daon") if f not in m.dead]) - 1

    m.checks.append(check)


def two_towns(m: Morning) -> None:
    """The same template from two town halls: two stories."""
    which = 12 + m.number % 4
    m.must.append(_told(m, "garam", which, m.number, 801))
    m.must.append(_told(m, "daon", which, m.number + 3, 2802))
    assert TOWNS[m.number % 8] != TOWNS[(m.number + 3) % 8]


def cut_teaser(m: Morning) -> None:
    """A feed that cuts its stories in the middle of a word."""
    title = "나루 선착장 새로 고친다"
    cut = "나루 선착장의 낡은 난간을 새로 고치기로 했다. 담당 부서는 다음 달까지 설계를 마치고 도의 승인을 받"
    m.tell("garam", title, cut, number=901)
    m.must.append(title)

    def check(_: Morning, __: Issue, words: str) -> None:
        assert not re.search(r"승인을 받(?!…| …|\.\.)", words), "a summary ends in the middle of a word"

    m.checks.append(check)


def mojibake(m: Morning) -> None:
    """A story whose Korean was read as Latin-1 somewhere on its way."""
    words = "가람시 도서관이 새 책 삼백 권을 들여놓았다."
    broken = words.encode("cp949").decode("latin-1")
    m.tell("garam", broken, broken, number=951)

    def check(_: Morning, __: Issue, told: str) -> None:
        assert not re.search(r"[À-ÿ¿½°]{3}", told), "mojibake reached the digest"

    m.checks.append(check)


def dead_cms(m: Morning) -> None:
    """A CMS that has not answered for days: the others go out, and the morning says that it is degraded."""
    m.dead.add("naru")

    def check(_: Morning, issue: Issue, __: str) -> None:
        assert any("naru" in said for said in issue.content.degraded), issue.content.degraded

    m.checks.append(check)


def correction(m: Morning) -> None:
    """The outlet corrects a number before the cut-off."""
    title = "장학금 받을 학생 뽑는다"
    m.tell("daon", title, "장학회는 올해 장학금을 받을 학생 쉰일곱 명을 뽑는다.", number=2851)
    m.later["daon"] = [i for i in m.now.get("daon", []) if "장학금" not in i]
    m.tell("daon", title, "장학회는 올해 장학금을 받을 학생 일흔다섯 명을 뽑는다.", number=2851, when="later")
    m.must += [title, "일흔다섯 명"]
    m.never.append("쉰일곱 명")


def daily_forecast(m: Morning) -> None:
    """The story of today's weather is yesterday's with other numbers: it is news all the same."""
    words = (
        "가람 지역은 오늘 대체로 맑겠다. 아침 최저기온은 영하 {low}도, 낮 최고기온은 {high}도로 예보됐다. 바다의 "
        "물결은 "
        "앞바다에서 0.5∼1.5m로 일겠다. 기상청은 큰 일교차에 건강 관리에 유의해 달라고 당부했다."
    )
    m.tell("garam", "오늘의 가람 날씨 (어제)", words.format(low=3, high=8), number=961, when="before")
    m.tell("garam", "오늘의 가람 날씨 (오늘)", words.format(low=4, high=9), number=962)
    m.must.append("오늘의 가람 날씨 (오늘)")
    m.never.append("오늘의 가람 날씨 (어제)")


# --- the calendar ----------------------------------------------------------------------------


def holiday(m: Morning) -> None:
    """설날: nothing goes out until it is over, and then everything does."""
    m.on = date(2026, 2, 16)
    m.closed = dict(korean_holidays())
    m.checks.append(lambda _, issue, __: _is(issue.on, date(2026, 2, 19)))


def clock_change(m: Morning) -> None:
    """The night in which the clocks go forward: one Issue, at the readers' hour."""
    m.on, m.zone = date(2026, 3, 29), "Europe/Berlin"
    m.checks.append(lambda mm, issue, __: _is(issue.publish_at, mm.at("06:30")))


def _is(found: object, expected: object) -> None:
    assert found == expected


SKIES: tuple[Ingredient | None, ...] = (
    None,
    late_kma,
    no_kma,
    stale_widget,
    standing_still,
    minus_nine,
    empty_condition,
    dash,
)
STORIES: tuple[Ingredient, ...] = (
    old_story,
    old_dated,
    three_papers,
    two_towns,
    cut_teaser,
    mojibake,
    dead_cms,
    correction,
    daily_forecast,
)
CALENDAR: tuple[Ingredient, ...] = (holiday, clock_change)
OF_ONE_DAY: tuple[Ingredient, ...] = (three_papers, two_towns, cut_teaser, mojibake, correction)
