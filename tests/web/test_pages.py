"""The readers' pages: what is shown, what is not, and that nothing foreign gets in."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.links import article_anchor, issue_path
from syndication.core.model import ArticleContent, ArticleStatus, Image, IssueState, Outlet, Rights, Weather
from syndication.render.words import words
from syndication.settings.agreement import RESERVED_IDS
from syndication.web.look import look
from syndication.web.stories import body, glyph, image_sources, story, web_url
from syndication.web.views import cadence_of, is_out, issue_page, on_date, script_data
from syndication.web.words import negotiate
from tests import factories
from tests.web.conftest import NOW, STORIES, House, templates, weather, with_sandbox

KOREAN = words("ko", templates())
ISSUE = issue_path("daily", factories.ON)


class Reader(HTMLParser):
    """Collects ids, attributes and headings of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in attributes.items())]


def issue(house: House) -> httpx.Response:
    return house.client().get(ISSUE)


# --- the Issue page --------------------------------------------------------------------------


def test_the_issue_page_holds_date_weather_and_the_full_text_of_own_stories(house: House) -> None:
    page = issue(house).text
    assert "2026년 1월 20일 화요일" in page
    for _, title, first in STORIES:
        assert title in page
        assert first in page
    assert page.count("주말에도 저녁 여덟 시까지 문을 연다") == len(STORIES)


def test_a_story_that_may_not_be_passed_on_shows_its_summary_and_the_way_to_it(house: House) -> None:
    page = issue(house).text
    last = page[page.index('id="article-6"') :]
    assert "다른 신문의 글이다." in last
    assert "여덟 시" not in last
    assert 'href="https://garam.example/news/6"' in last


def test_weather_cells_show_what_is_known_and_say_what_is_not(house: House) -> None:
    page = issue(house).text
    for told in ("서울", "맑음", "-8.4", "구름조금", "0.2", "기상청 제공", "강수확률 10%"):
        assert told in page
    cells = re.split(r'<li class="cell">', page)
    geoje = next(c for c in cells if "거제" in c)
    assert "관측 없음" in geoje
    assert "0.8" in geoje
    assert 'class="sun"' not in geoje


def test_the_permanent_link_is_canonical_and_feeds_are_discovered_with_distinct_titles(house: House) -> None:
    page = Reader(issue(house).text)
    assert page.all("link", rel="canonical")[0]["href"] == "https://garam.example/daily/2026-01-20"
    feeds = page.all("link", rel="alternate")
    assert [f["type"] for f in feeds] == ["application/rss+xml", "application/atom+xml", "application/feed+json"] * 2
    assert [f["href"] for f in feeds][:2] == ["/feeds/daily/digest.rss", "/feeds/daily/digest.atom"]
    assert len({f["title"] for f in feeds}) == len(feeds)
    assert page.all("html")[0]["lang"] == "ko"


def test_every_story_has_the_anchor_that_links_elsewhere_name(house: House) -> None:
    page = Reader(issue(house).text)
    for item in house.issue.content.items:
        assert len(page.all("article", id=article_anchor(item.article.id))) == 1
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_a_story_without_a_date_shows_none(house: House) -> None:
    of = factories.article(1)
    shown = story(factories.item(of), factories.EDITION, factories.OUTLET, KOREAN)
    assert (shown.when, shown.when_iso) == (None, None)
    dated = replace(of, content=replace(of.content, published_on=date(2026, 1, 19)))
    assert story(factories.item(dated), factories.EDITION, factories.OUTLET, KOREAN).when == "1월 19일"


def test_a_withdrawn_story_shows_nothing_of_its_text() -> None:
    for status in (ArticleStatus.CANCELED, ArticleStatus.WITHHELD):
        shown = story(
            factories.item(replace(factories.article(1), status=status)), factories.EDITION, factories.OUTLET, KOREAN
        )
        assert (shown.gone, shown.body, shown.summary, shown.picture) == (True, None, "", None)


def test_an_issue_before_its_hour_is_not_shown_and_the_page_says_when_it_comes(house: House) -> None:
    house.clock.move(-timedelta(hours=2))
    got = issue(house)
    assert got.status_code == 404
    assert "1월 20일 06:00에 나옵니다" in got.text
    assert STORIES[0][1] not in got.text
    client = house.client()
    assert STORIES[0][1] not in client.get("/").text + client.get("/daily").text


