"""Sample items, heads and Issues for tests of feeds and partner documents; all of a made-up town."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from syndication.core.catalogue import Restatement, Story
from syndication.core.model import (
    Article,
    ArticleStatus,
    Cadence,
    Edition,
    Forecast,
    Image,
    Issue,
    IssueContent,
    IssueState,
    Observation,
    Origin,
    StationWeather,
    Weather,
)
from syndication.render.feed_items import FeedHead, FeedItem
from tests.factories import MORNING, ON, article, item

EDITION = Edition(id="daily", title="가람 아침", stations=("가람", "나루"))
SEEN = datetime(2026, 1, 19, 20, 10, 30, 123456, tzinfo=UTC)  # 05:10:30 KST

HEAD = FeedHead(
    id="tag:garam.example,2026:feed/daily/articles",
    title="가람 아침 기사",
    description="가람일보의 기사를 하나씩",
    self_url="https://garam.example/feeds/daily/articles.rss",
    site_url="https://garam.example/daily",
    language="ko",
    author="가람일보",
    rights="© 가람일보",
    updated_at=SEEN,
    hub="https://hub.example/",
    stylesheet="../feed.xsl",
)

PICTURE = Image(
    url="https://img.garam.example/사진/1.JPG",
    alt="시청 앞 (표본)",
    credit="표본 사진부",
    licence="© 가람일보",
    width=800,
    height=600,
)


def feed_item(n: int = 1, **values: object) -> FeedItem:
    words: dict[str, object] = {
        "id": f"tag:garam.example,2026-01-20:article/{n}",
        "title": f"표본 기사 {n}",
        "url": f"https://garam.example/news/{n}",
        "updated_at": SEEN,
        "summary": f"{n}번째 요약이다.",
        "content_html": f"<p>{n}번째 본문이다.</p>",
        "published_at": SEEN - timedelta(hours=1),
        "authors": ("표본 기자",),
        **values,
    }
    return FeedItem(**words)  # type: ignore[arg-type]


def observed(station: str, condition: str | None, temperature: float | None, at: datetime | None = None) -> Observation:
    return Observation(
        station=station,
        station_id="1",
        condition=condition,
        temperature=temperature,
        observed_at=at,
        origin=Origin.WIDGET,
        attribution="기상청",
    )


WEATHER = Weather(
    stations=(
        StationWeather(station="다온", station_id="3", observation=observed("다온", "비", 4.0)),
        StationWeather(
            station="나루",
            station_id="2",
            observation=observed("나루", None, 0.8),
            forecast=Forecast(
                place="나루", on=ON, low=-5.0, high=3.5, morning="구름많음", afternoon="비", rain_chance=60
            ),
        ),
        StationWeather(station="가람", station_id="1", observation=observed("가람", "맑음", -11.0)),
    ),
    attribution="기상청",
    last_resort=True,
)


def issue(*articles: Article, number: int = 1, on: date = ON, weather: Weather = WEATHER, revision: int = 1) -> Issue:
    at = MORNING + timedelta(days=(on - ON).days)
    return Issue(
        id=number,
        edition_id="daily",
        cadence=Cadence.DAILY,
        on=on,
        state=IssueState.FROZEN,
        revision=revision,
        cut_off_at=at - timedelta(minutes=10),
        publish_at=at,
        expires_at=at + timedelta(hours=12),
        frozen_at=at - timedelta(minutes=9),
        content=IssueContent(items=tuple(item(a) for a in articles), weather=weather),
    )


def revised(of: Article, revision: int, **values: object) -> Article:
    return replace(of, revision=revision, content=replace(of.content, **values))  # type: ignore[arg-type]


def story(of: Article, **values: object) -> Story:
    """An Article as Feeds show it: in the section and under the address that it names itself."""
    words: dict[str, object] = {
        "article": of,
        "uri": of.uri,
        "stamp": 1,
        "appeared_at": MORNING,
        "edition_id": "daily",
        "language": "ko",
        "section": of.content.section or "종합",
        "link": of.content.url,
        "summary": of.content.paragraphs[0] if of.content.paragraphs else None,
        **values,
    }
    return Story(**words)  # type: ignore[arg-type]


def restated(
    of: Article, *, status: ArticleStatus = ArticleStatus.CANCELED, notice: str | None = None, hours: int = 2
) -> Restatement:
    return Restatement(
        article_id=of.id,
        uri=of.uri,
        article_uri=of.uri,
        at=MORNING + timedelta(hours=hours),
        title=of.content.title,
        notice=notice,
        language="ko",
        status=status,
    )


def morning(count: int = 3) -> Issue:
    """An Issue with `count` dated stories."""
    return issue(*(article(n, published_at=SEEN, bylines=("표본 기자",)) for n in range(1, count + 1)))
