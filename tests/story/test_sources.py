"""Each kind of Source against a real server on loopback, from the first look to the Issue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import pytest

from syndication import assemble, ingest
from syndication.adapters.http import HttpFetcher
from syndication.core.health import FindingKind
from syndication.core.model import Article, Cadence, FirstPoll, ProposalKind, Source, SourceKind, SourceState
from syndication.core.timetable import slot
from syndication.ingest import Polled, Polling
from syndication.ports import Store
from syndication.watch import survey
from tests.contract.origin import Origin, origin
from tests.story.paper import EDITION, STORIES, TITLES, TUESDAY, Paper, at, item, make_paper, rss

HOUR = timedelta(hours=1)
MONDAY_NOON = at(TUESDAY - timedelta(days=1), "12:00")
KINDS = ("feed", "json-feed", "page-list", "page-list of a feed", "wordpress", "ghost", "arc")


class Desk:
    """A paper whose Sources stand on a real server."""

    def __init__(self, paper: Paper, site: Origin) -> None:
        self.paper = replace(paper, ports=replace(paper.ports, fetcher=fetcher()))
        self.site = site
        self.paper.clock.at = MONDAY_NOON

    @property
    def store(self) -> Store:
        return self.paper.ports.store

    def source(self, kind: SourceKind, path: str, **values: Any) -> Source:
        settings = {"every": HOUR, "first_poll": FirstPoll.TAKE, "loopback": True, **values}
        made = Source(id="desk", kind=kind, location=self.site.url + path, outlet="garam", **settings)
        self.store.register_sources([made], self.paper.clock.now())
        return made

    def poll(self, source: Source, key: str | None = None) -> Polled:
        """Look as soon as the Source is due."""
        self.paper.clock.at = max(self.paper.clock.at, self.state(source).next_check_at)
        return ingest.fetch(self.paper.ports, source, outlet_domain="garam.example", key=key)

    def state(self, source: Source) -> SourceState:
        return next(s for s in self.store.source_states() if s.source_id == source.id)

    def later(self, by: timedelta) -> None:
        self.paper.clock.move(by)

    def articles(self) -> dict[str, Article]:
        now = self.paper.clock.now() + timedelta(seconds=1)
        found = self.store.eligible(EDITION, Cadence.DAILY, cut_off_at=now, since=MONDAY_NOON - HOUR)
        return {article.content.title: article for article in found}

    def issue_titles(self) -> list[str]:
        """The headlines of Tuesday's digest."""
        edition = replace(EDITION, stations=())
        self.paper.clock.at = at(TUESDAY, "06:25")
        setup = replace(self.paper.setup, sources={})
        self.store.register_editions([edition], MONDAY_NOON)
        draft = assemble.compose(self.paper.ports, setup, edition, slot(edition, TUESDAY))
        return [item.article.content.title for item in draft.frozen.content.items]


def fetcher() -> HttpFetcher:
    return HttpFetcher(user_agent="test/1", timeout=timedelta(seconds=5), per_host_delay=timedelta(0))


@pytest.fixture
def desk(store: Store) -> Iterator[Desk]:
    with origin() as site:
        yield Desk(make_paper(store, edition=replace(EDITION, stations=()), partners=[]), site)


# --- what stands on the server ---------------------------------------------------------------


def page(number: int, text: str | None = None) -> bytes:
    """The page of a sample story as the common systems print it."""
    title = TITLES[number - 1]
    body = text or STORIES[title]
    return (
        "<html><head><meta charset='utf-8'>"
        f"<meta property='article:published_time' content='2026-01-19T10:0{number}:00+09:00'>"
        f"<meta property='og:title' content='{escape(title)}'><title>{escape(title)} - 가람일보 (표본)</title></head>"
        f"<body><h3 class='heading'>{escape(title)}</h3><article id='article-view-content-div'>"
        f"<p>{escape(body)}</p><p>{escape(body[::-1])} 이라고 한다.</p></article></body></html>"
    ).encode()


