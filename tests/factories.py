"""Values for tests: an outlet, Editions, Articles and readers of a made-up town, each a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from syndication.core import links
from syndication.core.ledger import Testimony
from syndication.core.model import (
    Article,
    ArticleContent,
    Cadence,
    Consent,
    Edition,
    Found,
    IssueContent,
    IssueItem,
    IssueState,
    Outcome,
    Outlet,
    Source,
    SourceKind,
    Subscription,
)
from syndication.core.model import Choices as ReaderChoices
from syndication.ports import Frozen, Settlement, Store

MORNING = datetime(2026, 1, 19, 21, 0, tzinfo=UTC)  # 2026-01-20 06:00 KST
ON = date(2026, 1, 20)

KEYS = links.Keys(current="k1", secrets={"k1": b"a throw-away secret for tests only"})

OUTLET = Outlet(
    name="가람일보 (표본)",
    domain="garam.example",
    url="https://garam.example",
    address="(표본) 가람시 중앙로 1",
    contact="desk@garam.example",
    sender_name="가람일보 아침",
    sender_address="morning@garam.example",
)

EDITION = Edition(id="daily", title="가람 아침", hour=time(6, 30), stations=("서울", "부산"), sections=("사회", "경제"))

SOURCE = Source(id="garam", kind=SourceKind.FEED, location="https://garam.example/feed.xml", outlet="garam")


def content(n: int = 1, *, section: str | None = "사회", **values: object) -> ArticleContent:
    words = {
        "title": f"가람시 표본 기사 {n}",
        "paragraphs": (f"가람시는 {n}번째 표본 소식을 전했다.", "자세한 내용은 시청에서 볼 수 있다."),
        "section": section,
        "url": f"https://garam.example/news/{n}",
        **values,
    }
    return ArticleContent(**words)  # type: ignore[arg-type]


def found(n: int = 1, **values: object) -> Found:
    return Found(identity=f"garam/{n}", content=content(n, **values))  # type: ignore[arg-type]


def article(n: int = 1, **values: object) -> Article:
    """An Article as if stored, for tests that need no Store."""
    return Article(
        id=n,
        uri=links.article_uri("garam.example", MORNING, n),
        source_id="garam",
        identity=f"garam/{n}",
        revision=1,
        content=content(n, **values),  # type: ignore[arg-type]
        content_hash=f"hash-{n}",
        first_seen_at=MORNING - timedelta(hours=3),
        revised_at=MORNING - timedelta(hours=3),
    )


def item(of: Article) -> IssueItem:
    return IssueItem(
        article=of,
        section=of.content.section or "종합",
        summary=of.content.paragraphs[0],
        link=of.content.url or "https://garam.example/daily/2026-01-20",
    )


def frozen(*articles: Article, on: date = ON, at: datetime = MORNING, state: IssueState = IssueState.FROZEN) -> Frozen:
    return Frozen(
        edition_id="daily",
        cadence=Cadence.DAILY,
        on=on,
        state=state,
        cut_off_at=at,
        publish_at=at,
        expires_at=at + timedelta(hours=12),
        frozen_at=at,
        content=IssueContent(items=tuple(item(a) for a in articles)),
    )


def stored(store: Store, *numbers: int, at: datetime = MORNING - timedelta(hours=3), **values: object) -> list[Article]:
    """Articles in a Store, as eligible for an Issue at MORNING."""
    store.store_articles(SOURCE, [found(n, **values) for n in numbers], at, domain="garam.example", baseline=False)
    return list(store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=at))


def subscribe(store: Store, n: int = 1, *, domain: str = "example.com", **choices: object) -> Subscription:
    address = f"reader-{n}@{domain}"
    return store.subscribe(
        address=address,
        key=links.address_key(address, KEYS),
        edition_id="daily",
        choices=ReaderChoices(**choices),  # type: ignore[arg-type]
        consent=Consent(at=MORNING - timedelta(days=3), how="sample", text_version="sample-1"),
        language="ko",
    )


def reclaim(store: Store, told: Mapping[int, Testimony] | None = None, now: datetime = MORNING) -> Mapping[str, int]:
    """Take back every lease that is over, or of which `told` says something; counts by new state."""
    counts = Counter({"waiting": 0, "uncertain": 0})
    for lease in store.leases():
        testimony = (told or {}).get(lease.id)
        if lease.over or testimony is not None:
            counts.update(store.take_back(lease.id, testimony, now))
    return counts


def settle(
    store: Store, lease_id: int, delivery_id: int, outcome: Outcome, now: datetime, *, next_at: datetime | None = None
) -> bool:
    """Settle one Delivery; whether it was."""
    settlement = Settlement(delivery_id=delivery_id, outcome=outcome, next_at=next_at)
    return delivery_id in store.settle(lease_id, [settlement], now)
