"""Upstream feeds, addresses, identities and dropped files: every shape that newspapers' systems really write."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.core.identity import article_number, clean_link
from syndication.core.model import ArticleContent, Found, Reading
from syndication.core.sources import canonical_url, content_hash, identity, read_dropped, read_feed, read_input

URL = "https://www.news.example/rss/allArticle.xml"
KST = timedelta(hours=9)


def rss(items: str, *, declared: str = "utf-8", before: str = "", root: str = "") -> str:
    prolog = f'{before}<?xml version="1.0" encoding="{declared}"?>\n'
    return f'{prolog}<rss version="2.0"{root}><channel><title>견본</title>{items}</channel></rss>'


def item(title: str = "제목", **parts: str) -> str:
    inner = "".join(f"<{name.replace('_', ':')}>{text}</{name.replace('_', ':')}>" for name, text in parts.items())
    return f"<item><title>{title}</title>{inner}</item>"


def read(feed: str | bytes, content_type: str = "text/xml") -> Reading:
    body = feed.encode() if isinstance(feed, str) else feed
    return read_feed(body, url=URL, content_type=content_type, outlet="garam")


def only(feed: str | bytes) -> ArticleContent:
    reading = read(feed)
    assert reading.set_aside == ()
    (found,) = reading.articles
    return found.content


# --- dialects --------------------------------------------------------------------------------


def test_rss_2_as_the_common_systems_write_it() -> None:
    feed = rss(
        "<item><title><![CDATA[<속보> 가람시 도서관 &quot;개관&quot;]]></title>"
        "<link>http://www.news.example/news/articleView.html?idxno=123&amp;utm_source=rss</link>"
        "<description><![CDATA[가람시는 20일 도서관을 열었다..]]></description>"
        "<content:encoded><![CDATA[<p>가람시는 20일 도서관을 <b>열었다</b>.</p><p>둘째 문단.</p>"
        '<img src="/a.jpg">]]></content:encoded>'
        "<category>사회</category><category>도서관</category><dc:creator>표본 기자</dc:creator>"
        "<pubDate>2026-01-20 05:30:00</pubDate>"
        '<enclosure url="https://cdn.news.example/b.jpg" type="image/jpeg" length="1"/></item>'
    )
    (found,) = read(feed).articles
    content = found.content
    assert found.identity == "garam:no:123"
    assert content.title == '<속보> 가람시 도서관 "개관"'
    assert content.url == "http://www.news.example/news/articleView.html?idxno=123"
    assert content.paragraphs == ("가람시는 20일 도서관을 열었다.", "둘째 문단.")
    assert (content.section, content.tags, content.bylines) == ("사회", ("도서관",), ("표본 기자",))
    assert [i.url for i in content.images] == ["https://cdn.news.example/b.jpg", "https://www.news.example/a.jpg"]
    assert content.published_at == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)


def test_atom_with_its_kinds_of_text() -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>견본</title>'
        "<entry><title>AT&amp;amp;T &amp;lt;b&amp;gt;</title><id>tag:news.example,2026:1</id>"
        '<link rel="alternate" href="/a/1"/><link rel="enclosure" type="image/png" href="/1.png"/>'
        "<published>2026-01-20T06:00:00+09:00</published><updated>2026-01-21T06:00:00+09:00</updated>"
        '<author><name>표본 기자</name></author><category term="경제"/>'
        '<content type="html">&lt;p&gt;하나&lt;/p&gt;&lt;p&gt;둘&lt;/p&gt;</content></entry>'
        '<entry><title type="html">&lt;b&gt;굵은&lt;/b&gt; 제목</title><id>2</id>'
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>셋</p><p>넷</p></div></content></entry>'
        '<entry><title>글</title><id>3</id><summary type="text">줄 3 &lt; 5</summary></entry></feed>'
    )
    reading = read(feed)
    one, two, three = (found.content for found in reading.articles)
    assert one.title == "AT&amp;T &lt;b&gt;"  # type=text is taken by the letter
    assert one.paragraphs == ("하나", "둘")
    assert (one.url, one.section, one.bylines) == ("https://www.news.example/a/1", "경제", ("표본 기자",))
    assert [i.url for i in one.images] == ["https://www.news.example/1.png"]
    assert one.published_at == datetime(2026, 1, 19, 21, 0, tzinfo=UTC)
    assert (two.title, two.paragraphs) == ("굵은 제목", ("셋", "넷"))
    assert three.paragraphs == ("줄 3 < 5",)


def test_rss_1_with_items_beside_the_channel() -> None:
    feed = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>견본</title>'
        '<items><rdf:Seq><rdf:li resource="a"/></rdf:Seq></items></channel>'
        '<item rdf:about="https://news.example/1"><title>하나</title><link>https://news.example/1</link>'
        "<dc:date>2026-01-20T06:00+09:00</dc:date><description>글</description></item></rdf:RDF>"
    )
    content = only(feed)
    assert (content.title, content.url) == ("하나", "https://news.example/1")
    assert content.published_at == datetime(2026, 1, 19, 21, 0, tzinfo=UTC)


# --- what is broken in real feeds ------------------------------------------------------------


@pytest.mark.parametrize(
    "feed",
    [
        rss(item("똠방각하 뷁 & 가람", description="글"), declared="euc-kr").encode("cp949"),
        rss(item("똠방각하 뷁 & 가람", description="글"), declared="euc-kr").encode("utf-8"),
        rss(item("똠방각하 뷁 &amp; 가람", description="글"), before="\n\n  ").encode(),
        rss(item("똠방각하 뷁&nbsp;&\x0b 가\x00람", description="글\x1f")).encode(),
        rss(item("똠방각하 뷁 &#38; 가람&#0;&#x1b;", description="글")).encode(),
        b"\xef\xbb\xbf" + rss(item("똠방각하 뷁 &amp; 가람", description="글")).encode(),
        rss(item("똠방각하 뷁 &amp; 가람", description="글")).encode("utf-16"),
        rss(item("<![CDATA[똠방각하 뷁 & 가람]]>", description="글")).encode(),
    ],
)
def test_what_feeds_usually_get_wrong_costs_nothing(feed: bytes) -> None:
    content = only(feed)
    assert content.title.replace("\u00a0", " ") == "똠방각하 뷁 & 가람"
    assert content.paragraphs == ("글",)


def test_namespaces_that_were_never_declared_still_count() -> None:
    content = only(rss(item(dc_creator="표본 기자", content_encoded="<![CDATA[<p>전문</p>]]>")))
    assert (content.bylines, content.paragraphs) == (("표본 기자",), ("전문",))


BAD = {
    "unclosed element": "<item><title>나쁨<description>x</item>",
    "nothing in it": "<item></item>",
    "deep": "<item><title>나쁨</title><description>" + "&lt;div&gt;" * 5000 + "</description></item>",
    "deep xml": "<item><title>나쁨</title>" + "<a>" * 5000 + "</a>" * 5000 + "</item>",
    "unclosed section": "<item><title>나쁨</title><description><![CDATA[끝이 없다</description></item>",
    "unclosed comment": "<item><title>나쁨</title><!-- 끝이 없다</item>",
    "long": "<item><title>나쁨</title><description>" + "가" * 2_100_000 + "</description></item>",
    "stray end": "<item><title>나쁨</title></b></i></item>",
}


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_item_never_takes_its_neighbours_along(bad: str) -> None:
    reading = read(rss(item("하나", description="글") + BAD[bad] + item("둘", description="글") + item("셋")))
    titles = [found.content.title for found in reading.articles]
    assert [t for t in titles if "나쁨" not in t] == ["하나", "둘", "셋"]
    assert len(titles) + len(reading.set_aside) == 4
    assert all(aside.reason for aside in reading.set_aside)


def test_a_feed_cut_off_keeps_its_whole_items() -> None:
    whole = rss(item("하나") + item("둘"))
    reading = read(whole[: whole.index("둘")])
    assert [found.content.title for found in reading.articles] == ["하나"]
    assert reading.warnings


def test_items_without_title_or_link() -> None:
    untitled = only(rss("<item><description>가람시는 도서관을 열었다.</description></item>"))
    assert untitled.title == "가람시는 도서관을 열었다."
    assert untitled.url is None


@pytest.mark.parametrize(
    ("printed", "at", "on"),
    [
        ("2022-07-16 22:01:07", datetime(2022, 7, 16, 13, 1, 7, tzinfo=UTC), None),
        ("2022-07-16 22:01", datetime(2022, 7, 16, 13, 1, tzinfo=UTC), None),
        ("Sat, 16 Jul 2022 22:01:07 KST", datetime(2022, 7, 16, 13, 1, 7, tzinfo=UTC), None),
        ("2022.07.16 22:01", datetime(2022, 7, 16, 13, 1, tzinfo=UTC), None),
        ("2022년 07월 16일 22:01:07", datetime(2022, 7, 16, 13, 1, 7, tzinfo=UTC), None),
        ("2022.07.16 (토)", None, date(2022, 7, 16)),
        ("2022-07-16 오후 10:01:07", datetime(2022, 7, 16, 13, 1, 7, tzinfo=UTC), None),
        ("20220716220107", datetime(2022, 7, 16, 13, 1, 7, tzinfo=UTC), None),
        ("Sat, 16 Jul 2022 24:00:00 +0900", datetime(2022, 7, 16, 15, 0, tzinfo=UTC), None),
        ("Sat, 16 Jul 2022 22:01:07 +0900", datetime(2022, 7, 16, 13, 1, 7, tzinfo=UTC), None),
        ("2022-07-16T22:01:07+09:00", datetime(2022, 7, 16, 13, 1, 7, tzinfo=UTC), None),
        ("어제", None, None),
    ],
)
def test_dates_are_read_as_korean_newspapers_mean_them(printed: str, at: datetime | None, on: date | None) -> None:
    content = only(rss(item(pubDate=printed)))
    assert (content.published_at, content.published_on) == (at, on)


# --- what is hostile -------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "prolog",
    [
        f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}]>',
        '<!DOCTYPE rss [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
        f'<!DOCTYPE rss [<!ENTITY l11 "{"x" * 1_000_000}">]>',
        "<!DOCTYPE rss SYSTEM 'http://127.0.0.1/x.dtd'>",
    ],
)
def test_declared_entities_are_never_expanded(prolog: str) -> None:
    began = time.process_time()
    content = only(prolog + f"<rss version='2.0'><channel>{item('폭탄 &l11;')}</channel></rss>")
    assert content.title == "폭탄 &l11;"
    assert time.process_time() - began < 1


def test_fifty_megabytes_are_refused_with_a_reason() -> None:
    began = time.process_time()
    reading = read(b"<rss><channel>" + b"<item><title>x</title></item>" * 1_800_000)
    assert reading.articles == ()
    assert "larger than" in reading.set_aside[0].reason
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "flood",
    [
        "<item>" * 300_000,
        "<item><![CDATA[</item>" * 100_000,
        "<item><!--</item>" * 100_000,
        "<a>" * 300_000,
        "<item><title>" + "<![CDATA[" * 100_000,
        "<item><title>" + "&" * 1_000_000 + "</title></item>",
        "<item" * 300_000,
        "<item><title>" + "<b " * 300_000 + "</title></item>",
        "<item><title>" + "<b/>" * 300_000 + "</title></item>",
        ("<item><title>" + "<b/>" * 9_000 + "</title></item>") * 100,
    ],
)
def test_a_flood_is_over_soon(flood: str) -> None:
    began = time.process_time()
    read("<rss><channel>" + flood)
    assert time.process_time() - began < 5


def test_time_per_item_does_not_grow() -> None:
    def spent(count: int) -> float:
        feed = rss(
            "".join(item(f"제목 {n}", guid=str(n), description="가람시 소식. " * 30) for n in range(count))
        ).encode()
        began = time.process_time()
        assert len(read(feed).articles) == count
        return (time.process_time() - began) / count

    spent(50)
    few, many = (min(spent(count) for _ in range(3)) for count in (300, 3000))
    assert many < 4 * few  # ten times as much by the square


@settings(deadline=None)  # real parsers on a busy machine
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_input_raises(body: bytes) -> None:
    for feed in (body, b"<rss><channel><item>" + body, b"<feed><entry><title>" + body + b"</title></entry>"):
        assert isinstance(read_input(feed, url=None, content_type="", outlet="garam"), Reading)
    assert isinstance(read_dropped("a.txt", body, "garam"), Reading)
    assert isinstance(read_dropped("a.md", body, "garam"), Reading)


# --- identities ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://www.news.example/news/articleView.html?idxno=123",
        "https://news.example/news/articleView.html?idxno=123&replyAll=&reply_sc_order_by=I",
        "https://m.news.example:443/news/articleView.html?sc_code=1&idxno=0123#reply",
        "http://www.news.example/news/articleView.html?utm_source=x&utm_medium=y&idxno=123&fbclid=z",
        "https://WWW.News.Example/mobile/news/articleView.html?idxno=123&trc=x&OutUrl=naver",
    ],
)
def test_one_article_has_one_canonical_address(url: str) -> None:
    assert canonical_url(url) == "https://news.example/news/articleView.html?idxno=123"
    assert article_number(url) == "123"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example/news/article.html?no=1", "https://news.example/news/article.html?no=2"),
        ("https://news.example/board.php?bo_table=a&wr_id=1", "https://news.example/board.php?bo_table=b&wr_id=1"),
        ("https://news.example/bbs/view.php?id=free&no=1", "https://news.example/bbs/view.php?id=news&no=1"),
        ("https://news.example/a", "https://news.example/b"),
        ("https://news.example:8443/a", "https://news.example/a"),
        ("https://sub.news.example/a", "https://news.example/a"),
    ],
)
def test_different_articles_stay_different(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


ADDRESS = r"https?://(www\.|m\.)?[a-z]{1,5}\.[a-z]{2,3}(/[a-z%가&=; ]{0,8}){0,3}(\?[a-z=&%가;]{0,20})?"


@given(st.from_regex(ADDRESS, fullmatch=True) | st.text(max_size=60))
def test_canonical_addresses_are_canonical(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


def test_the_address_to_follow_loses_only_what_tracks() -> None:
    assert clean_link("http://m.news.example/a?id=%EA%B0%80&utm_source=x#top") == "http://m.news.example/a?id=%EA%B0%80"


def test_identity_prefers_number_then_guid_then_address_then_title() -> None:
    url = "https://news.example/a"
    assert identity("garam", number="7", guid="g", url=url, title="제목") == "garam:no:7"
    assert identity("garam", guid="g", url=url, title="제목") == "garam:guid:g"
    assert identity("garam", url=url, title="제목") == "garam:url:https://news.example/a"
    assert (
        identity("garam", title="가람시, '우수' 기관!")
        == identity("garam", title="가람시 우수기관")
        == "garam:title:가람시우수기관"
    )
    assert identity("garam", url="https://news.example/", title="제목") == "garam:title:제목"
    assert identity("garam", title="제목") != identity("naru", title="제목")


def test_a_guid_or_address_shared_by_different_stories_names_none_of_them() -> None:
    same = "".join(item(t, guid="https://news.example/list", link="https://news.example/list") for t in ("하나", "둘"))
    assert [f.identity for f in read(rss(same)).articles] == ["garam:title:하나", "garam:title:둘"]


def test_the_same_item_twice_is_one_article() -> None:
    assert len(read(rss(item("하나", guid="1") * 2 + item("둘", guid="2"))).articles) == 2


def test_only_title_and_body_count_for_the_hash() -> None:
    content = ArticleContent(title="제목", paragraphs=("하나", "둘"))
    changed = replace(content, section="사회", url="https://news.example", published_on=date(2026, 1, 20), tags=("x",))
    assert content_hash(content) == content_hash(changed)
    assert content_hash(content) == content_hash(replace(content, paragraphs=(" 하나\u00a0", "둘")))
    others = [
        replace(content, title="제목2"),
        replace(content, paragraphs=("하나둘",)),
        replace(content, paragraphs=("하나",)),
    ]
    assert len({content_hash(c) for c in (content, *others)}) == 4


# --- inputs of any kind ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n", "PNG"),
        (b"PK\x03\x04", "ZIP"),
        (b"\x00\x01\x02" * 100, "binary"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "JSON"),
        (b'<?xml version="1.0"?><urlset><url/></urlset>', "XML"),
        (b"x" * 3_000_001, "larger than"),
    ],
)
def test_what_is_neither_page_nor_feed_is_set_aside_with_a_reason(body: bytes, reason: str) -> None:
    reading = read_input(body, url=None, content_type="", outlet="garam")
    assert reading.articles == ()
    assert reason in reading.set_aside[0].reason


def test_a_date_in_the_future_is_unknown_and_said() -> None:
    feed = rss(item("하나", pubDate="2026-01-20 06:00") + item("둘", pubDate="2099-01-01 00:00")).encode()
    seen = datetime(2026, 1, 20, tzinfo=UTC)
    reading = read_input(feed, url=URL, content_type="", outlet="garam", first_seen=seen)
    assert [f.content.published_at is None for f in reading.articles] == [False, True]
    assert "둘" in reading.warnings[0]


# --- dropped files ---------------------------------------------------------------------------


def dropped(name: str, text: str | bytes) -> Found:
    reading = read_dropped(name, text.encode() if isinstance(text, str) else text, "garam")
    assert reading.set_aside == ()
    (found,) = reading.articles
    return found


def test_a_text_file_is_title_then_paragraphs() -> None:
    found = dropped("도서관.txt", "도서관 문 열어\n\n가람시는 20일 도서관을 열었다.\n\n▲ 하나\n▲ 둘\n")
    assert found.identity == "garam:file:도서관.txt"
    assert found.content.title == "도서관 문 열어"
    assert found.content.paragraphs == ("가람시는 20일 도서관을 열었다.", "▲ 하나", "▲ 둘")


@pytest.mark.parametrize(
    "text",
    [
        "제목: 도서관 문 열어\n섹션: 사회\n기자: 표본 기자, 견본 기자\n날짜: 2026.01.20 06:00\n\n본문: 이렇다.\n",
        "도서관 문 열어\n섹션 : 사회\n기자：표본 기자, 견본 기자\n날짜: 2026-01-20 06:00\n\n본문: 이렇다.",
        "\ntitle: 도서관 문 열어\nsection: 사회\nby: 표본 기자, 견본 기자\ndate: 2026-01-20T06:00+09:00\n본문: 이렇다.",
    ],
)
def test_header_lines_say_section_byline_and_date(text: str) -> None:
    for body in (text.encode(), text.encode("cp949"), text.replace("\n", "\r\n").encode("utf-8-sig")):
        content = dropped("a.txt", body).content
        assert (content.title, content.section) == ("도서관 문 열어", "사회")
        assert content.bylines == ("표본 기자", "견본 기자")
        assert content.published_at == datetime(2026, 1, 19, 21, 0, tzinfo=UTC)
        assert content.paragraphs == ("본문: 이렇다.",)


def test_light_markdown() -> None:
    content = dropped(
        "a.md",
        '---\ntitle: "도서관 문 열어"\nsection: 사회\n---\n첫 **줄**\n이어진 [줄](https://x.example).\n\n## 소제목\n\n'
        "- 하나\n- 둘\n\n![새 건물](https://x.example/a.jpg)\n",
    ).content
    assert (content.title, content.section) == ("도서관 문 열어", "사회")
    assert content.paragraphs == ("첫 줄 이어진 줄.", "소제목", "• 하나", "• 둘")
    assert [(i.url, i.alt) for i in content.images] == [("https://x.example/a.jpg", "새 건물")]
    assert dropped("b.md", "# 제목\n\n본문").content.title == "제목"


def test_the_same_name_is_the_same_article_however_it_is_composed() -> None:
    import unicodedata

    names = [unicodedata.normalize(form, "도서관.txt") for form in ("NFC", "NFD")]
    names.append("도서관.txt".encode("cp949").decode("utf-8", "surrogateescape"))
    assert {dropped(name, "제목\n\n본문").identity for name in names} == {"garam:file:도서관.txt"}


def test_a_dropped_feed_gives_its_items_under_their_own_names() -> None:
    reading = read_dropped("feed.xml", rss(item("하나", guid="1") + item("둘", guid="2")).encode(), "garam")
    assert [f.identity for f in reading.articles] == ["garam:guid:1", "garam:guid:2"]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.txt", b"", "empty"),
        ("a.hwp", b"HWP Document File", "HWP"),
        ("a.txt", "제목뿐".encode(), "no text"),
        ("a.txt", b"x" * 3_000_001, "larger than"),
        ("a.md", b"---\n---\n", "title"),
    ],
)
def test_a_file_that_cannot_be_an_article_is_set_aside_with_a_reason(name: str, body: bytes, reason: str) -> None:
    reading = read_dropped(name, body, "garam")
    assert reading.articles == ()
    assert reason in reading.set_aside[0].reason
