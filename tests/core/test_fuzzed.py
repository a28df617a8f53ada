"""Inputs that a fuzzer found, and hostile shapes of pages: no reader fails over them, none takes long."""

from __future__ import annotations

import random
import time

import pytest

from syndication.core.feeds import read_feed
from syndication.core.pages import read_page
from syndication.core.prose import summary
from syndication.core.quotes import outside
from syndication.core.shape import Unreadable, depth, is_plain
from tests.labelled import labelled

LABELS = labelled("pages_labelled")


def test_elements_out_of_place_do_not_break_the_reading_of_a_feed() -> None:
    item = "<item><title>가</title><link>http://a.example/<item><title>나</title></link></item></item>"
    body = f'<?xml version="1.0"?><rss version="2.0"><channel>{item}<item><title>다</title></item></channel></rss>'
    reading = read_feed(body.encode(), url="http://a.example/rss", content_type="", outlet="x")
    assert reading.articles or reading.set_aside


def test_pages_torn_and_mixed_up_never_break_the_reader() -> None:
    dice = random.Random(20)
    for _ in range(150):
        one, other = dice.sample(LABELS, 2)
        html = one.html[: dice.randrange(len(one.html))] + other.html[dice.randrange(len(other.html)) :]
        at = dice.randrange(len(html))
        html = html[:at] + bytes(dice.randrange(256) for _ in range(8)) + html[at + dice.randrange(40) :]
        for found in read_page(html, url=one.url, content_type="text/html", outlet="x").articles:
            told = summary(found.content.paragraphs)
            assert outside(told)[-1]


@pytest.mark.parametrize(
    "html",
    [
        "<div class='share'>" * 200 + "가람시는 밝혔다.<p>" * 2_000,
        "<div class='ad'><a href='/news/1'>" * 80 + "<p>가람시는 밝혔다.</p>" * 8_000,
        "<table>" * 60 + "<tr><td><img>" * 5_000,
        "<h2><a href='/news/articleView.html?idxno=1'>가</a></h2>" * 8_000,
        "<p>가람시는 밝혔다.<form>" * 8_000,
        "<time datetime='2026-01-20'>" * 8_000,
        "<p>" + "관련기사 " * 60_000,
        "<ul>" + "<li><a href='/a/b'>나루군 소식 여덟 글자</a>" * 12_000,
        "<p>[" * 50_000,
        "<h1>가</h1>" + "<div><p>가람시는 밝혔다.</p></div>" * 8_000,
        "<a title='\"><div>' href=x>" * 8_000,
        "<p>사진=" * 8_000,
    ],
)
@pytest.mark.parametrize("frame", ["<html><body>{}", "<html><body><div id='news_body_area'>{}</div>"])
def test_hostile_shapes_take_seconds_at_most(html: str, frame: str) -> None:
    began = time.process_time()
    read_page(frame.format(html).encode(), url="http://a.example/x?no=1", content_type="text/html", outlet="x")
    assert time.process_time() - began < 10  # 5 seconds on a machine that does nothing else


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        "<textarea><!--</textarea>" + "<div>" * 100_000,
        "<div title='</div>'>" * 100_000,
        "<div><!--</div>-->" * 100_000,
        "<div><script></div></script>" * 100_000,
        "<div><p title='>'></div>" * 1 + "<div>" * 100_000,
        "<!--><div>" * 100_000,
        "<b>" * 100_000,
        '<a title="' + "<div>" * 100_000,
        "<div><title></div></title>" * 100_000,
        "<DIV>" * 100_000,
        "<div/>" * 100_000,
    ],
)
def test_the_quick_look_never_calls_deep_markup_plain(html: str) -> None:
    try:
        deep = depth(html) > 200
    except Unreadable:
        deep = True
    assert not (deep and is_plain(html))


def test_what_is_plain_is_nowhere_deep() -> None:
    dice = random.Random(4)
    pieces = [
        "<div>",
        "</div>",
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<a x='",
        "'>",
        '"',
    ]
    for _ in range(300):
        html = "".join(dice.choices(pieces, k=dice.randrange(400)))
        if is_plain(html):
            assert depth(html, limit=256) <= 256