@pytest.mark.parametrize("state", list(IssueState))
def test_only_frozen_and_closed_issues_are_out(house: House, state: IssueState) -> None:
    assert is_out(replace(house.issue, state=state), NOW) is (state in (IssueState.FROZEN, IssueState.CLOSED))


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/daily/2026-01-21",
        "/daily/20260120",
        "/daily/2026-1-20",
        "/daily/2026-02-30",
        "/daily/2026-01-20/daily",
        "/daily/2026-01-20/weekly",
        "/daily/2026-01-20/nonsense",
        "/daily/2026-01-20/weekly/more",
        "/%00",
        "/daily/%ff",
        "/inbox",
        "/inbox/mail/0",
        "/partner-receipts",
        "/assets/../../secret",
        "/assets/nothing.css",
        "/docs",
        "/openapi.json",
    ],
)
def test_what_is_not_there_is_a_helpful_404(house: House, path: str) -> None:
    got = house.client().get(path)
    assert got.status_code == 404
    assert got.headers["content-type"].startswith("text/html")
    assert 'href="/"' in got.text
    assert 'href="/daily"' in got.text


def test_the_date_of_a_permanent_link_has_one_spelling() -> None:
    assert on_date("2026-01-20") == factories.ON
    assert [on_date(t) for t in ("20260120", "2026-W04-2", "2026-1-20", "", "x")] == [None] * 5
    assert cadence_of("daily") is None
    assert str(cadence_of("weekly")) == "weekly"


# --- home and archive ------------------------------------------------------------------------


def test_home_shows_each_edition_with_its_latest_issue_and_its_feeds(house: House) -> None:
    page = house.client().get("/").text
    assert f'href="{ISSUE}"' in page
    assert STORIES[0][1] in page
    assert 'href="/daily"' in page
    assert 'href="/weekend"' in page
    assert Reader(page).all("link", rel="alternate")


def test_the_archive_lists_issues_by_month_newest_first(house: House) -> None:
    for days in (1, 30):
        on = factories.ON - timedelta(days=days)
        house.store.freeze(replace(factories.frozen(on=on), publish_at=NOW - timedelta(days=days)), {})
    page = house.client().get("/daily").text
    expected = ("2026년 1월<", "/2026-01-20", "/2026-01-19", "2025년 12월<", "/2025-12-21")
    places = [page.index(words) for words in expected]
    assert places == sorted(places)


def test_a_page_unchanged_is_304_and_every_method_but_reading_is_405(house: House) -> None:
    client = house.client()
    etag = client.get(ISSUE).headers["etag"]
    assert client.get(ISSUE, headers={"if-none-match": etag}).status_code == 304
    assert client.head(ISSUE).status_code == 200
    for method in ("POST", "DELETE", "PUT"):
        assert client.request(method, ISSUE).status_code == 405


def test_styles_are_kept_for_ever_only_under_the_address_that_names_their_bytes(house: House) -> None:
    client = house.client()
    sheet = Reader(client.get("/").text).all("link", rel="stylesheet")[0]["href"] or ""
    assert "immutable" in client.get(sheet).headers["cache-control"]
    assert "immutable" not in client.get("/assets/site.css").headers["cache-control"]
    assert "immutable" not in client.get("/assets/site.css?v=older").headers["cache-control"]


def test_no_edition_can_take_an_address_that_the_pages_use_themselves(house: House) -> None:
    areas = with_sandbox(house).client().app.app.routes
    paths = [route.path for area in areas for route in area.original_router.routes]  # type: ignore[attr-defined]
    own = {first for first in (path.split("/")[1] for path in paths) if re.fullmatch(r"[a-z0-9-]+", first)}
    assert own >= {"inbox", "partner-receipts", "u", "health", "metrics"}
    assert own <= RESERVED_IDS


# --- language --------------------------------------------------------------------------------