def listing(*numbers: int) -> bytes:
    entries = "".join(
        f"<li class='altlist-text-item'><h2><a href='/news/articleView.html?idxno={n}'>{escape(TITLES[n - 1])}</a></h2>"
        f"<p>{escape(STORIES[TITLES[n - 1]][:20])}..</p></li>"
        for n in numbers
    )
    more = "<a href='/news/articleList.html?page=2'>더보기</a><a href='https://other.example/news/1'>남의 기사</a>"
    return f"<html><head><meta charset='utf-8'></head><body><ul>{entries}</ul>{more}</body></html>".encode()


def serve_pages(site: Origin, *numbers: int) -> None:
    """All pages of articles; the number stands in the query, which the path alone does not tell."""
    pages = {n: page(n) for n in numbers}

    def answer(request: Any) -> None:
        number = int(request.path.rpartition("=")[2])
        if number in pages:
            request.send_response(200)
            request.send_header("Content-Type", "text/html; charset=utf-8")
            request.end_headers()
            request.wfile.write(pages[number])
        else:
            request.send_error(404)

    site.answers["/news/articleView.html"] = answer


def wordpress(*numbers: int) -> list[dict[str, Any]]:
    return [
        {
            "id": n,
            "status": "publish",
            "modified_gmt": f"2026-01-19T02:{n:02}:00",
            "date_gmt": "2026-01-19T01:00:00",
            "guid": {"rendered": f"https://garam.example/?p={n}"},
            "link": f"https://garam.example/2026/01/19/{n}/",
            "title": {"rendered": escape(TITLES[n - 1])},
            "content": {"rendered": f"<p>{escape(STORIES[TITLES[n - 1]])}</p>", "protected": False},
            "_embedded": {
                "author": [{"name": "가람 기자"}],
                "wp:term": [[{"taxonomy": "category", "name": "사회"}], [{"taxonomy": "post_tag", "name": "추위"}]],
                "wp:featuredmedia": [{"source_url": "https://garam.example/p.jpg", "alt_text": "다리"}],
            },
        }
        for n in numbers
    ]


def ghost(*numbers: int) -> dict[str, Any]:
    posts = [
        {
            "id": f"{n:024}",
            "title": TITLES[n - 1],
            "html": f"<p>{escape(STORIES[TITLES[n - 1]])}</p>",
            "url": f"https://garam.example/story-{n}/",
            "visibility": "public",
            "updated_at": f"2026-01-19T11:{n:02}:00.000+09:00",
            "published_at": "2026-01-19T10:00:00.000+09:00",
            "tags": [{"name": "사회", "visibility": "public"}],
            "authors": [{"name": "가람 기자"}],
        }
        for n in numbers
    ]
    return {"posts": posts, "meta": {"pagination": {"page": 1, "pages": 1, "next": None}}}


def arc(*numbers: int) -> dict[str, Any]:
    stories = [
        {
            "_id": f"STORY{n}",
            "type": "story",
            "headlines": {"basic": TITLES[n - 1]},
            "content_elements": [{"type": "text", "content": escape(STORIES[TITLES[n - 1]])}],
            "last_updated_date": f"2026-01-19T02:{n:02}:00.000Z",
            "first_publish_date": "2026-01-19T01:00:00Z",
            "canonical_url": f"/society/2026/01/19/story-{n}/",
            "taxonomy": {"primary_section": {"name": "사회"}},
            "credits": {"by": [{"name": "가람 기자"}]},
        }
        for n in numbers
    ]
    return {"type": "results", "content_elements": stories, "count": len(stories)}


def json_feed(*numbers: int) -> dict[str, Any]:
    items = [
        {"id": f"g-{n}", "title": TITLES[n - 1], "content_text": STORIES[TITLES[n - 1]], "tags": ["사회"]}
        for n in numbers
    ]
    return {"version": "https://jsonfeed.org/version/1.1", "title": "가람일보 (표본)", "items": items}


