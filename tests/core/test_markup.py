"""Foreign bytes and markup: character sets, what is kept of HTML, and what is refused before a parser sees it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.core.markup import (
    Unreadable,
    clean_text,
    decode,
    depth,
    has_markup,
    mend,
    sanitise,
    strip_tags,
)

KOREAN = "가람시 도서관이 문을 열었다. 똠방각하 뷁"


# --- character sets --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (KOREAN.encode("utf-8"), ""),
        (KOREAN.encode("utf-8"), "text/html; charset=utf-8"),
        (KOREAN.encode("utf-8"), "text/html; charset=EUC-KR"),  # declared wrongly
        (KOREAN.encode("utf-8"), "text/html; charset=iso-8859-1"),
        (KOREAN.encode("utf-8-sig"), "text/html; charset=euc-kr"),
        (KOREAN.encode("cp949"), ""),
        (KOREAN.encode("cp949"), "text/html; charset=euc-kr"),  # 똠 and 뷁 are in CP949 alone
        (KOREAN.encode("cp949"), "text/html;charset='ks_c_5601-1987'"),
        (KOREAN.encode("cp949"), "text/html; charset=utf-8"),  # declared wrongly
        (KOREAN.encode("cp949"), "text/html; charset=iso-8859-1"),
        (KOREAN.encode("cp949"), "text/html; charset=no-such-thing"),
        (KOREAN.encode("utf-16"), ""),
        (KOREAN.encode("utf-16-be"), "text/plain; charset=utf-16be"),
        (KOREAN.encode("utf-8").decode("latin-1").encode("utf-8"), ""),  # read as Latin-1 and written again
        (KOREAN.encode("cp949").decode("latin-1").encode("utf-8"), "text/html; charset=utf-8"),
    ],
)
def test_korean_is_read_whatever_is_declared(body: bytes, content_type: str) -> None:
    assert decode(body, content_type) == KOREAN


@pytest.mark.parametrize(
    "head",
    [
        '<?xml version="1.0" encoding="euc-kr"?><rss>',
        "\n<?xml version=\"1.0\" encoding='EUC-KR'?><rss>",
        '<html><meta charset="euc-kr">',
        '<html><meta http-equiv="Content-Type" content="text/html; charset=euc-kr">',
    ],
)
def test_the_charset_inside_a_document_counts(head: str) -> None:
    assert decode((head + "가").encode("cp949")) == head + "가"


def test_a_few_broken_bytes_do_not_change_the_character_set() -> None:
    body = (KOREAN * 20).encode() + b"\xff\xfe" + KOREAN.encode()[:-1]
    assert decode(body, "text/html; charset=utf-8").startswith(KOREAN * 20)
    broken = (KOREAN * 20).encode("cp949") + b"\xff"
    assert decode(broken, "text/html; charset=euc-kr").startswith(KOREAN * 20)


@pytest.mark.parametrize(
    "text", ["café à la carte, ça va; naïve façade", "Größe über Maß: äöüß", "½ ¿Qué? ¡Sí! °C ±2", ""]
)
def test_latin_text_is_not_taken_for_broken_korean(text: str) -> None:
    assert mend(text) == text
    assert decode(text.encode()) == text


def test_a_broken_line_among_sound_ones_is_put_right() -> None:
    broken = "군산시 소식".encode("cp949").decode("latin-1")
    assert mend(f"머리말\n{broken}\n꼬리말") == "머리말\n군산시 소식\n꼬리말"


@given(st.text(alphabet=[c for c in map(chr, range(0xAC00, 0xD7A4)) if len(c.encode("euc-kr")) == 2], min_size=2))
def test_hangul_survives_a_wrong_reading(text: str) -> None:
    assert mend(text.encode("cp949").decode("latin-1")) == text


@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_bytes_become_text(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)


# --- text ------------------------------------------------------------------------------------

LEGAL = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


@given(st.text(max_size=200) | st.text(alphabet="\ud800\udfff\x00\x0b\ufffe\ufeff\u00a0\u3000 \r\na가", max_size=50))
def test_clean_text_is_fit_for_xml_and_stays_what_it_is(text: str) -> None:
    clean = clean_text(text)
    assert LEGAL.fullmatch(clean)
    assert clean == clean_text(clean)
    assert not re.search(r"[^\S\n]{2}|^\s|\s$| \n|\n ", clean)


def test_clean_text_keeps_what_means_something() -> None:
    assert (
        clean_text("  ▲ 기온 12.5℃ ∼ 3㎝\u00a0\u00a0(가람) \r\n둘째\u3000줄 ") == "▲ 기온 12.5℃ ∼ 3㎝ (가람)\n둘째 줄"
    )
    assert clean_text("가") == "가"  # composed
    assert clean_text("👨‍👩‍👧") == "👨‍👩‍👧"  # joined by U+200D


# --- paragraphs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "paragraphs"),
    [
        ("<p>하나</p><p>둘</p>", ("하나", "둘")),
        ("<div>하나</div><div>둘</div>", ("하나", "둘")),
        ("하나<br><br>둘<br /><br/>셋", ("하나", "둘", "셋")),
        ("<p>하나</p><p>&nbsp;</p><p> </p><p>둘</p>", ("하나", "둘")),
        ("<p>산에는 꽃 피네<br>꽃이 피네</p>", ("산에는 꽃 피네\n꽃이 피네",)),
        (
            "가람시는 20일 시청에서 새 도서관의 개관식을 열었다고 밝혔다.<br>이날 행사에는 주민 200여 명이 참석했다.",
            ("가람시는 20일 시청에서 새 도서관의 개관식을 열었다고 밝혔다.", "이날 행사에는 주민 200여 명이 참석했다."),
        ),
        ("다음과 같다.<br>▲ 하나<br>▲ 둘<br>끝.", ("다음과 같다.", "▲ 하나", "▲ 둘", "끝.")),
        ("<ul><li>하나</li><li>둘</li></ul>", ("하나", "둘")),
        ("<table><tr><td>이름</td><td>값</td></tr><tr><td>가</td><td>1</td></tr></table>", ("이름 | 값", "가 | 1")),
        ("<pre>한 줄\n두 줄</pre>", ("한 줄\n두 줄",)),
        ("<p>가 <b>나</b>다\n라</p>", ("가 나다 라",)),
        ("<p>가&amp;나 &lt;다&gt; &#39;라&#39;</p>", ("가&나 <다> '라'",)),
        ("줄 하나\n줄 둘\n\n문단 둘", ("줄 하나\n줄 둘", "문단 둘")),
        ("<속보> 가람시 < 나루군", ("<속보> 가람시 < 나루군",)),
        ("<p><LG전자>와 <KBS 뉴스></p>", ("<LG전자>와 <KBS 뉴스>",)),
        ("<p>본문<script>alert(1)</script><style>p{}</style></p>", ("본문",)),
        ("", ()),
    ],
)
def test_paragraphs_follow_the_blocks(html: str, paragraphs: tuple[str, ...]) -> None:
    assert sanitise(html, None).paragraphs == paragraphs


def test_a_picture_brings_its_caption_and_the_caption_is_no_paragraph() -> None:
    clean = sanitise(
        '<p>본문</p><figure><img src="/p/a.jpg" width="640"><figcaption>새 도서관</figcaption></figure>'
        '<img src="https://count.example/1.gif" width="1" height="1">',
        "https://news.example/article/1",
    )
    assert clean.paragraphs == ("본문",)
    assert [(i.url, i.alt, i.width) for i in clean.images] == [("https://news.example/p/a.jpg", "새 도서관", 640)]
    assert "count.example" not in clean.html


# --- what is kept of markup ------------------------------------------------------------------


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>x</p>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\nscript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<img src=x onerror=alert(1)>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "<svg><script>alert(1)</script></svg>",
        "<svg onload=alert(1)>",
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
        "<iframe src='https://evil.example'></iframe>",
        "<form action='https://evil.example'><input name=p><button>x</button></form>",
        "<style>@import 'https://evil.example'</style>",
        "<p style='background:url(javascript:alert(1))'>x</p>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<base href='https://evil.example'>",
        "<object data='https://evil.example'></object>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<!--<img src=x onerror=alert(1)>-->",
        "<p><<script>alert(1)</script>",
        "<template><script>alert(1)</script></template>",
    ],
)
def test_nothing_that_acts_stays(evil: str) -> None:
    html = sanitise(f"<p>본문</p>{evil}", "https://news.example/").html.lower()
    assert not re.search(r"<(script|style|iframe|form|input|button|object|svg|math|meta|base|template)\b", html)
    assert not re.search(r"<[^>]*\son\w+=|<[^>]*javascript:|<[^>]*data:|<[^>]*style=", html)


def test_addresses_become_absolute_or_go() -> None:
    html = '<p><a href="/a?x=1&amp;y=2">하나</a> <a href="b.html">둘</a> <img src="//cdn.example/c.jpg"></p>'
    clean = sanitise(html, "https://news.example/dir/page.html").html
    assert 'href="https://news.example/a?x=1&amp;y=2"' in clean
    assert 'href="https://news.example/dir/b.html"' in clean
    assert 'src="https://cdn.example/c.jpg"' in clean
    bare = sanitise(html, None).html
    assert "href=" not in bare
    assert "<img" not in bare


def test_elements_nest_thirty_deep_at_most_and_no_word_is_lost() -> None:
    clean = sanitise("<blockquote>" * 200 + "<p>깊은 말</p>" + "</blockquote>" * 200, None)
    assert depth(clean.html) <= 30
    assert clean.paragraphs == ("깊은 말",)


@settings(deadline=None)  # real parsers on a busy machine
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<b>",
                "</b>",
                "<div>",
                "</div>",
                "<td>",
                "<table>",
                "</table>",
                "<br>",
                "<a href='/x'>",
                "</a>",
                "<ul>",
                "<li>",
                "</ul>",
                "<",
                ">",
                "&amp;",
                "&",
                "가",
                " ",
                "<script>",
                "</script>",
                "<!--",
                "-->",
                '"',
                "<속보>",
            ]
        ),
        max_size=40,
    )
)
def test_sanitising_twice_changes_nothing_more(pieces: list[str]) -> None:
    once = sanitise("".join(pieces), "https://news.example/")
    twice = sanitise(once.html, "https://news.example/")
    assert twice.html == once.html or not has_markup(once.html)


def test_titles_lose_tags_and_keep_words_in_brackets() -> None:
    assert strip_tags("<b>가람시</b> &amp; <속보>&nbsp;<LG전자> 3 < 5") == "가람시 & <속보> <LG전자> 3 < 5"


# --- what is refused -------------------------------------------------------------------------

FLOODS = {
    "nested blocks": "<div>" * 200_000,
    "nested blocks that end": "<div>" * 200_000 + "</div>" * 200_000,
    "nested inline": "<b>" * 200_000,
    "blocks that claim to be empty": "<div/>" * 200_000,
    "formatting that every block opens again": "".join(f"<b x={n}>" for n in range(100)) + "<p>x" * 100_000,
    "formatting left open by blocks": "".join(f"<div><b x={n}></div>" for n in range(100_000)),
    "a drawing that ends early": "<svg><b>" + "<path/>" * 200_000,
    "nested lists": "<ul><li>" * 100_000,
    "nested tables": "<table><tr><td>" * 70_000,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_markup_that_would_drown_a_parser_is_refused_at_once(flood: str) -> None:
    began = time.process_time()
    with pytest.raises(Unreadable, match=r"markup|longer"):
        sanitise(FLOODS[flood], None)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "flood",
    [
        "<" * 5_000_000,
        '<a "' * 1_000_000,
        "<a b='" * 1_000_000,
        "<!--" * 1_000_000,
        "<![CDATA[" * 500_000,
        "<a =" * 1_000_000,
        "</" * 2_000_000,
        "<script>" * 500_000,
        "<a\t" * 1_000_000,
        "<a b=" + "\t" * 5_000_000,
    ],
)
def test_the_scan_is_linear_whatever_stands_there(flood: str) -> None:
    began = time.process_time()
    try:
        depth(flood)
    except Unreadable:
        pass
    assert time.process_time() - began < 4


def test_fifty_megabytes_are_refused_at_once() -> None:
    began = time.process_time()
    with pytest.raises(Unreadable, match="longer"):
        sanitise("<p>x</p>" * 6_500_000, None)
    assert time.process_time() - began < 1


def test_a_real_page_of_many_flat_blocks_is_read() -> None:
    html = "<p>문단 하나다." * 20_000
    assert len(sanitise(html, None).paragraphs) == 20_000
    assert depth("<table>" + "<tr><td>x<td>y" * 5000 + "</table>") < 10
    assert depth("<svg>" + "<path d='x'/>" * 5000 + "</svg>") < 5