def test_an_edition_speaks_its_own_language_and_home_the_readers(house: House) -> None:
    client, english = house.client(), {"accept-language": "en-GB,en;q=0.9,ko;q=0.8"}
    assert '<html lang="ko">' in client.get("/daily", headers=english).text
    assert '<html lang="en">' in client.get("/weekend").text
    assert '<html lang="en">' in client.get("/", headers=english).text
    assert '<html lang="ko">' in client.get("/").text
    assert "Accept-Language" in client.get("/").headers["vary"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ko"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en-US,en;q=0.9", "en"),
        ("fr,en;q=0.3", "en"),
        ("fr,de", "ko"),
        ("en;q=0.5,ko;q=0.6", "ko"),
        ("en;q=0", "ko"),
        ("*", "ko"),
        (";;q=,,", "ko"),
        ("en;q=nonsense", "ko"),
    ],
)
def test_the_readers_language_is_the_best_of_ours(header: str, language: str) -> None:
    assert negotiate(header) == language


# --- nothing foreign gets in -----------------------------------------------------------------

NASTY = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'</script>&<!--"


def test_a_hostile_headline_is_text_everywhere(house: House) -> None:
    of = house.issue.content.items[0]
    content = replace(of.article.content, title=NASTY, section=NASTY, bylines=(NASTY,), paragraphs=(NASTY,), html=None)
    item = replace(
        of, article=replace(of.article, id=99, content=content), section=NASTY, summary=NASTY, link="javascript:x"
    )
    on = factories.ON - timedelta(days=1)
    frozen = factories.frozen(on=on)
    house.store.freeze(replace(frozen, content=replace(frozen.content, items=(item,))), {})
    client = house.client()
    for path in (issue_path("daily", on), "/daily", "/"):
        page = Reader(client.get(path).text)
        assert {a.get("type") for a in page.all("script")} <= {"application/ld+json"}
        assert page.all("img") == []
        assert [a for _, a in page.tags if any(name.startswith("on") for name in a)] == []


@given(st.recursive(st.text() | st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_script_data_cannot_leave_its_element_and_is_still_the_same_json(value: object) -> None:
    text = str(script_data(value))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_linked_data_is_json_with_the_stories(house: House) -> None:
    page = issue(house).text
    data = json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert [part["headline"] for part in data["hasPart"]][:5] == [title for _, title, _ in STORIES]


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>가</p><script>x</script>", "<p>가</p>"),
        ('<p onclick="x">가</p>', "<p>가</p>"),
        ("<h1>가</h1><h6>나</h6>", "<h4>가</h4><h4>나</h4>"),
        ('<p><img src="https://tracker.example/x.gif">가</p>', "<p>가</p>"),
        ('<p style="position:fixed">가</p><iframe src="x"></iframe>', "<p>가</p>"),
        ("<form><p>가</p><input></form>", "<p>가</p>"),
    ],
)
def test_an_articles_own_markup_is_cleaned_again_and_stays_below_the_pages_headings(html: str, shown: str) -> None:
    assert body(ArticleContent(title="x", html=html)) == shown


def test_a_link_in_an_article_that_runs_something_is_no_link() -> None:
    shown = str(body(ArticleContent(title="x", html='<a href="javascript:alert(1)">가</a>')))
    assert "javascript" not in shown
    assert "가" in shown


@given(st.text(max_size=60))
def test_paragraphs_come_out_as_they_went_in(text: str) -> None:
    class Text(HTMLParser):
        found = ""

        def handle_data(self, data: str) -> None:
            self.found += data

    parser = Text()
    parser.feed(str(body(ArticleContent(title="x", paragraphs=(text,))) or ""))
    parser.close()
    assert parser.found == text


@pytest.mark.parametrize("url", ["javascript:x", "data:x", "/path", "//host/x", "ftp://h/x", "http://[bad", "", None])
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert web_url(url) is None
    assert web_url("https://garam.example/news/1") == "https://garam.example/news/1"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://garam.example/a.jpg", True),
        ("https://img.garam.example/a.jpg", True),
        ("http://garam.example/a.jpg", False),
        ("https://notgaram.example/a.jpg", False),
        ("https://garam.example.evil.example/a.jpg", False),
        ("https://cdn.example/a.jpg", False),
        ("http://127.0.0.1:9/a.jpg", False),
    ],
)
def test_a_picture_is_shown_from_the_outlets_own_hosts_alone(url: str, shown: bool) -> None:
    item = factories.item(factories.article(1, images=(Image(url=url),)))
    assert (story(item, factories.EDITION, factories.OUTLET, KOREAN).picture is not None) is shown