def stands(desk: Desk, kind: str, *numbers: int) -> Source:
    """A Source of a kind with these stories on the server."""
    site = desk.site
    links = "".join(item(TITLES[n - 1], number=n).replace("https://garam.example/news/", "LINK") for n in numbers)
    for n in numbers:
        links = links.replace(f"LINK{n}<", f"{site.url}/news/articleView.html?idxno={n}<")
    match kind:
        case "feed":
            site.says("/rss.xml", body=rss(*(item(TITLES[n - 1], number=n) for n in numbers)))
            return desk.source(SourceKind.FEED, "/rss.xml")
        case "json-feed":
            site.says("/feed.json", body=json.dumps(json_feed(*numbers)).encode())
            return desk.source(SourceKind.FEED, "/feed.json")
        case "page-list":
            site.says("/list", body=listing(*numbers), headers={"Content-Type": "text/html"})
            serve_pages(site, *numbers)
            return desk.source(SourceKind.PAGE_LIST, "/list")
        case "page-list of a feed":
            site.says("/rss.xml", body=rss(links))
            serve_pages(site, *numbers)
            return desk.source(SourceKind.PAGE_LIST, "/rss.xml")
        case "wordpress":
            site.says("/wp-json/wp/v2/posts", body=json.dumps(wordpress(*numbers)).encode())
            return desk.source(SourceKind.WORDPRESS, "")
        case "ghost":
            site.says("/ghost/api/content/posts/", body=json.dumps(ghost(*numbers)).encode())
            return desk.source(SourceKind.GHOST, "/")
        case _:
            site.says("/content/v4/search/published", body=json.dumps(arc(*numbers)).encode())
            return desk.source(SourceKind.ARC, "/", website="garam")


# --- every kind ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_story_of_every_kind_of_source_comes_into_the_issue_once(desk: Desk, kind: str) -> None:
    source = stands(desk, kind, 1, 2)
    first = desk.poll(source, key="secret")
    assert (first.result, first.new, first.set_aside) == (Polling.READ, 2, ())
    assert sum((first.known, first.revised, first.held)) == 0
    again = desk.poll(source, key="secret")
    assert (again.new, again.revised, again.held) == (0, 0, 0)
    stands(desk, kind, 1, 2, 3)
    assert desk.poll(source, key="secret").new == 1
    assert set(desk.issue_titles()) == set(TITLES[:3])
    for article in desk.articles().values():
        assert article.content.paragraphs
        assert article.content.title in STORIES


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_there_at_the_first_look_floods_nobody(desk: Desk, kind: str) -> None:
    source = replace(stands(desk, kind, 1, 2, 3), first_poll=FirstPoll.BASELINE)
    desk.poll(source, key="secret")
    assert desk.articles() == {}
    stands(desk, kind, 4, 1, 2, 3)
    assert desk.poll(source, key="secret").new == 1
    assert list(desk.articles()) == [TITLES[3]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_is_gone_for_good_ends_and_makes_the_morning_degraded(desk: Desk, kind: str) -> None:
    source = stands(desk, kind, 1)
    desk.poll(source, key="secret")
    for path in list(desk.site.answers):
        desk.site.says(path, status=410)
    assert desk.poll(source, key="secret").result is Polling.ENDED
    found = survey(desk.store, [], [source], desk.paper.clock.now()).findings
    assert [f.kind for f in found] == [FindingKind.SILENT]
    assert "410" in found[0].sentence
    assert "410" in ingest.troubled(desk.paper.ports, [source], desk.paper.clock.now())["desk"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"posts": 3}', b"\xff\xfe\x00", b"<html></html>", b"%PDF-1.7"]
)
def test_what_no_kind_can_read_is_a_failure_and_never_a_fall(desk: Desk, kind: str, body: bytes) -> None:
    source = stands(desk, kind, 1)
    for path in list(desk.site.answers):
        desk.site.says(path, body=body)
    polled = desk.poll(source, key="secret")
    assert polled.new == 0
    assert polled.result is Polling.FAILED or (kind == "wordpress" and body == b"[]")


