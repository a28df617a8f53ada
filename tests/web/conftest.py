"""A whole installation in memory for the pages: outlet, Editions, an Issue, readers, mails and receipts (samples)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from syndication.adapters.memory import (
    FixedClock,
    MemoryFetcher,
    MemoryMailer,
    MemoryPortal,
    MemoryPublisher,
    MemoryStore,
)
from syndication.adapters.memory.journals import MemoryJournals
from syndication.core import links
from syndication.core.model import (
    Article,
    Cadence,
    Edition,
    Forecast,
    Found,
    Issue,
    Observation,
    Origin,
    Rights,
    StationWeather,
    Subscription,
    Weather,
)
from syndication.ports import Ports, Store
from syndication.web import InboxMail, PartnerReceipt, Site, create_app
from tests import factories

TEMPLATES = Path(__file__).parents[2] / "templates"
NOW = factories.MORNING + timedelta(hours=1)
ENGLISH = Edition(id="weekend", title="Garam Weekend", language="en", hour=time(8, 0), days=(5, 6))
FEED = (
    '<?xml version="1.0" encoding="utf-8"?>\n<?xml-stylesheet type="text/xsl" href="/feeds/feed.xsl"?>\n'
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>가람 아침</title>'
    "<link>https://garam.example/daily</link>"
    "<description>가람시의 아침 소식 (표본)</description><language>ko</language>"
    '<atom:link rel="self" type="application/rss+xml" href="https://garam.example/feeds/daily/digest.rss"/>'
    "<item><title>2026년 1월 20일 화요일</title><link>https://garam.example/daily/2026-01-20</link>"
    "<description>나루군 옛 역, 도서관으로 다시 문 연다</description>"
    "<pubDate>Tue, 20 Jan 2026 06:30:00 +0900</pubDate></item></channel></rss>\n"
).encode()


def templates() -> dict[str, str]:
    """Every template by its path below templates/."""
    kinds = ("html", "css", "js", "svg", "po", "xsl")
    files = (p for kind in kinds for p in TEMPLATES.rglob(f"*.{kind}"))
    return {p.relative_to(TEMPLATES).as_posix(): p.read_text("utf-8") for p in files}


STORIES = (
    (
        "사회",
        "나루군 옛 역, 도서관으로 다시 문 연다",
        "나루군은 문을 닫은 옛 기차역을 고쳐 3월부터 작은 도서관으로 연다고 밝혔다.",
    ),
    (
        "사회",
        "다온면 겨울 버스, 아침 첫차 20분 앞당긴다",
        "다온면을 지나는 겨울 버스의 첫차가 다음 주부터 20분 일찍 떠난다.",
    ),
    ("경제", "가람 전통시장 설맞이 장터 24일부터", "가람시는 설을 앞두고 24일부터 닷새 동안 전통시장에서 장터를 연다."),
    ("경제", "나루군 딸기 농가, 공동 선별장 쓴다", "나루군 딸기 농가 열두 곳이 이달부터 공동 선별장을 함께 쓴다."),
    (
        "문화",
        "겨울 별 보는 밤, 가람천문관 무료 개방",
        "가람천문관이 이번 주말 저녁 문을 열고 누구나 별을 볼 수 있게 한다.",
    ),
)


def found(n: int, section: str, title: str, first: str, **values: object) -> Found:
    more = (
        first,
        "군은 주민 의견을 세 차례 들어 설계를 고쳤으며, 서가와 함께 ▲어린이 열람실 ▲마을 기록관 ▲쉼터를 둔다."
        " 운영은 마을 협동조합이 맡고, 주말에도 저녁 여덟 시까지 문을 연다.",
        "담당자는 “누구나 편히 들르는 곳으로 만들겠다”고 말했다.",
    )
    words = {"bylines": ("표본 기자",), "published_at": factories.MORNING, **values}
    return factories.found(n, section=section, title=title, paragraphs=more, **words)


def stored(store: Store) -> list[Article]:
    """The sample stories in a Store, in reading order; the last one may not be passed on."""
    stories = [found(n, *words) for n, words in enumerate(STORIES, start=1)]
    stories.append(found(6, "문화", "빌려 온 글", "다른 신문의 글이다.", rights=Rights.NOT_FOR_PASSING_ON))
    before = factories.MORNING - timedelta(hours=3)
    store.store_articles(factories.SOURCE, stories, before, domain="garam.example", baseline=False)
    there = store.eligible(factories.EDITION, Cadence.DAILY, cut_off_at=factories.MORNING, since=before)
    return sorted(there, key=lambda a: a.identity)


def weather() -> Weather:
    measured = (
        ("서울", "108", "맑음", -8.4),
        ("부산", "159", "구름조금", 0.2),
        ("거제", "294", None, 0.8),
        ("울산", "152", "눈", -1.0),
    )
    stations = tuple(
        StationWeather(
            station=name,
            station_id=number,
            observation=Observation(
                station=name,
                station_id=number,
                condition=sky,
                temperature=degrees,
                observed_at=None,
                origin=Origin.KMA,
                attribution="기상청",
            ),
            forecast=Forecast(place=name, on=factories.ON, low=degrees - 3, high=degrees + 6, rain_chance=10)
            if name != "거제"
            else None,
        )
        for name, number, sky, degrees in measured
    )
    return Weather(stations=stations, attribution="기상청", observed_at=factories.MORNING)


def mail(n: int, words: str = "가람 아침") -> InboxMail:
    html = (
        '<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>가람 아침</title>'
        '<meta name="color-scheme" content="light dark"><style>:root{color-scheme:light dark}'
        "body{margin:0;background:#fffefb;color:#1c1b18;font-family:sans-serif}main{padding:28px}"
        "@media (prefers-color-scheme:dark){body{background:#1b1c1a;color:#eceae3}}</style></head>"
        f"<body><main><h1>{words}</h1><p>독자 {n}에게 간 표본 메일입니다.</p>"
        f"{'<p>한 문단입니다.</p>' * 6 * n}</main></body></html>"
    )
    head = ("From: a@garam.example", f"To: reader-{n}@example.com", f"Date: Tue, 20 Jan 2026 06:30:0{n} +0900")
    raw = "\r\n".join((*head, "", f"본문 {words}"))
    return InboxMail(
        address=f"reader-{n}@example.com",
        subject=f"[{words}] 나루군 옛 역, 도서관으로",
        html=html,
        text=words,
        raw=raw.encode(),
    )


@dataclass(frozen=True)
class Client:
    """Asks the application as a server would, without a socket; what fails inside is answered, not raised."""

    app: ASGIApp

    def request(self, method: str, path: str, **values: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://garam.example") as client:
                client.headers.pop("accept-encoding")
                return await client.request(method, path, **values)

        return asyncio.run(ask())

    def get(self, path: str, **values: Any) -> httpx.Response:
        return self.request("GET", path, **values)

    def head(self, path: str, **values: Any) -> httpx.Response:
        return self.request("HEAD", path, **values)

    def post(self, path: str, **values: Any) -> httpx.Response:
        return self.request("POST", path, **values)


@dataclass
class House:
    """The installation under test and its movable parts."""

    site: Site
    store: Store
    clock: FixedClock
    publisher: MemoryPublisher
    issue: Issue
    readers: list[Subscription]

    def client(self) -> Client:
        return Client(create_app(self.site))

    def token(self, reader: Subscription, purpose: links.Purpose = links.Purpose.UNSUBSCRIBE) -> str:
        return links.sign(links.Token(purpose=purpose, number=reader.id), self.site.keys)


def build(store: Store | None = None) -> House:
    store = store or MemoryStore()
    clock = FixedClock(NOW)
    publisher = MemoryPublisher(now=clock.now)
    store.register_editions((factories.EDITION, ENGLISH), factories.MORNING - timedelta(days=1))
    store.register_sources((factories.SOURCE,), factories.MORNING - timedelta(days=1))
    frozen = factories.frozen(*stored(store))
    issue = store.freeze(replace(frozen, content=replace(frozen.content, weather=weather())), {})
    chosen = ({"stations": ("서울",)}, {"sections": ("경제",), "stations": ("부산", "거제")}, {})
    readers = [factories.subscribe(store, n, **choices) for n, choices in enumerate(chosen, start=1)]  # type: ignore[arg-type]
    publisher.publish("feeds/daily/digest.rss", FEED, "application/rss+xml")
    publisher.changed["feeds/daily/digest.rss"] = datetime(2026, 1, 19, 21, 30, 5, 250_000, tzinfo=UTC)
    site = Site(
        ports=Ports(
            store=store,
            clock=clock,
            fetcher=MemoryFetcher(),
            mailer=MemoryMailer(),
            portal=MemoryPortal(),
            publisher=publisher,
            folders={},
            journals=MemoryJournals(),
        ),
        outlet=factories.OUTLET,
        editions=(factories.EDITION, ENGLISH),
        keys=factories.KEYS,
        templates=templates(),
        sources=(factories.SOURCE,),
        database="memory",
    )
    return House(site=site, store=store, clock=clock, publisher=publisher, issue=issue, readers=readers)


def with_sandbox(house: House) -> House:
    """The same with a mailbox, a sample Partner and a sample clock."""
    receipt = PartnerReceipt(
        received_at=NOW,
        key="msg_1",
        sequence=1,
        content_type="application/json",
        body='{"title": "나루군 옛 역"}',
        title="나루군 옛 역",
    )
    mails = [mail(1, "어제 소식"), mail(1), mail(2), mail(3)]
    house.site = replace(
        house.site,
        inbox=lambda: mails,
        receipts=lambda: [receipt],
        banner="표본 시계로 돌아갑니다. 2026년 1월 20일 06:00에 시작했습니다.",
    )
    return house


@pytest.fixture
def house() -> House:
    return build()


@pytest.fixture
def sandbox(house: House) -> House:
    return with_sandbox(house)