def test_a_loopback_installation_may_show_loopback_pictures() -> None:
    here: Outlet = replace(factories.OUTLET, url="http://127.0.0.1:8000")
    item = factories.item(factories.article(1, images=(Image(url="http://127.0.0.1:8001/a.jpg"),)))
    assert story(item, factories.EDITION, here, KOREAN).picture is not None
    assert "http://127.0.0.1:*" in image_sources(here)
    assert "http://127.0.0.1:*" not in image_sources(factories.OUTLET)


@pytest.mark.parametrize(
    "path", ["/", "/daily", ISSUE, "/feeds/", "/feeds/daily/digest.rss", "/nope", "/u/x", "/health", "/metrics"]
)
def test_every_answer_has_a_strict_policy_without_third_parties(house: House, path: str) -> None:
    headers = house.client().get(path).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] in ("'none'", "'self'")
    assert policy["style-src"] == "'self'"
    assert policy["img-src"] in ("'self'", "'self' https://garam.example https://*.garam.example")
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers


# --- small laws ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sky", "name"),
    [
        ("맑음", "sunny"),
        ("구름조금", "partly"),
        ("구름많음", "mostly"),
        ("흐림", "cloudy"),
        ("비", "rain"),
        ("소나기", "rain"),
        ("눈", "snow"),
        ("비/눈", "sleet"),
        ("진눈깨비", "sleet"),
        ("천둥번개", "storm"),
        ("박무", "fog"),
        ("흐리고 비", "rain"),
        (None, "unknown"),
        ("", "unknown"),
        ("-", "unknown"),
        ("모름", "unknown"),
    ],
)
def test_a_sky_has_its_drawing_and_an_unknown_one_is_never_clear(sky: str | None, name: str) -> None:
    assert glyph(sky) == name


def test_without_weather_the_page_says_why(house: House) -> None:
    on = factories.ON - timedelta(days=1)
    frozen = factories.frozen(on=on)
    note = "오늘 날씨 정보를 받지 못해 싣지 않았습니다."
    house.store.freeze(replace(frozen, content=replace(frozen.content, weather=Weather(note=note))), {})
    assert note in house.client().get(issue_path("daily", on)).text


def test_values_taken_from_a_newspaper_page_are_labelled(house: House) -> None:
    on = factories.ON - timedelta(days=1)
    frozen = factories.frozen(on=on)
    printed = replace(weather(), last_resort=True, observed_at=None)
    stations = tuple(
        replace(s, observation=replace(s.observation, origin="widget")) for s in printed.stations if s.observation
    )
    content = replace(frozen.content, weather=replace(printed, stations=stations))
    house.store.freeze(replace(frozen, content=content), {})
    page = house.client().get(issue_path("daily", on)).text
    assert "신문 지면" in page
    assert "관측 시각 미상" in page


def test_rights_decide_alone_whether_the_full_text_is_shown() -> None:
    for rights in Rights:
        shown = story(factories.item(factories.article(1, rights=rights)), factories.EDITION, factories.OUTLET, KOREAN)
        assert (shown.body is None) is (rights is Rights.NOT_FOR_PASSING_ON)


def test_dates_read_in_both_languages() -> None:
    both = [words(language, templates()) for language in ("ko", "en")]
    at = datetime.fromisoformat("2026-01-19T20:10:00+00:00")
    assert [w.moment(at, "Asia/Seoul") for w in both] == ["1월 20일 05:10", "20 Jan 05:10"]
    assert [w.day(factories.ON) for w in both] == ["2026년 1월 20일 화요일", "Tuesday, 20 January 2026"]
    assert [w.month(factories.ON) for w in both] == ["2026년 1월", "January 2026"]


def test_half_a_character_in_an_article_stops_no_page(house: House) -> None:
    first = house.issue.content.items[0]
    broken = replace(first.article, content=replace(first.article.content, title="가람\ud800시"))
    page = issue_page(
        replace(house.issue, content=replace(house.issue.content, items=(replace(first, article=broken),))),
        factories.EDITION,
        house.site.outlet,
        words("ko", {}),
    )
    made = look(house.site).html("issue.html", words("ko", {}), page=page, feeds=())
    assert "가람\ufffd시" in made.encode().decode()