@pytest.mark.parametrize("kind", ["wordpress", "ghost", "arc", "page-list"])
def test_retry_after_is_honoured_by_every_kind(desk: Desk, kind: str) -> None:
    source = stands(desk, kind, 1)
    for path in list(desk.site.answers):
        desk.site.says(path, status=429, headers={"Retry-After": "7200"})
    polled = desk.poll(source, key="secret")
    assert polled.next_check_at is not None
    assert polled.next_check_at - desk.paper.clock.now() >= 2 * HOUR


# --- lists -----------------------------------------------------------------------------------


def test_a_list_is_followed_to_the_whole_text_on_its_own_site_only(desk: Desk) -> None:
    source = stands(desk, "page-list", 1, 2)
    desk.poll(source)
    assert {path.partition("?")[0] for path, _ in desk.site.asked} == {"/list", "/news/articleView.html"}
    article = desk.articles()[TITLES[0]]
    assert len(article.content.paragraphs) == 2
    assert article.identity == "garam:no:1"
    assert article.content.published_at == datetime.fromisoformat("2026-01-19T10:01:00+09:00")


def test_a_list_longer_than_one_look_is_read_to_its_end_in_the_next_ones(desk: Desk) -> None:
    numbers = range(1, 71)
    links = "".join(f"<a href='/news/articleView.html?idxno={n}'>기사 {n}</a>" for n in numbers)
    desk.site.says("/list", body=f"<html>{links}</html>".encode(), headers={"ETag": '"1"'})

    def answer(request: Any) -> None:
        number = int(request.path.rpartition("=")[2])
        request.send_response(200)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.end_headers()
        request.wfile.write(page(1).replace(TITLES[0].encode(), f"기사 {number}".encode()))

    desk.site.answers["/news/articleView.html"] = answer
    source = desk.source(SourceKind.PAGE_LIST, "/list", watch=timedelta(0))
    assert [desk.poll(source).new for _ in range(4)] == [30, 30, 10, 0]
    asked = [path for path, _ in desk.site.asked if "idxno" in path]
    assert len(asked) == len(set(asked)) == 70


def test_a_changed_body_is_a_revision_and_an_unchanged_page_is_not_sent_again(desk: Desk) -> None:
    source = stands(desk, "page-list", 1)
    url = "/news/articleView.html"
    desk.site.says(url, body=page(1), headers={"ETag": '"1"', "Content-Type": "text/html"})
    desk.poll(source)
    desk.later(2 * HOUR)
    desk.poll(source)
    assert [headers.get("if-none-match") for path, headers in desk.site.asked if url in path] == [None, '"1"']
    desk.site.says(url, body=page(1, STORIES[TITLES[0]] + " 고친 문장이다."), headers={"Content-Type": "text/html"})
    desk.later(6 * HOUR)
    assert desk.poll(source).revised == 1
    assert desk.articles()[TITLES[0]].revision == 2


def test_an_article_that_is_gone_is_proposed_for_retraction_after_a_second_look(desk: Desk) -> None:
    source = stands(desk, "page-list", 1, 2, 3)
    desk.poll(source)
    serve_pages(desk.site, 2, 3)
    desk.later(2 * HOUR)
    desk.poll(source)
    assert desk.store.proposals() == []
    desk.later(2 * HOUR)
    desk.poll(source)
    (proposal,) = desk.store.proposals()
    assert (proposal.kind, proposal.title, proposal.reason) == (ProposalKind.RETRACT, TITLES[0], "HTTP 404: not found")
    assert TITLES[0] in desk.articles(), "nothing is taken back before somebody decided"
    found = survey(desk.store, [], [source], desk.paper.clock.now()).findings
    assert [f.kind for f in found] == [FindingKind.DECISION]
    serve_pages(desk.site, 1, 2, 3)
    desk.later(8 * HOUR)
    desk.poll(source)
    assert desk.store.proposals() == []


