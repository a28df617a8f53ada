"""Newspaper pages as HTML: by the family of their markup, and as a browser would show them where it is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.core.model import ArticleContent, Reading
from syndication.core.pages import looks_like_markup, read_page

URL = "http://www.example.com/news/article.html?no=55"
TITLE = "가람시, 산책로 새 단장"
FIRST = "가람시는 나루천 산책로를 새로 꾸민다고 밝혔다."
SECOND = "공사는 오는 3월에 시작해 6월에 끝난다."

WIDGET = """<p class="today_txt">2026.02.17 (화)</p>
<div class="weather_box wt02"><ul class="weather_slide">
<li class="icon_w"><span class="iw01">맑음</span>동두천 -3.8℃</li>
<li class="icon_w"><span class="iw00">-</span>강릉 9.9℃</li>
<li class="icon_w"><span class="iw08">비</span>서울 5.0℃</li></ul>
<script>slide("맑음부산 1.0℃")</script><a href="http://www.kma.go.kr/">기상청 제공</a></div>"""
MENU = """<div id="header"><a href="#">검색창 열기</a><a href="/news/search.html">상세검색</a><ul>
<li><a href="/news/section_list_all.html?sec_no=1">정치</a></li><li><a href="/news/section_list_all.html?sec_no=2">경제
</a></li><li><a href="/news/section_list_all.html?sec_no=3">사회</a></li></ul></div>"""
LISTS = f"""<div class="recent_art"><h3>실시간뉴스</h3><ul><li>
<a href="/news/article.html?no=70">다온면 도로 개통</a></li></ul></div>
<div class="arl_054"><div class="tit_set"><div><h2><a href="/news/section_list_all.html?sec_no=2">경제</a></h2>
<a href="/news/section_list_all.html?sec_no=2"><span>더보기</span></a></div></div><ul>
<li class="art_box"><a href="/news/article.html?no=77"><h3 class="ofe">나루군 딸기 축제</h3>
<p class="ffd clamp">나루군이 오는 3월 딸기 축제를 연다고 밝혔다. 축제는 사흘</p></a></li>
<li class="art_box"><a href="/news/article.html?no=55"><b class="ofe">{TITLE}</b></a></li></ul></div>
<div class="time_list"><h3>2026-02-17_TUE</h3><ul><li><a href="/news/article.html?no=70">
<b class="ofe">다온면 도로 개통</b><span><i>01:34</i></span></a></li></ul></div>"""
FOOT = """<div id="footer"><p>제호 : 가람뉴스 등록번호 : 전북 아00000<br />Copyright @가람뉴스. All right reserved.</p>
<p><span>UPDATE</span>: 2026년 02월 17일 03시 47분</p></div><!-- MAKE FILE (2026-02-17 03:47:07) -->"""


def page(inside: str, *, og_title: str = TITLE, meta: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="ko"><head><meta charset="UTF-8"><meta property="og:type" content="article" />'
        f'<meta property="og:title" content="{og_title}" />{meta}<title>{og_title}</title></head><body>'
        f"{WIDGET}{MENU}<div id='container'>{inside}{LISTS}</div>{FOOT}</body></html>"
    )


def story(
    body: str, *, info: str = "<li>다온 기자 daon@example.com</li><li>등록 2026.02.16 18:20:11</li>", **more: str
) -> str:
    return page(
        f'<div class="path"><a href="/">홈</a> &gt; <a href="/s">사회</a></div><div class="art_top"><h2>{TITLE}</h2>'
        f'<h3>3월부터 석 달 공사</h3><ul class="art_info">{info}</ul></div><button>URL복사</button>'
        f'<div class="cnt_view"><div class="smartOutput" id="news_body_area">{body}</div></div>',
        **more,
    )


def read(html: str | bytes, url: str | None = URL, content_type: str = "text/html") -> Reading:
    body = html.encode() if isinstance(html, str) else html
    return read_page(body, url=url, content_type=content_type, outlet="garam")


def article(reading: Reading) -> ArticleContent:
    (found,) = reading.articles
    return found.content


# --- pages of a known family -----------------------------------------------------------------


def test_a_home_page_has_teasers_a_widget_and_a_date_but_no_article(samples: Path) -> None:
    body = (samples / "pages" / "mediaon-home-2018-03-24.html").read_bytes()
    reading = read(body, url="http://www.example.com/")
    assert reading.date_line is not None
    assert reading.date_line.isoformat() == "2018-03-24"
    assert reading.attribution == "기상청"
    assert [(o.station, o.condition, o.temperature) for o in reading.observations][:4] == [
        ("동두천", None, 3.8),
        ("강릉", None, 9.9),
        ("서울", "연무", 5.0),
        ("대전", "맑음", 3.7),
    ]
    assert len(reading.observations) == 16
    assert reading.articles == ()
    assert [(t.section, t.title, t.cut, t.url) for t in reading.teasers] == [
        (
            None,
            "가람금융 회장, ‘3연임’ 확정..노조 “조사 지켜볼 것”",
            False,
            "http://www.example.com/news/article.html?no=6243",
        ),
        (None, "[인사] 가람생명", False, "http://www.example.com/news/article.html?no=6235"),
        ("이슈·포커스", "가람식품, 와사비 넣은 새 빵 출시", True, "http://www.example.com/news/article.html?no=6241"),
    ]
    assert reading.teasers[2].text is not None
    assert reading.teasers[2].text.endswith("입안 가득 퍼지는 풍미로 사랑받을")


@pytest.mark.parametrize(
    "body",
    [
        f"<p>{FIRST}</p><p>&nbsp;</p><p>{SECOND}</p>",
        f"{FIRST}<br>{SECOND}",
        f"{FIRST}<br /><br />{SECOND}<br>",
        f"<div>{FIRST}</div><div><br></div><div>{SECOND}</div>",
        f"<p>{FIRST}</p><ul><li>맑음서울 3.0℃</li><li>비부산 3.0℃</li><li>눈대전 -3.0℃</li></ul><p>{SECOND}</p>",
        f"<p>{FIRST}</p><p>{SECOND}</p><p>저작권자 ⓒ 가람뉴스 무단전재 및 재배포 금지</p>",
        f"<p>{FIRST}</p><p>{SECOND}전북 가람시 나루로 12 | 대표전화 063-000-0000 | Copyright ⓒ 가람뉴스</p>",
        f"<p>{FIRST}</p><p>{SECOND}</p><p>관련기사</p><p><a href='/news/article.html?no=3'>나루군 딸기</a></p>",
        f"<figure><img src='/x.jpg'><figcaption>사진=가람시</figcaption></figure><p>{FIRST}</p><p>{SECOND}</p>",
        f"<p>{FIRST}</p><script>x='<p>y</p>'</script><style>p{{}}</style><p>{SECOND}</p><button>공유하기</button>",
        f"<p>[가람뉴스=다온 기자] {FIRST}</p><p>{SECOND}</p>",
        f"<p>{FIRST}</p><p>{SECOND} /다온기자 daon@</p>",
    ],
)
def test_the_body_area_holds_the_article_and_nothing_else(body: str) -> None:
    reading = read(story(body))
    content = article(reading)
    assert content.paragraphs == (FIRST, SECOND)
    assert (content.title, content.subtitle, content.section) == (TITLE, "3월부터 석 달 공사", "사회")
    assert content.url == URL
    assert "다온 기자" in content.bylines
    assert len(reading.observations) == 3
    assert [t.title for t in reading.teasers] == ["다온면 도로 개통", "나루군 딸기 축제"]


def test_verses_and_lists_keep_their_lines() -> None:
    assert article(read(story("강물이 언다<br>발자국이 언다<br><br>바람만<br>흐른다"))).paragraphs == (
        "강물이 언다\n발자국이 언다",
        "바람만\n흐른다",
    )
    assert article(read(story(f"{FIRST}<br>▲ 구간 3㎞<br>▲ 사업비 12억"))).paragraphs == (
        FIRST,
        "▲ 구간 3㎞",
        "▲ 사업비 12억",
    )


PUBLISHED = '<meta property="article:published_time" content="2026-02-15T09:00:00+09:00" />'
JSON_LD = (
    '<script type="application/ld+json">{"@graph": [{"@type": "WebPage", "datePublished": "2026-02-17"}, '
    '{"@type": "NewsArticle", "datePublished": "2026-02-14T08:00:00+09:00", "articleSection": "지역"}]}</script>'
)


@pytest.mark.parametrize(
    ("html", "published"),
    [
        (story(f"<p>{FIRST}</p>", meta=JSON_LD + PUBLISHED), "2026-02-14T08:00:00+09:00"),
        (story(f"<p>{FIRST}</p>", meta=PUBLISHED), "2026-02-15T09:00:00+09:00"),
        (story(f"<p>{FIRST}</p>"), "2026-02-16T18:20:11+09:00"),
        (story(f"<p>{FIRST}</p>", info="<li>승인 2026.02.16 18:20</li><li>댓글 0</li>"), "2026-02-16T18:20:00+09:00"),
        (story(f"<p>{FIRST}</p>", info=""), None),
    ],
    ids=["JSON-LD", "meta", "등록", "승인", "nothing but the page's dates"],
)
def test_the_articles_date_is_its_own_and_never_the_pages(html: str, published: str | None) -> None:
    at = article(read(html)).published_at
    assert (at and at.isoformat()) == published


def test_a_page_named_like_its_site_still_has_the_headline_above_its_body() -> None:
    assert article(read(story(f"<p>{FIRST}</p>", og_title="가람뉴스"))).title == TITLE


def test_a_body_without_text_is_no_article() -> None:
    reading = read(story(""))
    assert reading.articles == ()
    assert reading.warnings == ("the page's article has no text",)


def test_pictures_of_the_body_come_with_absolute_addresses() -> None:
    content = article(
        read(story(f'<img src="/data/x.jpg" alt="산책로"><img src="data:image/png;base64,AA"><p>{FIRST}</p>'))
    )
    assert [(i.url, i.alt) for i in content.images] == [("http://www.example.com/data/x.jpg", "산책로")]


def test_the_pages_of_the_other_family_are_read_alike() -> None:
    html = f"""<html><head><meta property="og:title" content="{TITLE}">
    <meta property="article:published_time" content="2026-02-10T10:00:00+09:00">
    <meta property="article:section" content="사회"></head><body>
    <h3 class="heading">{TITLE}</h3><h4 class="subheading">3월부터 공사</h4><ul class="infomation">
    <li>기자명 다온 기자</li><li>승인 2026.02.10 10:00</li><li>댓글 0</li></ul><div id="article-view-content-div">
    <p>{FIRST}</p><p>{SECOND}</p><p>저작권자 © 가람뉴스 무단전재 및 재배포 금지</p></div><ul>
    <li class="altlist-text-item"><h4><a href="/news/articleView.html?idxno=9">나루군 딸기</a></h4><p class="lead">
    <a href="/news/articleView.html?idxno=9">나루군이 딸기 축제를 연다고 ..</a></p></li></ul></body></html>"""
    reading = read(html, url="http://www.example.com/news/articleView.html?idxno=10")
    content = article(reading)
    assert (content.title, content.section, content.paragraphs) == (TITLE, "사회", (FIRST, SECOND))
    assert content.bylines == ("다온 기자",)
    assert [(t.title, t.text, t.cut) for t in reading.teasers] == [
        ("나루군 딸기", "나루군이 딸기 축제를 연다고 ..", True)
    ]


def test_an_article_has_one_identity_under_all_its_hosts() -> None:
    html = story(f"<p>{FIRST}</p>")
    other = read(html, url="https://m.example.com/mobile/article.html?no=55&sc_code=1")
    assert read(html).articles[0].identity == other.articles[0].identity


# --- pages of unknown families ---------------------------------------------------------------


def test_an_unknown_page_is_read_as_a_browser_shows_it() -> None:
    html = f"""<html><head><title>{TITLE} | 동네신문</title><meta property="og:title" content="{TITLE}"></head><body>
    <nav><ul><li><a href=/a>소개</a><li><a href=/b>알림</a></ul></nav><main><h1>{TITLE}</h1><p>입력 2026-02-10 10:00</p>
    <p>{FIRST}</p><p>{SECOND}</p></main><footer>Copyright 동네신문</footer></body></html>"""
    content = article(read(html, url="http://www.example.com/p/1"))
    assert (content.title, content.paragraphs) == (TITLE, (FIRST, SECOND))
    assert content.published_at is not None
    assert content.published_at.isoformat() == "2026-02-10T10:00:00+09:00"


def test_a_text_page_inside_markup_is_read_as_the_text() -> None:
    text = f"2026.02.17 (화)\n\n  • 맑음서울 3.0℃\n  • 비부산 1.0℃\n기상청 제공\n\n사회\n\n{TITLE}\n\n{FIRST}\n"
    reading = read(f"<html><body><pre>{text}</pre></body></html>", url=None)
    assert article(reading).title == TITLE
    assert len(reading.observations) == 2


def test_an_error_page_is_no_article() -> None:
    html = (
        "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The page is gone.</p></body></html>"
    )
    reading = read(html)
    assert (reading.articles, reading.teasers) == ((), ())
    assert len(reading.set_aside) == 1


# --- hostile markup --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "html",
    [
        "<html>" + "<div>" * 100_000,
        "<html>" + "<ul><li>" * 100_000,
        "<html>" + "<p><font a=1>" * 100_000,
        "<html>" + "<br>" * 1_000_000,
        '<html><script type="application/ld+json">' + "[" * 100_000 + "</script><div id='news_body_area'></div>",
        "<html><body>" + "<h2>가</h2>" * 100_000,
    ],
    ids=["div", "lists", "fonts", "breaks", "json", "headings"],
)
def test_hostile_markup_is_set_aside_and_breaks_nothing(html: str) -> None:
    reading = read(html)
    assert reading.articles == ()
    assert len(reading.set_aside) == 1


PIECES = st.sampled_from(
    [
        "<div>",
        "</div>",
        "<p>",
        "</p>",
        "<ul><li>",
        "</ul>",
        "<br>",
        "<h2>",
        "<a href='/news/article.html?no=1'>",
        "</a>",
        "<div id='news_body_area'>",
        "<b>",
        "<!--",
        "-->",
        "<pre>",
        "<table><tr><td>",
        "&nbsp;",
        "\xa0",
        FIRST,
        TITLE,
        "더보기",
        "사회",
        "<svg>",
        "<template>",
        "<select><option>",
        "\x00",
        "&#0;",
        "&#xD800;",
        "<base href='http://['>",
        "<a href='http://['>",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_markup_makes_the_reader_fail(html: str) -> None:
    reading = read(f"<html>{html}")
    assert len(reading.articles) <= 1
    for found in reading.articles:
        assert not any("<div" in p or "\x00" in p or p == "더보기" for p in found.content.paragraphs)


@pytest.mark.parametrize(
    ("text", "content_type", "markup"),
    [
        ("<!DOCTYPE html><html>", "", True),
        ("<p>가람시", "text/html", True),
        ("가람시 <속보> 도로 <br> 개통", "text/plain", False),
        ("<html><body>", "text/plain", True),
        ("가람시는 3 < 5라고 했다.", "", False),
    ],
)
def test_markup_is_told_from_text(text: str, content_type: str, markup: bool) -> None:
    assert looks_like_markup(text, content_type) is markup
