"""What goes into a feed: whole digests with their weather, single Articles as far as their rights go."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.catalogue import Feed, Page, Scope, edition_feed
from syndication.core.model import (
    Article,
    ArticleStatus,
    Cadence,
    Forecast,
    IssueState,
    Rights,
    StationWeather,
    Weather,
)
from syndication.render.feed_articles import article_item
from syndication.render.feed_digest import degrees, digest_items
from syndication.render.feed_heads import feed_head
from syndication.render.feed_items import (
    Category,
    Enclosure,
    FeedHead,
    FeedItem,
    Unfit,
    fit,
    instant,
    plain,
    public_uri,
)
from syndication.render.feed_pieces import pieces
from syndication.render.words import words as words_in
from tests.factories import MORNING, OUTLET, article
from tests.render.feed_samples import EDITION, PICTURE, SEEN, feed_item, issue, observed, restated, story
from tests.render.make import KOREAN, templates

# --- digests ---------------------------------------------------------------------------------


def digest(made: object, **edition: object) -> object:
    return digest_items([made], outlet=OUTLET, edition=replace(EDITION, **edition), say=KOREAN)[0]  # type: ignore[list-item, arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_temperature_that_is_no_number_is_not_told(value: float) -> None:
    forecast = Forecast(place="가람", on=date(2026, 1, 20), low=value, high=3.0)
    seen = StationWeather(
        station="가람", station_id="1", observation=observed("가람", "맑음", value), forecast=forecast
    )
    made = digest(issue(article(1), weather=Weather(stations=(seen,))))
    assert "<li>가람: 맑음, 기온 관측 없음; 최고 3℃</li>" in made.content_html


def test_a_digest_item_is_the_whole_issue_dated_by_its_hour() -> None:
    made = digest(
        issue(article(1, published_at=SEEN, bylines=("표본 기자",)), article(2, published_on=date(2026, 1, 19)))
    )
    assert made.id == "tag:garam.example,2026-01-20:issue/daily/daily"
    assert made.title == "가람 아침 2026년 1월 20일 화요일"
    assert made.url == "https://garam.example/daily/2026-01-20"
    assert made.published_at == made.updated_at == MORNING
    assert made.summary == "가람시 표본 기사 1 · 가람시 표본 기사 2"
    assert made.content_html == (
        "<h2>날씨</h2><ul><li>가람: 맑음, -11.0℃</li>"
        "<li>나루: 관측 없음, 0.8℃; 최저 -5℃, 최고 3.5℃, 오전 구름많음, 오후 비, 강수확률 60%</li></ul>"
        "<p><small>기상청 제공 · 관측 시각 미상 · 신문 지면에 실린 값</small></p>"
        '<h2>사회</h2><h3><a href="https://garam.example/news/1">가람시 표본 기사 1</a></h3>'
        "<p>가람시는 1번째 표본 소식을 전했다.</p><p><small>표본 기자 · 2026-01-20 05:10</small></p>"
        '<h3><a href="https://garam.example/news/2">가람시 표본 기사 2</a></h3>'
        "<p>가람시는 2번째 표본 소식을 전했다.</p><p><small>2026-01-19</small></p>"
    )


def test_an_english_editions_feeds_have_english_words_around_untouched_content() -> None:
    english, weekly = words_in("en", templates()), replace(EDITION, title="Garam Morning", language="en")
    told = replace(issue(article(1, bylines=("표본 기자",), robot=True)), cadence=Cadence.WEEKLY)
    (made,) = digest_items([told], outlet=OUTLET, edition=weekly, say=english)
    assert made.title == "Garam Morning Weekly Tuesday, 20 January 2026"
    assert made.content_html == (
        "<h2>Weather</h2><ul><li>가람: Clear, -11.0℃</li>"
        "<li>나루: No observation, 0.8℃; Low -5℃, High 3.5℃, AM Mostly cloudy, PM Rain, Rain 60%</li></ul>"
        "<p><small>Source: 기상청 · hour of observation unknown · from a newspaper page</small></p>"
        '<h2>사회</h2><h3><a href="https://garam.example/news/1">가람시 표본 기사 1</a></h3>'
        "<p>가람시는 1번째 표본 소식을 전했다.</p><p><small>Written automatically · 표본 기자</small></p>"
    )
    dated = story(article(1, published_on=date(2026, 1, 19)), language="en")
    item = article_item(dated, outlet=OUTLET, say=english)
    assert '<time datetime="2026-01-19">Monday, 19 January 2026</time>' in (item.content_html or "")
    for feed in (edition_feed("daily", "digest"), edition_feed("daily"), Feed(scope=Scope.OUTLET, term="garam")):
        made_head = feed_head(
            feed,
            "rss",
            outlet=replace(OUTLET, name="Garam Ilbo"),
            edition=weekly,
            language="en",
            updated_at=None,
            say=english,
        )
        assert not re.search("[가-힣]", made_head.title + made_head.description)


def test_an_undated_story_stands_without_a_date() -> None:
    assert "2026" not in digest(issue(article(1), weather=Weather())).content_html


def test_an_edition_whose_stations_are_not_there_shows_all_of_the_issue() -> None:
    html = digest(issue(article(1)), stations=("없는곳",)).content_html
    assert [name for name in ("가람", "나루", "다온") if f"<li>{name}:" in html] == ["가람", "나루", "다온"]


def test_a_morning_without_weather_says_why() -> None:
    assert "<p>기상청 응답 없음</p>" in digest(issue(article(1), weather=Weather(note="기상청 응답 없음"))).content_html
    assert "날씨를 싣지 못했습니다" in digest(issue(article(1), weather=Weather())).content_html


@pytest.mark.parametrize(
    ("hours_before", "words"),
    [(0, "06:00 관측"), (5, "01:00 관측"), (7, "2026-01-19 23:00 관측")],
)
def test_the_hour_of_the_weather_is_told_in_the_editions_zone(hours_before: int, words: str) -> None:
    at = MORNING - timedelta(hours=hours_before)
    station = StationWeather(station="가람", station_id="1", observation=observed("가람", "맑음", 1.0, at))
    html = digest(issue(article(1), weather=Weather(stations=(station,), observed_at=at))).content_html
    assert f"<p><small>기상청 제공 · {words}</small></p>" in html


def test_stations_of_different_hours_each_tell_their_own() -> None:
    stations = tuple(
        StationWeather(
            station=name, station_id=name, observation=observed(name, "맑음", 1.0, MORNING - timedelta(hours=n))
        )
        for n, name in enumerate(("가람", "나루"))
    )
    html = digest(issue(article(1), weather=Weather(stations=stations))).content_html
    assert "가람: 맑음, 1.0℃ (06:00 관측)" in html
    assert "나루: 맑음, 1.0℃ (05:00 관측)" in html
    assert "미상" not in html


def test_a_station_of_which_nothing_is_known_says_so() -> None:
    stations = (
        StationWeather(station="가람", station_id="1", observation=observed("가람", None, None)),
        StationWeather(station="나루", station_id="2"),
        StationWeather(station="다온", station_id="3", observation=observed("다온", "눈", None)),
    )
    html = digest(issue(article(1), weather=Weather(stations=stations)), stations=()).content_html
    assert "<li>가람: 관측 없음</li><li>나루: 관측 없음</li><li>다온: 눈, 기온 관측 없음</li>" in html


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(-11.0, 1, "-11.0℃"), (0.8, 1, "0.8℃"), (-0.04, 1, "0.0℃"), (-5.0, 0, "-5℃"), (3.5, 0, "3.5℃"), (-0.0, 0, "0℃")],
)
def test_degrees_are_never_minus_nought(value: float, digits: int, shown: str) -> None:
    assert degrees(value, digits) == shown


def test_one_story_beyond_rendering_costs_no_digest() -> None:
    odd = article(2, published_at=datetime.max.replace(tzinfo=UTC))
    made = digest(issue(article(1), odd, article(3)))
    assert "표본 기사 1" in made.content_html
    assert "표본 기사 3" in made.content_html
    assert "<h3><a href" in made.content_html.split("표본 기사 1")[1]
    assert made.content_html.count("<h3>") == 2


def test_giant_headlines_are_told_shortly_in_a_digest_so_that_it_can_go_out() -> None:
    giants = [article(n, title="가" * 200_000, bylines=("나" * 200_000,)) for n in range(5)]
    made = fit(digest(issue(*giants)))  # type: ignore[arg-type]
    assert made.content_html is not None
    assert len(made.content_html) < 20_000
    assert len(made.summary or "") < 3_000


def test_an_issue_beyond_rendering_says_why_and_costs_no_other() -> None:
    odd = issue(article(1), number=2, weather=None)  # type: ignore[arg-type]
    made = digest_items([issue(article(1)), odd], outlet=OUTLET, edition=EDITION, say=KOREAN)
    assert sorted(one.unmade is None for one in made) == [False, True]
    with pytest.raises(Unfit, match=r"cannot be rendered: .*stations"):
        fit(next(one for one in made if one.unmade is not None))


def test_marks_that_a_reader_is_owed_stand_by_the_story() -> None:
    html = digest(issue(article(1, sponsored=True), article(2, robot=True))).content_html
    assert "<small>광고</small>" in html
    assert "<small>자동 생성</small>" in html


def test_words_of_a_story_are_text_never_markup() -> None:
    html = digest(issue(article(1, title="<사설> A & B <script>x</script>"))).content_html
    assert "&lt;사설&gt; A &amp; B &lt;script&gt;" in html
    assert "<script>" not in html


def test_only_published_issues_are_items_newest_first() -> None:
    older, newer = issue(article(1), on=date(2026, 1, 19), number=1), issue(article(2), number=2)
    missed = replace(issue(number=3, on=date(2026, 1, 18)), state=IssueState.MISSED)
    items = digest_items([older, missed, newer], outlet=OUTLET, edition=EDITION, say=KOREAN)
    assert [made.url for made in items] == [f"https://garam.example/daily/2026-01-{day}" for day in (20, 19)]


def test_another_cadence_has_its_own_id_address_and_title() -> None:
    made = digest(replace(issue(article(1)), cadence=Cadence.WEEKLY))
    assert made.id.endswith("issue/daily/weekly")
    assert made.url.endswith("/2026-01-20/weekly")
    assert made.title == "가람 아침 주간 2026년 1월 20일 화요일"


def test_a_late_frozen_issue_is_never_updated_before_it_is_published() -> None:
    late = replace(issue(article(1)), frozen_at=MORNING + timedelta(minutes=3))
    assert digest(late).updated_at == MORNING + timedelta(minutes=3)
    assert digest(late).published_at == MORNING


# --- articles --------------------------------------------------------------------------------


def shown(of: Article, **values: object) -> FeedItem:
    return article_item(story(of, **values), outlet=OUTLET, say=KOREAN)


def test_an_own_article_goes_in_full_with_all_that_is_known_of_it() -> None:
    source = article(7, published_at=SEEN, bylines=("표본 기자",), region="가람시", tags=("예산",), images=(PICTURE,))
    made = shown(source)
    assert made.id == made.uri == source.uri
    assert made.title == "가람시 표본 기사 7"
    assert made.url == "https://garam.example/news/7"
    assert made.summary == "가람시는 7번째 표본 소식을 전했다."
    assert made.content_html == "<p>가람시는 7번째 표본 소식을 전했다.</p><p>자세한 내용은 시청에서 볼 수 있다.</p>"
    assert (made.published_at, made.updated_at) == (SEEN, source.revised_at)
    assert made.authors == ("표본 기자",)
    assert [c.term for c in made.categories] == ["사회", "가람시", "예산"]
    assert made.rights == "© 가람일보 (표본)"
    assert made.images == (PICTURE,)
    assert made.enclosure is not None


@pytest.mark.parametrize("values", [{"tags": None}, {"bylines": None}, {"title": 7}, {"images": (None,)}])
def test_an_article_beyond_rendering_is_quarantined_with_its_reason(values: dict[str, object]) -> None:
    (good, bad) = pieces([shown(article(1)), shown(article(2, **values))], "rss")
    assert good.reason is None
    assert (bad.reason or "").startswith("it cannot be rendered: ")


def test_an_adopted_id_is_the_items_id_and_its_own_uri_stays_beside_it() -> None:
    made = shown(article(7), uri="https://www.garam.example/news/articleView.html?idxno=7")
    assert made.id == "https://www.garam.example/news/articleView.html?idxno=7"
    assert made.uri == article(7).uri
    assert fit(made).uri == made.id, "it is a URI: Atom says the same"
    assert fit(replace(made, id="garam-7")).uri == article(7).uri


@pytest.mark.parametrize(("rights", "full"), [(Rights.OWN, 1), (Rights.LICENSED, 1), (Rights.NOT_FOR_PASSING_ON, 0)])
def test_full_text_and_pictures_go_only_as_far_as_the_rights(rights: Rights, full: int) -> None:
    made = shown(article(1, rights=rights, rights_holder="나루통신", images=(PICTURE,)))
    assert bool(made.content_html) == bool(made.images) == bool(made.enclosure) == bool(full)
    assert made.summary
    assert made.rights == "© 나루통신"


def test_a_bare_date_becomes_no_instant_but_stands_in_the_text() -> None:
    made = shown(article(1, published_on=date(2026, 1, 19)))
    assert made.published_at is None
    assert (made.content_html or "").endswith('<time datetime="2026-01-19">2026년 1월 19일 월요일</time></small></p>')


def test_stored_markup_is_taken_before_paragraphs_and_line_breaks_survive() -> None:
    marked = shown(article(1, html="<p>가 <b>나</b></p>"))
    lined = shown(article(1, paragraphs=("▲ 하나\n둘 <셋>",)))
    assert marked.content_html == "<p>가 <b>나</b></p>"
    assert lined.content_html == "<p>▲ 하나<br>둘 &lt;셋&gt;</p>"


def test_the_words_of_the_issue_go_before_those_cut_from_the_text() -> None:
    assert shown(article(1), summary="편집자가 고른 말.").summary == "편집자가 고른 말."
    assert shown(article(1, paragraphs=()), summary=None).summary is None


def test_a_canceled_article_leaves_a_stub_with_its_headline_and_the_reason_and_no_word_of_its_text() -> None:
    gone = replace(article(1, images=(PICTURE,), bylines=("표본 기자",)), status=ArticleStatus.CANCELED)
    later = MORNING + timedelta(hours=2)
    made = shown(gone, notice="사실과 달라 취소합니다. <데스크>", restated_at=later)
    assert made.id == gone.uri
    assert made.title == "[기사 취소] 가람시 표본 기사 1"
    assert made.content_html == "<p>사실과 달라 취소합니다. &lt;데스크&gt;</p>"
    assert made.updated_at == later
    assert (made.images, made.enclosure, made.authors) == ((), None, ())
    assert "표본 소식" not in repr(made)


def test_a_withheld_article_does_not_even_tell_its_headline() -> None:
    made = shown(replace(article(1), status=ArticleStatus.WITHHELD), restated_at=MORNING)
    assert (made.title, made.summary) == ("[기사 보류]", "이 기사는 보류되었습니다.")
    assert "표본 기사" not in repr(made)


def test_a_corrected_article_stays_and_is_updated_when_it_was_corrected() -> None:
    made = shown(replace(article(1), status=ArticleStatus.CORRECTED), restated_at=MORNING)
    assert (made.title, made.updated_at) == ("가람시 표본 기사 1", MORNING)


def test_a_story_taken_back_since_is_gone_from_its_digest_too() -> None:
    told = issue(article(1), article(2))
    gone = {1: restated(article(1), notice="사실과 다릅니다.")}
    (made,) = digest_items([told], outlet=OUTLET, edition=EDITION, say=KOREAN, restated=gone)
    assert made.summary == "가람시 표본 기사 2"
    assert "<h3>[기사 취소] 가람시 표본 기사 1</h3><p>사실과 다릅니다.</p>" in (made.content_html or "")
    assert "1번째 표본 소식" not in (made.content_html or "")
    assert made.updated_at == gone[1].at


def test_a_story_released_again_stands_in_its_digest_and_the_digest_is_updated() -> None:
    back = {1: restated(article(1), status=ArticleStatus.USABLE)}
    (made,) = digest_items([issue(article(1))], outlet=OUTLET, edition=EDITION, say=KOREAN, restated=back)
    assert "1번째 표본 소식" in (made.content_html or "")
    assert made.updated_at == back[1].at


# --- heads -----------------------------------------------------------------------------------


def head(feed: Feed, dialect: str = "rss", **values: object) -> FeedHead:
    told: dict[str, object] = {"edition": None, "language": "ko", "updated_at": SEEN, "say": KOREAN, **values}
    return feed_head(feed, dialect, outlet=OUTLET, **told)  # type: ignore[arg-type]


def test_a_feed_has_one_id_and_an_address_for_each_dialect() -> None:
    society = Feed(scope=Scope.SECTION, term="사회")
    heads = [head(society, dialect) for dialect in ("rss", "atom", "json")]
    assert {h.id for h in heads} == {"tag:garam.example,2026:feed/section/%EC%82%AC%ED%9A%8C/articles"}
    assert heads[1].self_url == "https://garam.example/feeds/section/%EC%82%AC%ED%9A%8C/articles.atom"
    assert heads[0].stylesheet == "../../feed.xsl"


def test_the_feeds_of_an_edition_keep_the_addresses_and_ids_they_always_had() -> None:
    made = head(edition_feed("daily"), "atom", edition=EDITION)
    assert made.self_url == "https://garam.example/feeds/daily/articles.atom"
    assert made.id == "tag:garam.example,2026:feed/daily/articles"
    assert made.stylesheet == "../feed.xsl"


def test_every_feed_has_a_title_of_its_own() -> None:
    scopes = [Feed(scope=scope, term="가람") for scope in Scope if scope is not Scope.EDITION]
    feeds = [edition_feed("daily"), edition_feed("daily", "digest"), *scopes, Feed(scope=Scope.OUTLET, term="naru")]
    titles = [head(feed, edition=EDITION if feed.scope is Scope.EDITION else None).title for feed in feeds]
    assert len(set(titles)) == len(feeds)


def test_a_page_of_the_archive_names_its_neighbours_and_the_feed_it_belongs_to() -> None:
    page = Page(
        key="daily/articles",
        name="2026-01",
        before="2025-12",
        after="2026-02",
        first_at=SEEN,
        first_number=1,
        last_at=SEEN,
        last_number=2,
        closed_at=SEEN,
    )
    made = head(edition_feed("daily"), "atom", page=page)
    base = "https://garam.example/feeds/daily/articles"
    assert made.archived
    assert made.self_url == f"{base}/2026-01.atom"
    assert (made.prev_url, made.next_url, made.current_url) == (
        f"{base}/2025-12.atom",
        f"{base}/2026-02.atom",
        f"{base}.atom",
    )
    assert head(edition_feed("daily"), archive="2026-01").prev_url == f"{base}/2026-01.rss"


# --- fit to be published ---------------------------------------------------------------------


def test_every_field_is_cleaned_on_its_own() -> None:
    made = fit(
        feed_item(
            title="  제목\x0b\ud800 \ufffe둘 \n셋\x9f",
            summary="요\x00약",
            content_html="<p>본\x0c문\uffff\ud83d\r\n둘</p>",
            authors=("기\x08자", " ", "기자"),
            categories=(Category(term="사\x1f회"), Category(term="사회"), Category(term="\x00")),
            rights="\x07",
        )
    )
    assert (made.title, made.summary, made.content_html) == ("제목 둘 셋", "요약", "<p>본문\n둘</p>")
    assert (made.authors, made.rights) == (("기자",), None)
    assert made.categories == (Category(term="사회"),)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": "\x0b \ud800"}, "no title"),
        ({"id": "12"}, "not a URI"),
        ({"id": "tag:a,2026: b"}, "not a URI"),
        ({"id": " a "}, "gives back"),
        ({"id": ""}, "gives back"),
        ({"url": "javascript:alert(1)"}, "not an absolute"),
        ({"url": "/news/1"}, "not an absolute"),
        ({"url": "https://user:secret@garam.example/"}, "not an absolute"),
        ({"updated_at": SEEN.replace(tzinfo=None)}, "no zone"),
        ({"published_at": SEEN.replace(tzinfo=None)}, "no zone"),
        ({"content_html": "가" * 300_001}, "longer than"),
    ],
)
def test_what_cannot_be_published_says_why(values: dict[str, object], words: str) -> None:
    with pytest.raises(Unfit, match=words):
        fit(feed_item(**values))


def test_a_picture_without_a_public_address_is_dropped_and_its_story_stays() -> None:
    bad = replace(PICTURE, url="data:image/png;base64,AAAA", width=-3)
    made = fit(feed_item(images=(bad, replace(PICTURE, width=0))))
    assert [image.url for image in made.images] == ["https://img.garam.example/%EC%82%AC%EC%A7%84/1.JPG"]
    assert made.images[0].width is None


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("https://garam.example/news/1?a=b&c=d#e", "https://garam.example/news/1?a=b&c=d#e"),
        ("https://가람.example/기사/1", "https://xn--o39a02t.example/%EA%B8%B0%EC%82%AC/1"),
        ("HTTPS://Garam.Example/a b", "https://garam.example/a%20b"),
        ("https://garam.example/100%", "https://garam.example/100%25"),
        ("https://garam.example/?a=1&amp;amp;b=2", "https://garam.example/?a=1&b=2"),
        ("https://garam.example/%EA%B0%80", "https://garam.example/%EA%B0%80"),
        ("https://[2001:4860::1]:8080/x", None),
        ('https://garam.example/"<>', "https://garam.example/%22%3C%3E"),
        ("ftp://garam.example/", None),
        ("https://", None),
        ("https://garam.example:99999/", None),
        ("https://[::1", None),
        ("", None),
    ],
)
def test_addresses_become_ascii_uris(url: str, uri: str | None) -> None:
    assert public_uri(url) == uri


@given(st.text(max_size=40))
def test_any_text_becomes_a_stable_ascii_uri_or_none(text: str) -> None:
    for url in (text, "https://garam.example/" + text, "https://" + text):
        made = public_uri(url)
        assert made is None or (made.isascii() and " " not in made and public_uri(made) == made)


def test_instants_are_told_to_the_second() -> None:
    assert instant(SEEN).microsecond == 0


@pytest.mark.parametrize(
    "title", ["가 < 나 & 다", "<사설> 가람", "<b>굵게", "S&P500", "AT&T", "R&D", "a</ b", "& amp;"]
)
def test_plain_titles_stay_as_they_are(title: str) -> None:
    assert plain(title) == title


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("<a href=x>y</a>", "<a href=x>y＜/a>"),
        ("</B>", "＜/B>"),
        ("&#x1F600;", "＆#x1F600;"),
        ("<사설> &lt;", "<사설> ＆lt;"),
        ("A &copy; B", "A ＆copy; B"),
        ("Ã©tÃ© Â© 2026", "été © 2026"),
        ("가\ufffd람", "가람"),
    ],
)
def test_what_readers_would_take_for_markup_stands_in_its_wide_form(title: str, made: str) -> None:
    assert plain(title) == made


@given(st.text(max_size=40))
def test_words_made_plain_stay_as_they_are(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("html", "made"),
    [
        ("<p onclick='x()'>가</p><script>나</script>", "<p>가</p>"),
        ("<style>p{}</style><p style='color:red'>가</p>", "<p>가</p>"),
        ("<form action=/x><input name=a>가</form>", "가"),
        ('<a href="javascript:x()">가</a>', '<a rel="noopener noreferrer">가</a>'),
        ('<a href="/news/1">가</a>', '<a rel="noopener noreferrer">가</a>'),
        ('<img src="a.jpg"><img src="https://garam.example/a.jpg" alt="나">', None),
        ("<iframe src='https://a.example/'></iframe>가", "가"),
    ],
)
def test_no_script_style_form_or_relative_address_goes_out(html: str, made: str | None) -> None:
    content = fit(feed_item(content_html=html)).content_html or ""
    assert content == (made or '<img src="https://garam.example/a.jpg" alt="나">')


@pytest.mark.parametrize(
    ("published", "told"),
    [
        (datetime(1989, 12, 31, tzinfo=UTC), False),
        (datetime(1990, 1, 2, tzinfo=UTC), True),
        (SEEN + timedelta(minutes=9), True),
        (SEEN + timedelta(minutes=11), False),
    ],
)
def test_a_date_that_cannot_be_is_unknown(published: datetime, told: bool) -> None:
    assert (fit(feed_item(published_at=published)).published_at is not None) == told


def test_a_date_may_lie_behind_the_revision_when_the_story_appeared_later() -> None:
    published = SEEN + timedelta(hours=1)
    assert fit(feed_item(published_at=published, appeared_at=published)).published_at is not None


def test_an_item_without_any_text_says_its_title() -> None:
    assert fit(feed_item(summary=None, content_html="<script>x</script>")).summary == "표본 기사 1"


@pytest.mark.parametrize("url", ["https://img/1.jpg", "https://my_img.example/1.jpg", "https://img.example"])
def test_an_enclosure_on_a_host_that_is_no_public_name_is_left_out(url: str) -> None:
    assert fit(feed_item(enclosure=Enclosure(url=url, type="image/jpeg"))).enclosure is None
