"""A made-up local paper whose mornings are lived through by the verbs: ports in memory, the Store as asked for."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from html import escape
from zoneinfo import ZoneInfo

from syndication import assemble, bootstrap, dispatch, ingest, skies
from syndication.adapters.memory import FixedClock, MemoryFetcher, MemoryMailer, MemoryPortal, MemoryPublisher
from syndication.adapters.memory.journals import MemoryJournals
from syndication.core import links
from syndication.core.model import (
    Cadence,
    Channel,
    Choices,
    Consent,
    Delivery,
    Edition,
    FirstPoll,
    Issue,
    IssueState,
    Partner,
    Rights,
    Source,
    SourceKind,
    Subscription,
)
from syndication.ingest import Polled
from syndication.ports import Fetched, Ports, Setup, Store
from tests.factories import KEYS, OUTLET

SEOUL = ZoneInfo("Asia/Seoul")
DAY = timedelta(days=1)
TUESDAY = date(2026, 1, 20)
FEED = "https://garam.example/feed.xml"
PAGE = "https://garam.example/paper.txt"

STORIES = {
    "가람시, 한파 쉼터 밤에도 연다": "가람시는 추위가 이어지자 경로당 마흔 곳을 밤 열 시까지 연다고 밝혔다.",
    "중앙시장 새벽 장 서다": "상인회가 명절을 앞두고 과일과 나물을 새벽 다섯 시부터 판다고 알렸다.",
    "옛 역사가 도서관으로": "문 닫은 기차역을 고쳐 어린이 책 만 권을 갖춘 작은 도서관이 삼월에 선다.",
    "딸기 농가 공동 선별장": "나루군 농가 열두 곳이 비닐하우스 옆에 함께 쓸 포장 시설을 지었다.",
    "천문대 무료 관람": "겨울 별자리를 보려는 가족에게 망원경 여섯 대를 주말마다 빌려준다.",
    "다온면 첫차 앞당긴다": "학생 통학을 돕고자 농어촌 버스가 이십 분 일찍 종점을 떠난다.",
    "하천 산책로 조명 교체": "어둡던 둑길 가로등 삼백 개를 전기를 덜 쓰는 것으로 바꾸는 공사가 끝났다.",
    "청년 창업 지원금 접수": "올해 지원금은 한 사람에 천만 원까지이며 다음 달 말까지 누리집에서 받는다.",
}
TITLES = tuple(STORIES)
SECTIONS = ("사회", "경제", "문화", "경제", "문화", "사회", "행정", "행정")

EDITION = Edition(
    id="daily",
    title="가람 아침",
    hour=time(6, 30),
    sections=("사회", "경제", "행정", "문화"),
    stations=("서울", "부산"),
)
GARAM = Source(
    id="garam",
    kind=SourceKind.FEED,
    location=FEED,
    outlet="garam",
    every=timedelta(hours=1),
    silent_after=timedelta(hours=60),
    first_poll=FirstPoll.TAKE,
)
PAPER = Source(
    id="paper",
    kind=SourceKind.PAGE,
    location=PAGE,
    outlet="paper",
    every=timedelta(hours=1),
    silent_after=timedelta(hours=60),
    first_poll=FirstPoll.TAKE,
    weather=True,
)
PORTAL = Partner(
    id="portal",
    name="한빛포털 (표본)",
    url="https://portal.example/inbox",
    edition="daily",
    secret_names=("PORTAL_SECRET",),
    sections=("*",),
    rights=(Rights.OWN, Rights.LICENSED),
)


def at(on: date, clock: str) -> datetime:
    """The instant of a wall time in Seoul."""
    return datetime.combine(on, time.fromisoformat(clock), SEOUL)


def item(
    title: str, text: str | None = None, *, section: str = "사회", number: int | None = None, more: str = ""
) -> str:
    """One RSS item; the number in its guid is its identity."""
    where = number if number is not None else TITLES.index(title) + 1
    return (
        f"<item><title>{escape(title)}</title><guid isPermaLink='false'>garam-{where}</guid>"
        f"<link>https://garam.example/news/{where}</link><category>{escape(section)}</category>"
        f"<description>{escape(text or STORIES[title])}</description>{more}</item>"
    )


def story(number: int, *, more: str = "") -> str:
    """The item of the sample story of that number, counted from 1."""
    title = TITLES[number - 1]
    return item(title, section=SECTIONS[number - 1], number=number, more=more)


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>".encode()


@dataclass
class Paper:
    """A publisher: what it polls, who reads it, and a clock that moves when told."""

    ports: Ports
    setup: Setup
    clock: FixedClock
    site: MemoryFetcher
    mailer: MemoryMailer
    portal: MemoryPortal
    publisher: MemoryPublisher

    @property
    def store(self) -> Store:
        return self.ports.store

    @property
    def edition(self) -> Edition:
        return next(iter(self.setup.editions.values()))

    # --- the world outside ---

    def serve(self, url: str, body: bytes | Exception, content_type: str = "application/rss+xml") -> None:
        answer = body if isinstance(body, Exception) else Fetched(url=url, body=body, content_type=content_type)
        self.site.answers[url] = answer

    def subscribe(self, n: int = 1, *, language: str = "ko", **choices: object) -> Subscription:
        address = f"reader-{n}@example.com"
        return self.store.subscribe(
            address=address,
            key=links.address_key(address, KEYS),
            edition_id="daily",
            choices=Choices(**choices),  # type: ignore[arg-type]
            consent=Consent(at=at(date(2026, 1, 1), "12:00"), how="표본 신청서", text_version="sample-1"),
            language=language,
        )

    # --- a morning ---

    def go(self, on: date, clock: str) -> None:
        self.clock.at = at(on, clock)

    def collect(self) -> dict[str, Polled]:
        """Look at every Source, due by its rhythm or not."""
        now = self.clock.now()
        for state in self.store.source_states():
            if not state.ended:
                self.store.settle_source(replace(state, next_check_at=min(now, state.next_check_at)))
        due = ingest.due(self.ports, self.setup.sources.values())
        polled = {n: ingest.fetch(self.ports, self.setup.sources[n], outlet_domain="garam.example") for n in due}
        skies.fetch(self.ports, self.setup)
        return polled

    def tick(self) -> tuple[Issue, ...]:
        """What the beat does each minute for Issues."""
        issues = assemble.publish_due(self.ports, self.setup)
        self.fan_out()
        return issues

    def fan_out(self) -> None:
        for issue in self.store.open_issues():
            dispatch.fan_out(self.ports, self.setup, issue)

    def drain(self) -> dict[Channel, dict[str, int]]:
        return {c: dict(dispatch.drain(self.ports, self.setup, c, owner="test/1")) for c in Channel}

    def morning(self, on: date = TUESDAY) -> Issue | None:
        """Collect before the cut-off, freeze at it (once more after the weather's grace), send at the hour."""
        self.go(on, "06:00")
        self.collect()
        for clock in ("06:20", "06:25"):
            self.go(on, clock)
            self.tick()
        self.go(on, "06:30")
        self.drain()
        dispatch.reclaim(self.ports, self.setup)
        return self.issue_on(on)

    # --- what has come of it ---

    def issue_on(self, on: date) -> Issue | None:
        return self.store.issue_on("daily", Cadence.DAILY, on)

    def frozen_on(self, on: date = TUESDAY) -> Issue:
        issue = self.issue_on(on)
        assert issue is not None
        assert issue.state is IssueState.FROZEN, issue.reason
        return issue

    def mails_to(self, n: int) -> list[EmailMessage]:
        sent = (m.message for m in self.mailer.sent if m.recipient == f"reader-{n}@example.com")
        return [email.message_from_bytes(octets, policy=email.policy.default) for octets in sent]

    def delivery_of(self, reader: Subscription, on: date = TUESDAY) -> Delivery:
        found = self.store.deliveries(self.frozen_on(on).id, Channel.EMAIL)
        return next(d for d in found if d.subscription_id == reader.id)

    def balances_close(self, issue: Issue) -> bool:
        return all(self.store.balance(issue.id, channel).closes for channel in Channel)


def titles(issue: Issue) -> list[str]:
    return [item.article.content.title for item in issue.content.items]


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def make_paper(
    store: Store,
    *,
    edition: Edition = EDITION,
    sources: Sequence[Source] = (GARAM,),
    partners: Sequence[Partner] = (),
    adopted: date = date(2026, 1, 18),
    allowed: frozenset[str] | None = None,
) -> Paper:
    """A live publisher (a rehearsal with `allowed`) that has known its Edition since the evening of `adopted`."""
    clock = FixedClock(at=at(adopted, "20:00"))
    site, mailer, portal, publisher = MemoryFetcher(), MemoryMailer(), MemoryPortal(), MemoryPublisher()
    ports = Ports(
        store=store,
        clock=clock,
        fetcher=site,
        mailer=mailer,
        portal=portal,
        publisher=publisher,
        folders={},
        journals=MemoryJournals(),
    )
    setup = Setup(
        outlet=OUTLET,
        sources={s.id: s for s in sources},
        editions={edition.id: edition},
        partners={p.id: p for p in partners},
        partner_secrets={p.id: ("whsec_" + "A" * 32,) for p in partners},
        keys=KEYS,
        address_keys=KEYS,
        templates=bootstrap.templates(),
        allowed=allowed,
    )
    store.register_sources(sources, clock.now())
    store.register_editions([edition], clock.now())
    return Paper(ports=ports, setup=setup, clock=clock, site=site, mailer=mailer, portal=portal, publisher=publisher)
