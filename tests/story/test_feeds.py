"""Feeds lived through: what appears where and when, is corrected, taken back and archived, and stays the same else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import feedparser
import pytest
from feedgen.entry import FeedEntry
from lxml import etree

from syndication import publish
from syndication.adapters.memory import MemoryPublisher
from syndication.core.model import Appear, ArticleStatus
from syndication.ports import Store, Transient
from syndication.publish.appear import of_article
from tests.story.paper import EDITION, FEED, TITLES, TUESDAY, Paper, at, item, make_paper, rss, story

WEDNESDAY = TUESDAY + timedelta(days=1)
EXTRA = "<category>가람시</category><category>예산</category>"


@pytest.fixture
def paper(store: Store) -> Paper:
    made = make_paper(store)
    made.serve(FEED, rss(story(1, more=EXTRA), story(2), story(3)))
    return made


def refresh(paper: Paper) -> int:
    return publish.refresh(paper.ports, paper.setup)


def read(paper: Paper, key: str, dialect: str = "rss") -> Any:
    body = paper.publisher.read(f"feeds/{key}.{dialect}")
    assert body is not None, f"no {key}.{dialect} among {sorted(paper.publisher.files)}"
    return json.loads(body) if dialect == "json" else feedparser.parse(body)


def titles(paper: Paper, key: str, dialect: str = "rss") -> list[str]:
    found = read(paper, key, dialect)
    return [entry["title"] for entry in (found["items"] if dialect == "json" else found.entries)]


def frozen(paper: Paper, on: date = TUESDAY, clock: str = "06:20") -> None:
    """Collect and freeze, ten minutes before the hour, and bring the feeds up to date."""
    paper.go(on, "06:00")
    paper.collect()
    for minute in (clock, "06:25"):
        paper.go(on, minute)
        paper.tick()
    refresh(paper)


# --- appearing -------------------------------------------------------------------------------


def test_articles_appear_when_their_issue_freezes_in_every_feed_they_belong_to_and_dialect(paper: Paper) -> None:
    paper.go(TUESDAY, "06:00")
    paper.collect()
    assert refresh(paper) == 0, "nothing is frozen yet"
    frozen(paper)
    issue = paper.frozen_on()
    order = [i.article.content.title for i in issue.content.items]
    for dialect in ("rss", "atom", "json"):
        assert titles(paper, "daily/articles", dialect) == order
        assert titles(paper, "outlet/garam/articles", dialect) == order
        assert titles(paper, "section/사회/articles", dialect) == [TITLES[0]]
        assert titles(paper, "tag/예산/articles", dialect) == [TITLES[0]]
    assert titles(paper, "section/경제/articles") == [TITLES[1]]


def test_the_digest_appears_at_the_hour_with_its_weather_as_values(paper: Paper) -> None:
    frozen(paper)
    assert titles(paper, "daily/digest") == []
    paper.go(TUESDAY, "06:30")
    assert refresh(paper) == 1
    assert titles(paper, "daily/digest") == ["가람 아침 2026년 1월 20일 화요일"]
    (told,) = read(paper, "daily/digest", "json")["items"]
    assert set(told["_weather"]) >= {"about", "stations", "note"}


def test_an_edition_that_waits_for_no_issue_shows_what_was_read_at_once(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, appear=Appear.AT_ONCE))
    paper.serve(FEED, rss(story(1), story(2)))
    paper.go(TUESDAY, "11:00")
    paper.collect()
    refresh(paper)
    assert set(titles(paper, "daily/articles")) == {TITLES[0], TITLES[1]}
    before = paper.publisher.read("feeds/daily/articles.atom")
    frozen(paper, WEDNESDAY)
    assert paper.publisher.read("feeds/daily/articles.atom") == before, "its Issue tells nothing new of it"


def test_an_article_under_embargo_appears_when_that_ends(paper: Paper) -> None:
    frozen(paper)
    article = paper.frozen_on().content.items[0].article
    held = replace(article, content=replace(article.content, embargo_until=at(TUESDAY, "06:30")))
    told = of_article(paper.setup, EDITION, held, at=at(TUESDAY, "06:20"))
    assert told.appears_at == at(TUESDAY, "06:30")
    later = of_article(paper.setup, EDITION, held, at=at(TUESDAY, "07:00"))
    assert later.appears_at == at(TUESDAY, "07:00")


def test_an_issue_that_is_held_waits_with_all_its_stories_until_it_goes_on(paper: Paper) -> None:
    paper.go(TUESDAY, "06:00")
    paper.collect()
    for minute in ("06:20", "06:25"):
        paper.go(TUESDAY, minute)
        paper.tick()
    issue = paper.frozen_on()
    paper.store.hold_issue(issue.id, "a wrong headline", paper.clock.now())
    paper.go(TUESDAY, "06:31")
    assert refresh(paper) == 0
    assert paper.publisher.read("feeds/daily/articles.rss") is None
    paper.store.resume_issue(issue.id, paper.clock.now())
    refresh(paper)
    assert len(titles(paper, "daily/articles")) == 3
    assert len(titles(paper, "daily/digest")) == 1


def test_an_issue_that_is_held_after_it_went_out_stays_in_its_feed(paper: Paper) -> None:
    paper.morning()
    assert len(titles(paper, "daily/digest")) == 1
    paper.store.hold_issue(paper.frozen_on().id, "a provider refuses", paper.clock.now())
    paper.serve(FEED, rss(story(4)))
    paper.morning(WEDNESDAY)
    assert len(titles(paper, "daily/digest")) == 2


def test_two_hundred_is_the_most_and_the_newest_come_first(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, appear=Appear.AT_ONCE))
    for hour, part in enumerate((range(120), range(120, 240))):
        paper.serve(FEED, rss(*(item(f"표본 {n}", "표본 소식을 전한다.", number=n) for n in part)))
        paper.go(TUESDAY, f"1{hour}:00")
        paper.collect()
    refresh(paper)
    shown = titles(paper, "daily/articles")
    assert len(shown) == 200
    assert shown[0] == "표본 120"
    assert "표본 79" in shown
    assert "표본 80" not in shown


# --- the same bytes --------------------------------------------------------------------------


def test_nothing_changes_without_reason(paper: Paper) -> None:
    paper.morning()
    refresh(paper)
    before = dict(paper.publisher.files)
    paper.clock.move(timedelta(hours=5))
    paper.collect()
    assert refresh(paper) == 0
    for recipient in publish.feed_recipients(paper.edition):
        publish.publish_feed(paper.ports, paper.setup, recipient, paper.frozen_on())
    assert paper.publisher.files == before


def test_a_new_story_touches_only_the_feeds_it_is_in(paper: Paper) -> None:
    frozen(paper)
    before = dict(paper.publisher.files)
    paper.serve(FEED, rss(story(4)))
    frozen(paper, WEDNESDAY)
    changed = {path for path, made in paper.publisher.files.items() if before.get(path) != made}
    feeds = {path.removeprefix("feeds/").rpartition(".")[0] for path in changed if path.startswith("feeds/")}
    assert {"daily/articles", "outlet/garam/articles", "section/경제/articles"} <= feeds
    assert "section/사회/articles" not in feeds
    assert "section/문화/articles" not in feeds


def test_an_unchanged_item_is_serialised_once_and_joined_from_then_on(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for dialect in ("rss", "atom"):
        entry = getattr(FeedEntry, f"{dialect}_entry")

        def counted(self: FeedEntry, extensions: bool = True, *, entry: Any = entry, dialect: str = dialect) -> Any:
            made.append(f"{dialect} {self.id()}")
            return entry(self, extensions)

        monkeypatch.setattr(FeedEntry, f"{dialect}_entry", counted)
    frozen(paper)
    assert len(made) == len(set(made)), "each item once, whatever the number of its feeds"
    first = set(made)
    paper.serve(FEED, rss(story(4)))
    made.clear()
    frozen(paper, WEDNESDAY)
    assert first.isdisjoint(made)
    assert len([one for one in made if "article/" in one]) == 2, "the new story, once in RSS and once in Atom"
    february = date(2026, 2, 3)
    paper.serve(FEED, rss(story(5)))
    made.clear()
    frozen(paper, february)
    assert paper.publisher.read("feeds/daily/articles/2026-01.rss") is not None
    assert len([one for one in made if "article/" in one]) == 2, "pages of the archive are joined of what is there"


# --- one bad article -------------------------------------------------------------------------


def test_an_article_that_cannot_be_rendered_is_quarantined_with_its_reason_and_every_feed_goes_out(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = FeedEntry.rss_entry

    def choking(self: FeedEntry, extensions: bool = True) -> Any:
        if self.title() == TITLES[1]:
            raise RuntimeError("no such luck")
        return entry(self, extensions)

    monkeypatch.setattr(FeedEntry, "rss_entry", choking)
    frozen(paper)
    assert TITLES[1] not in titles(paper, "daily/articles")
    assert len(titles(paper, "daily/articles")) == 2
    assert TITLES[1] in titles(paper, "daily/articles", "atom")
    assert titles(paper, "section/경제/articles") == []
    ((kind, kept),) = publish.quarantined(paper.ports, paper.setup)
    assert (kind, kept.reason) == ("article", "it cannot be rendered: no such luck")


class FullDisk(MemoryPublisher):
    """Refuses one path, as long as it is told to."""

    def __init__(self, full_for: str) -> None:
        super().__init__()
        self.full_for = full_for

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        if path == self.full_for:
            raise Transient("no space left")
        return super().publish(path, body, content_type, over=over, lasting=lasting)


def test_a_file_that_cannot_be_written_stops_no_other_and_comes_with_the_next_call(paper: Paper) -> None:
    disk = FullDisk("feeds/daily/articles.rss")
    full = replace(paper, ports=replace(paper.ports, publisher=disk), publisher=disk)
    frozen(full)
    assert "feeds/daily/articles.rss" not in disk.files
    assert {"feeds/daily/articles.atom", "feeds/section/사회/articles.rss", "feeds/all.opml"} <= disk.files.keys()
    disk.full_for = ""
    assert refresh(full) == 1
    assert len(titles(full, "daily/articles")) == 3


# --- revisions and retractions ---------------------------------------------------------------


def test_a_revision_is_shown_under_the_same_id_and_updated(paper: Paper) -> None:
    frozen(paper)
    (before,) = read(paper, "section/경제/articles", "atom").entries
    paper.serve(FEED, rss(item(TITLES[1], "고친 본문이다. 상인회가 새로 알렸다.", section="경제", number=2)))
    paper.go(TUESDAY, "09:00")
    paper.collect()
    refresh(paper)
    (after,) = read(paper, "section/경제/articles", "atom").entries
    assert after.id == before.id
    assert after.updated > before.updated
    assert "고친 본문이다." in after.content[0].value
    assert "고친 본문이다." in after.summary


def test_what_is_taken_back_is_a_stub_in_every_feed_gone_from_the_digest_and_a_tombstone(paper: Paper) -> None:
    frozen(paper)
    paper.go(TUESDAY, "06:30")
    refresh(paper)
    story_ = next(i.article for i in paper.frozen_on().content.items if i.article.content.title == TITLES[0])
    paper.go(TUESDAY, "08:00")
    assert paper.store.restate(
        story_.id, ArticleStatus.CANCELED, notice="사실과 달라 취소합니다.", at=paper.clock.now()
    )
    refresh(paper)
    for key in ("daily/articles", "outlet/garam/articles", "section/사회/articles", "tag/예산/articles"):
        for dialect in ("rss", "atom", "json"):
            assert titles(paper, key, dialect)[0] == f"[기사 취소] {TITLES[0]}"
    every = b"".join(body for body, _ in paper.publisher.files.values()).decode()
    assert "경로당" not in every, "no word of its text is left anywhere"
    assert "사실과 달라 취소합니다." in read(paper, "daily/digest").entries[0].content[0].value
    stones = etree.fromstring(paper.publisher.read("feeds/deleted.atom") or b"")
    (stone,) = stones.iter("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert stone.get("ref") == story_.uri
    assert stone.get("when") == "2026-01-19T23:00:00+00:00"
    links = [link.href for link in read(paper, "daily/articles", "atom").feed.links if link.rel == "related"]
    assert links == ["https://garam.example/feeds/deleted.atom"]


def test_what_is_released_again_is_there_with_a_later_update(paper: Paper) -> None:
    frozen(paper)
    before = next(e for e in read(paper, "daily/articles", "atom").entries if e.title == TITLES[0])
    story_ = next(i.article for i in paper.frozen_on().content.items if i.article.content.title == TITLES[0])
    for clock, status in (("08:00", ArticleStatus.WITHHELD), ("09:00", ArticleStatus.USABLE)):
        paper.go(TUESDAY, clock)
        paper.store.restate(story_.id, status, notice=None, at=paper.clock.now())
        refresh(paper)
        shown = next(e for e in read(paper, "daily/articles", "atom").entries if e.id == story_.uri)
        assert shown.updated > before.updated
    assert shown.title == TITLES[0]
    assert b"deleted-entry" not in (paper.publisher.read("feeds/deleted.atom") or b"")


# --- archives --------------------------------------------------------------------------------


def test_a_month_becomes_a_page_that_never_changes_and_the_feed_leads_to_it(paper: Paper) -> None:
    frozen(paper)
    february = date(2026, 2, 3)
    paper.serve(FEED, rss(story(4)))
    frozen(paper, february)
    paths = [f"feeds/daily/articles/2026-01.{dialect}" for dialect in ("rss", "atom", "json")]
    pages = {path: paper.publisher.read(path) for path in paths}
    assert all(pages.values())
    links = {link.rel: link.href for link in feedparser.parse(pages[paths[1]]).feed.links}
    base = "https://garam.example/feeds/daily/articles"
    assert links["current"] == f"{base}.atom"
    assert links["next-archive"] == f"{base}/2026-02.atom"
    assert b"fh:archive" in (pages[paths[0]] or b"")
    current = {link.rel: link.href for link in read(paper, "daily/articles", "atom").feed.links}
    assert current["prev-archive"] == f"{base}/2026-01.atom"
    assert read(paper, "daily/articles", "json")["next_url"] == f"{base}/2026-01.json"
    march = date(2026, 3, 3)
    paper.serve(FEED, rss(story(5), item(TITLES[0], "고친 본문이다.", number=1)))
    frozen(paper, march)
    assert {path: paper.publisher.read(path) for path in paths} == pages
    assert feedparser.parse(paper.publisher.read("feeds/daily/articles/2026-02.rss")).entries[0].title == TITLES[3]


def test_words_that_are_taken_back_leave_the_archive_too(paper: Paper) -> None:
    frozen(paper)
    paper.serve(FEED, rss(story(4)))
    frozen(paper, date(2026, 2, 3))
    story_ = next(i.article for i in paper.frozen_on().content.items if i.article.content.title == TITLES[0])
    paper.store.restate(story_.id, ArticleStatus.CANCELED, notice=None, at=paper.clock.now())
    refresh(paper)
    page = feedparser.parse(paper.publisher.read("feeds/daily/articles/2026-01.atom"))
    assert f"[기사 취소] {TITLES[0]}" in [e.title for e in page.entries]
    assert "경로당" not in (paper.publisher.read("feeds/daily/articles/2026-01.rss") or b"").decode()


def test_current_feed_and_archive_together_hold_every_article_once_it_appeared(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, appear=Appear.AT_ONCE))
    every = 0
    for day, count in ((20, 130), (23, 130), (27, 130), (33, 90), (40, 30)):
        on = date(2026, 1, 1) + timedelta(days=day - 1)
        part = range(every, every + count)
        paper.serve(FEED, rss(*(item(f"표본 {n}", "표본 소식을 전한다.", number=n) for n in part)))
        paper.go(on, "11:00")
        paper.collect()
        refresh(paper)
        every += count
        assert followed(paper) == {f"표본 {n}" for n in range(every)}
    assert paper.publisher.read("feeds/daily/articles/2026-01.rss") is not None
    assert paper.publisher.read("feeds/daily/articles/2026-01-2.rss") is not None


def followed(paper: Paper) -> set[str]:
    """Every title that a client finds which follows a feed back through its archive."""
    found: set[str] = set()
    path: str | None = "feeds/daily/articles.atom"
    while path is not None:
        body = paper.publisher.read(path)
        assert body is not None, path
        feed = feedparser.parse(body)
        found |= {entry.title for entry in feed.entries}
        before = [link.href for link in feed.feed.links if link.rel == "prev-archive"]
        path = before[0].removeprefix("https://garam.example/") if before else None
    return found


# --- lists -----------------------------------------------------------------------------------


def test_one_list_names_every_feed(paper: Paper) -> None:
    frozen(paper)
    outlines = etree.fromstring(paper.publisher.read("feeds/all.opml") or b"").iter("outline")
    named = {o.get("xmlUrl") for o in outlines if o.get("type") == "rss"}
    files = {path for path in paper.publisher.files if path.endswith(".rss")}
    assert len(named) == len(files)
    assert "https://garam.example/feeds/section/%EC%82%AC%ED%9A%8C/articles.rss" in named


def test_the_news_sitemap_names_stories_with_a_known_date_of_the_last_two_days(paper: Paper) -> None:
    dated = "<pubDate>Mon, 19 Jan 2026 18:00:00 +0900</pubDate>"
    paper.serve(FEED, rss(story(1, more=dated), story(2)))
    frozen(paper)
    maps = {path: body.decode() for path, (body, _) in paper.publisher.files.items() if "sitemap" in path}
    assert "https://garam.example/sitemap-news-2026-01-19-1.xml" in maps["sitemap-news.xml"]
    part = maps["sitemap-news-2026-01-19-1.xml"]
    assert "<loc>https://garam.example/news/1</loc>" in part
    assert "<news:publication_date>2026-01-19T18:00:00+09:00</news:publication_date>" in part
    assert "<news:name>가람일보 (표본)</news:name>" in part
    assert "/news/2" not in part, "its date is unknown, and it stands on another site"
    paper.go(TUESDAY + timedelta(days=4), "00:10")
    refresh(paper)
    assert "2026-01-19" not in (paper.publisher.read("sitemap-news.xml") or b"").decode()


def test_the_stylesheets_that_feeds_name_are_published_beside_them(paper: Paper) -> None:
    frozen(paper)
    assert b'href="../feed.xsl"' in (paper.publisher.read("feeds/daily/articles.rss") or b"")
    assert b'href="../feed.css"' in (paper.publisher.read("feeds/daily/articles.rss") or b"")
    assert paper.publisher.read("feeds/feed.xsl") == paper.setup.templates["feeds/feed.xsl"].encode()
    style = (paper.publisher.read("feeds/feed.css") or b"").decode()
    assert style.startswith(":root{color-scheme:light dark;")
    assert style.endswith(paper.setup.templates["feeds/feed.css"])


def test_housekeeping_drops_what_nobody_asks_for(paper: Paper) -> None:
    frozen(paper)
    assert publish.forget_items(paper.ports, paper.setup) == 0
    paper.clock.move(timedelta(days=200))
    assert publish.forget_items(paper.ports, paper.setup) == 9
