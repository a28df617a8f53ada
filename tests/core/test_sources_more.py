"""Feeds and boards as newspapers' systems fill them: what stands around an item's text is no part of it."""

from __future__ import annotations

import pytest

from syndication.core.feeds import read_feed
from syndication.core.model import ArticleContent
from syndication.core.pages import read_page

FIRST = "나루군은 지난 14일 산불 예방 대책 회의를 열었다고 밝혔다."
SECOND = "이날 회의에는 60여 명이 참석했다."


def only(description: str, extra: str = "") -> ArticleContent:
    feed = (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><item>'
        "<title>나루군, 산불 예방 총력</title>"
        f"<link>https://www.example.com/news/articleView.html?idxno=1</link>{extra}"
        f"<description><![CDATA[{description}]]></description></item></channel></rss>"
    )
    (found,) = read_feed(feed.encode(), url=None, content_type="", outlet="naru").articles
    return found.content


@pytest.mark.parametrize(
    "around",
    [
        "<p>{}</p><p>{}</p><p>저작권자 © 나루신문 무단전재 및 재배포 금지</p>",
        "<p>▲ 사진=나루군</p><p>{}</p><p>{}</p>",
        "<p>[나루신문=다온 기자] {}</p><p>{} 다온 기자 daon@example.com</p>",
        "{}<br><br>{} Copyright ⓒ 나루신문. All rights reserved.",
    ],
)
def test_imprint_credit_and_byline_are_no_text_of_an_item(around: str) -> None:
    assert only(around.format(FIRST, SECOND)).paragraphs == (FIRST, SECOND)


def test_a_byline_in_the_text_names_the_author_of_an_item_that_names_none() -> None:
    text = f"<p>{FIRST}</p><p>{SECOND} 다온 기자 daon@example.com</p>"
    assert only(text).bylines == ("다온 기자",)
    assert only(text, "<dc:creator>가람 기자</dc:creator>").bylines == ("가람 기자",)


def test_contacts_in_an_item_stay() -> None:
    contact = "▲ 문의 전화: 000-000-0000"
    assert only(f"<p>{FIRST}</p><p>{contact}</p>").paragraphs == (FIRST, contact)


def test_a_feed_of_nothing_but_nested_elements_is_set_aside() -> None:
    reading = read_feed(b"<rss>" + b"<a>" * 200_000, url=None, content_type="", outlet="naru")
    assert [s.reason for s in reading.set_aside] == ["the markup nests more than 100 elements deep"]


def test_the_headline_of_a_board_is_told_from_its_category() -> None:
    html = (
        '<html><body><article id="bo_v"><h2 id="bo_v_title"><span class="bo_v_cate">사회</span> '
        '<span class="bo_v_tit">나루군, 산불 예방 총력</span></h2>'
        f'<div id="bo_v_con"><p>{FIRST}</p><p>{SECOND}</p></div></article></body></html>'
    )
    (found,) = read_page(html.encode(), url=None, content_type="", outlet="naru").articles
    content = found.content
    assert (content.title, content.section, content.paragraphs) == ("나루군, 산불 예방 총력", "사회", (FIRST, SECOND))
