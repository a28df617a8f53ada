"""One planted morning: what the papers, their pages and the weather service say, what must come out, and what never.

Truths are stated by whoever plants them, before anything is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syndication import dispatch
from syndication.adapters.memory import MemoryStore
from syndication.core.model import Issue, IssueState, Observation, Origin, Source, SourceKind, WeatherReading
from syndication.ports import Transient
from tests.story.paper import DAY, EDITION, GARAM, Paper, item, make_paper, rss, text_of

FEEDS = {name: f"https://{name}.example/feed.xml" for name in ("garam", "naru", "daon")}
WIDGET = "https://garam.example/paper.txt"
TEXT = "text/plain; charset=utf-8"
SOURCES = tuple(
    replace(GARAM, id=name, location=url, outlet=name, silent_after=timedelta(hours=60)) for name, url in FEEDS.items()
)
PAGE = Source(
    id="page",
    kind=SourceKind.PAGE,
    location=WIDGET,
    outlet="page",
    every=timedelta(hours=1),
    silent_after=timedelta(days=90),
    weather=True,
)


@dataclass
class Sky:
    """A weather service that answers as told, from a wall time on."""

    observations: tuple[Observation, ...] = ()
    answers_from: datetime | None = None  # None: never
    falls_silent: datetime | None = None  # until then it answers, but knows none of our stations
    now: Callable[[], datetime] = lambda: datetime.now(ZoneInfo("UTC"))
    id: str = "kma"
    fallback: bool = False
    most_calls: int | None = None
    calls: int = 0

    def next_check(self, now: datetime) -> datetime:
        return now + timedelta(minutes=1)

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        self.calls += 1
        if self.falls_silent is not None and self.now() < self.falls_silent:
            return WeatherReading(origin=Origin.KMA, source_id="kma", fetched_at=self.now())
        if self.answers_from is None or self.now() < self.answers_from:
            raise Transient("the service does not answer")
        return WeatherReading(origin=Origin.KMA, source_id="kma", fetched_at=self.now(), observations=self.observations)


@dataclass
class Morning:
    """What is planted, and the truth of it."""

    on: date
    number: int  # which of the two hundred
    zone: str = "Asia/Seoul"
    closed: dict[date, str] = field(default_factory=dict)
    before: dict[str, list[str]] = field(default_factory=dict)  # what feeds held the day before
    now: dict[str, list[str]] = field(default_factory=dict)
    later: dict[str, list[str]] = field(default_factory=dict)  # what they hold ten minutes before the cut-off
    dead: set[str] = field(default_factory=set)  # CMSs that answer nothing any more
    page_before: str | None = None
    page_now: str | None = None
    sky: Sky | None = None
    must: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    once: list[tuple[str, ...]] = field(default_factory=list)  # exactly one of each
    checks: list[Callable[[Morning, Issue, str], None]] = field(default_factory=list)

    def tell(self, feed: str, title: str, *paragraphs: str, number: int, more: str = "", when: str = "now") -> None:
        """Plant an item in a feed: `when` is before, now or later."""
        told = "".join(f"<p>{p}</p>" for p in paragraphs)
        where: dict[str, list[str]] = getattr(self, when)
        section = "사회" if number % 2 else "경제"
        where.setdefault(feed, []).append(item(title, told, section=section, number=number, more=more))

    def at(self, clock: str, on: date | None = None) -> datetime:
        return datetime.combine(on or self.on, time.fromisoformat(clock), ZoneInfo(self.zone))

    # --- lived through ---

    def live(self) -> tuple[Paper, Issue]:
        """The whole morning through the verbs; the Issue that came of it."""
        stations = ("서울", "부산", "거제") if self.sky or self.page_now else ()
        edition = replace(EDITION, zone=self.zone, closed=self.closed, stations=stations, days=tuple(range(7)))
        sources = [*SOURCES, *([PAGE] if self.page_now else [])]
        paper = make_paper(MemoryStore(), edition=edition, sources=sources, adopted=self.on - 5 * DAY)
        if self.sky is not None:
            self.sky.now = paper.clock.now
            paper = replace(
                paper,
                ports=replace(paper.ports, weather=(self.sky,)),
                setup=replace(paper.setup, weather_stations=stations),
            )
        paper.subscribe()
        self._days_before(paper)
        day = self._publishing_day(paper)
        self._morning(paper, day)
        issue = paper.issue_on(day)
        assert issue is not None
        assert issue.state is IssueState.FROZEN, issue.reason
        return paper, issue

    def _days_before(self, paper: Paper) -> None:
        """Each feed was read four days ago; yesterday's morning is lived through where something was planted for it."""
        self._serve(paper, {})
        self._go(paper, "06:00", self.on - 4 * DAY)
        paper.collect()
        if not self.before and self.page_before is None:
            return
        self._serve(paper, self.before, page=self.page_before, dead=self.dead)
        self._run(paper, self.on - DAY)

    def _publishing_day(self, paper: Paper) -> date:
        """The first open day from this one on; on those before it nobody may get anything."""
        day = self.on
        while day in self.closed:
            self._serve(paper, self.now, dead=self.dead)
            self._run(paper, day)
            assert paper.issue_on(day) is None, f"{day} is {self.closed[day]}"
            assert paper.mails_to(1) == []
            day += DAY
        return day

    def _morning(self, paper: Paper, day: date) -> None:
        self._serve(paper, self.now, page=self.page_now, dead=self.dead)
        self._run(paper, day, self.later)

    def _run(self, paper: Paper, day: date, later: dict[str, list[str]] | None = None) -> None:
        self._go(paper, "06:00", day)
        paper.collect()
        if later:
            self._serve(paper, {**self.now, **later}, page=self.page_now, dead=self.dead)
            self._go(paper, "06:10", day)
            paper.collect()
        for clock in ("06:20", "06:23", "06:25"):
            self._go(paper, clock, day)
            if clock == "06:23":
                paper.collect()
            paper.tick()
        self._go(paper, "06:30", day)
        paper.drain()
        dispatch.reclaim(paper.ports, paper.setup)

    def _go(self, paper: Paper, clock: str, on: date) -> None:
        paper.clock.at = self.at(clock, on)

    def _serve(
        self,
        paper: Paper,
        items: dict[str, list[str]],
        *,
        page: str | None = None,
        dead: set[str] | frozenset[str] = frozenset(),
    ) -> None:
        for name, url in FEEDS.items():
            answer = Transient("no answer") if name in dead else rss(*items.get(name, []))
            paper.serve(url, answer)
        paper.serve(WIDGET, page.encode() if page else Transient("no answer"), TEXT)

    # --- judged ---

    def judge(self) -> None:
        """Every truth holds, in the mail in both its forms and in the digest feed."""
        paper, issue = self.live()
        mail = paper.mails_to(1)[-1]
        digest = html.unescape(html.unescape(paper.publisher.files["feeds/daily/digest.rss"][0].decode()))
        latest = digest.partition("<item>")[2].partition("</item>")[0]
        told = {
            "text": text_of(mail),
            "html": html.unescape(re.sub(r"<[^>]+>", " ", text_of(mail, "html"))),
            "feed": re.sub(r"<[^>]+>", " ", latest),
        }
        for form, words in told.items():
            self._judge(form, f"{mail['Subject'] if form != 'feed' else ''} {' '.join(words.split())}")
        for check in self.checks:
            check(self, issue, " ".join(told["text"].split()))
        assert paper.balances_close(issue)

    def _judge(self, form: str, words: str) -> None:
        for truth in self.must:
            assert truth in words, f"{form} lacks {truth!r}"
        for falsehood in self.never:
            assert falsehood not in words, f"{form} says {falsehood!r}"
        for headlines in self.once:
            assert sum(headline in words for headline in headlines) == 1, f"{form}: not one of {headlines}"