def test_a_page_that_says_410_is_proposed_at_once(desk: Desk) -> None:
    source = stands(desk, "page-list", 1)
    desk.poll(source)
    desk.site.says("/news/articleView.html", status=410)
    desk.later(2 * HOUR)
    desk.poll(source)
    assert [p.reason for p in desk.store.proposals()] == ["HTTP 410: gone"]


def test_a_site_that_loses_everything_at_once_takes_nothing_back(desk: Desk) -> None:
    source = stands(desk, "page-list", 1, 2, 3, 4)
    desk.poll(source)
    serve_pages(desk.site)
    for _ in range(4):
        desk.later(2 * HOUR)
        desk.poll(source)
    assert desk.store.proposals() == []


def test_a_page_that_no_longer_holds_its_article_is_proposed_too(desk: Desk) -> None:
    source = stands(desk, "page-list", 1)
    desk.poll(source)
    gone = "<html><script>alert('존재하지 않는 기사입니다.');history.back();</script></html>".encode()
    desk.site.says("/news/articleView.html", body=gone, headers={"Content-Type": "text/html; charset=utf-8"})
    for _ in range(2):
        desk.later(2 * HOUR)
        desk.poll(source)
    assert len(desk.store.proposals()) == 1


def test_another_story_at_the_same_address_is_held_for_the_editor(desk: Desk) -> None:
    source = stands(desk, "page-list", 1)
    long = " ".join(STORIES.values())
    desk.site.says("/news/articleView.html", body=page(1, long[:200]), headers={"Content-Type": "text/html"})
    desk.poll(source)
    other = (
        "나루군 사람들이 옛 나루터에 모여 물길을 다시 열자고 뜻을 모았다. 배는 봄에 뜨며 첫 배에는 아이들이 탄다. "
        "뱃사공 노릇은 은퇴한 어부 셋이 번갈아 맡고 품삯은 마을 기금에서 낸다. 건너편 주민들도 반긴다."
    )
    desk.site.says("/news/articleView.html", body=page(1, other), headers={"Content-Type": "text/html"})
    desk.later(2 * HOUR)
    assert desk.poll(source).held == 1
    assert desk.articles()[TITLES[0]].revision == 1
    assert [p.kind for p in desk.store.proposals()] == [ProposalKind.REWRITE]


def test_a_feed_whose_stories_are_watched_notices_one_that_is_gone(desk: Desk) -> None:
    desk.site.says("/rss.xml", body=rss(item(TITLES[0], number=1).replace("https://garam.example", desk.site.url)))
    desk.site.says("/news/1", body=page(1))
    source = desk.source(SourceKind.FEED, "/rss.xml", watch=timedelta(days=1))
    assert desk.poll(source).new == 1
    desk.site.says("/news/1", status=410)
    desk.later(2 * HOUR)
    polled = desk.poll(source)
    assert (polled.new, polled.revised) == (0, 0)
    assert [p.kind for p in desk.store.proposals()] == [ProposalKind.RETRACT]


def test_a_source_on_this_machine_leads_to_no_other_service_on_it(desk: Desk) -> None:
    with origin() as other:
        other.says("/news/1", body=page(1))
        desk.site.says("/rss.xml", body=rss(item(TITLES[0], number=1).replace("https://garam.example", other.url)))
        source = desk.source(SourceKind.FEED, "/rss.xml", watch=timedelta(days=1))
        assert desk.poll(source).new == 1
        desk.later(2 * HOUR)
        desk.poll(source)
        desk.site.says("/list", body=f"<html><a href='{other.url}/news/article.html?no=1'>기사</a></html>".encode())
        assert desk.poll(desk.source(SourceKind.PAGE_LIST, "/list")).result is Polling.FAILED
        assert other.asked == []


def test_a_list_without_a_link_that_could_be_an_article_says_what_to_do(desk: Desk) -> None:
    desk.site.says("/list", body="<html><a href='/soft/slug-words'>기사</a></html>".encode())
    polled = desk.poll(desk.source(SourceKind.PAGE_LIST, "/list"))
    assert polled.result is Polling.FAILED
    assert "links" in (polled.error or "")
    desk.site.says("/soft/slug-words", body=page(1), headers={"Content-Type": "text/html; charset=utf-8"})
    source = desk.source(SourceKind.PAGE_LIST, "/list", links="/soft/*")
    assert desk.poll(source).new == 1


# --- APIs ------------------------------------------------------------------------------------


def test_an_api_is_read_page_by_page_to_what_was_seen_before(desk: Desk) -> None:
    everything = list(range(1, 8))
    asked: list[int] = []

    def many(numbers: list[int]) -> list[dict[str, Any]]:
        posts = []
        for n in range(len(numbers) * 40):
            (post,) = wordpress(1 + n % 8)
            when = MONDAY_NOON - timedelta(minutes=n)
            post |= {"id": n, "guid": {"rendered": f"https://garam.example/?p={len(numbers)}-{n}"}}
            post |= {
                "title": {"rendered": f"기사 {len(numbers)}-{n}"},
                "modified_gmt": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            }
            posts.append(post)
        return posts

    def answer(request: Any) -> None:
        number = int(request.path.partition("&page=")[2].partition("&")[0])
        asked.append(number)
        request.send_response(200)
        request.end_headers()
        request.wfile.write(json.dumps(many(everything)[50 * (number - 1) : 50 * number]).encode())

    desk.site.answers["/wp-json/wp/v2/posts"] = answer
    source = desk.source(SourceKind.WORDPRESS, "")
    assert (desk.poll(source).new, asked) == (50, [1]), "what is older than the first page was there before"
    asked.clear()
    assert (desk.poll(source).new, asked) == (0, [1])


def test_a_walk_that_breaks_off_goes_on_where_it_was(desk: Desk) -> None:
    source = stands(desk, "wordpress", 1)
    desk.poll(source)
    seen = desk.state(source).cursor
    posts = [
        {
            **wordpress(1)[0],
            "guid": {"rendered": f"https://garam.example/?p={100 + n}"},
            "title": {"rendered": f"기사 {n}"},
        }
        | {"modified_gmt": f"2026-01-19T02:{59 - n // 3:02}:{n % 60:02}"}
        for n in range(120)
    ]
    failing = [3]

    def answer(request: Any) -> None:
        number = int(request.path.partition("&page=")[2].partition("&")[0])
        request.send_response(503 if number in failing else 200)
        request.end_headers()
        if number not in failing:
            request.wfile.write(json.dumps(posts[50 * (number - 1) : 50 * number]).encode())

    desk.site.answers["/wp-json/wp/v2/posts"] = answer
    assert desk.poll(source).new == 100
    assert desk.state(source).cursor not in (None, seen)
    failing.clear()
    assert desk.poll(source).new == 20
    assert desk.poll(source).new == 0


def test_the_key_of_an_api_goes_where_it_belongs_and_into_no_message(desk: Desk) -> None:
    for kind in ("ghost", "arc", "wordpress"):
        source = stands(desk, kind, 1)
        desk.store.register_sources([source], desk.paper.clock.now())
        desk.site.asked.clear()
        desk.poll(source, key="s3cret:word")
        path, headers = desk.site.asked[0]
        assert ("key=s3cret%3Aword" in path) is (kind == "ghost")
        assert headers.get("authorization", "-").startswith(
            {"ghost": "-", "arc": "Bearer s3c", "wordpress": "Basic "}[kind]
        )
        for answer in list(desk.site.answers):
            desk.site.says(answer, status=403)
        polled = desk.poll(source, key="s3cret:word")
        assert polled.result is Polling.FAILED
        assert "s3cret" not in repr(polled) + repr(desk.state(source))
