"""JSON Feed read into Articles, and JSON of strangers in general."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.feeds import known_as
from syndication.core.model import Reading
from syndication.core.sources import read_dropped, read_input

VERSION = "https://jsonfeed.org/version/1.1"
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
KEYS = st.sampled_from(
    [
        "id",
        "url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "tags",
        "authors",
        "author",
        "date_published",
        "attachments",
    ]
)


def read(feed: Any, **values: Any) -> Reading:
    body = feed if isinstance(feed, bytes) else json.dumps(feed, **values).encode("utf-8", "surrogatepass")
    return read_input(body, url="https://garam.example/feed.json", content_type="application/feed+json", outlet="garam")


def feed(*items: Any, **values: Any) -> dict[str, Any]:
    return {"version": VERSION, "title": "가람일보 (표본)", "items": list(items), **values}


def test_a_json_feed_as_version_1_1_has_it() -> None:
    item = {
        "id": "https://garam.example/news/articleView.html?idxno=10",
        "url": "https://garam.example/news/articleView.html?idxno=10&utm_source=feed",
        "title": "가람시 &amp; 나루군 새 다리",
        "content_html": "<p>가람시는 새 다리를 놓는다.</p><script>x()</script><p>나루군도 함께한다.</p>",
        "date_published": "2026-01-20T05:30:00+09:00",
        "authors": [{"name": "가람 기자"}, {"name": "desk@garam.example"}],
        "tags": ["행정", "다리"],
        "image": "/p/1.jpg",
        "attachments": [{"url": "https://garam.example/p/2.jpg", "mime_type": "image/jpeg"}, {"url": "x.mp3"}],
    }
    (found,) = read(feed(item)).articles
    content = found.content
    assert found.identity == "garam:no:10"
    assert content.title == "가람시 & 나루군 새 다리"
    assert content.paragraphs == ("가람시는 새 다리를 놓는다.", "나루군도 함께한다.")
    assert content.url == "https://garam.example/news/articleView.html?idxno=10"
    assert content.published_at == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)
    assert (content.section, content.tags, content.bylines) == ("행정", ("다리",), ("가람 기자",))
    assert [image.url for image in content.images] == ["https://garam.example/p/1.jpg", "https://garam.example/p/2.jpg"]


def test_version_1_0_and_items_of_plain_text() -> None:
    item = {"id": 7, "content_text": "첫 줄이 제목 노릇을 한다.\n\n둘째 문단.", "author": {"name": "나루"}}
    (found,) = read({"version": "https://jsonfeed.org/version/1", "items": [item]}).articles
    assert found.identity == "garam:guid:7"
    assert found.content.title.startswith("첫 줄이 제목 노릇을 한다")
    assert found.content.paragraphs[-1] == "둘째 문단."
    assert found.content.bylines == ("나루",)


def test_the_version_may_stand_last_and_slashes_may_be_escaped() -> None:
    body = json.dumps({"items": [{"id": "1", "title": "제목", "content_text": "글."}], "version": VERSION})
    assert len(read(body.replace("/", "\\/").encode()).articles) == 1
    assert len(read("\ufeff".encode() + body.encode()).articles) == 1
    assert len(read(body.encode("utf-16")).articles) + len(read(body.encode("cp949")).articles) >= 1


def test_a_date_without_a_zone_is_of_seoul_and_a_bare_one_has_no_time() -> None:
    items = [{"id": n, "title": f"제목 {n}", "content_text": "글.", "date_published": d} for n, d in enumerate(DATES)]
    first, second, third = (found.content for found in read(feed(*items)).articles)
    assert first.published_at == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)
    assert (second.published_at, second.published_on) == (None, date(2026, 1, 20))
    assert (third.published_at, third.published_on) == (None, None)


DATES = ("2026-01-20 05:30", "2026-01-20", "soon")


def test_one_bad_item_never_takes_its_neighbours_along() -> None:
    good = {"id": "1", "title": "제목", "content_text": "글."}
    deep = {"id": "2", "title": "깊다", "content_html": "<div>" * 5000}
    made = read(feed(None, 3, "x", [], {}, {"id": "9", "title": "글이 없다"}, deep, good))
    assert [found.content.title for found in made.articles][-1] == "제목"
    assert len(made.set_aside) >= 6
    assert all(aside.what.startswith("item ") and aside.reason for aside in made.set_aside)


def test_half_a_sign_and_control_characters_do_not_stay() -> None:
    body = json.dumps(feed({"id": "1", "title": "제\ud800목\u0007", "content_text": "글\x00."}))
    (found,) = read(body.encode()).articles
    assert found.content.title == "제목"
    found.content.title.encode()


def test_adopting_knows_each_item_by_its_id() -> None:
    body = json.dumps(
        feed({"id": "a-1", "url": "https://garam.example/news/1", "title": "제목", "content_text": "글."})
    )
    told = known_as(body.encode(), url=None, content_type="", outlet="garam")
    assert told == {"garam:guid:a-1": "a-1"}


def test_a_dropped_json_feed_gives_its_items() -> None:
    body = json.dumps(feed({"id": "1", "title": "제목", "content_text": "글."})).encode()
    assert len(read_dropped("feed.json", body, "garam").articles) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * 100_000,
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + b"[]," * 3_000_000 + b"0]}",
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + b"1" * 100_000 + b"]}",
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1e999999}]',
        b'{"version": "https://jsonfeed.org/version/1.1"}' + b" " * 21_000_000,
    ],
)
def test_a_json_bomb_is_refused_in_no_time(body: bytes) -> None:
    began = time.process_time()
    made = read(body)
    assert made.articles == ()
    assert made.set_aside
    assert time.process_time() - began < 5


def test_json_that_is_no_feed_is_set_aside_as_such() -> None:
    made = read(b'{"posts": [{"id": 1}]}')
    assert "JSON" in made.set_aside[0].reason


@given(st.lists(st.dictionaries(KEYS, ANY_JSON, max_size=8) | ANY_JSON, max_size=4))
def test_no_item_of_any_shape_raises(items: list[Any]) -> None:
    made = read(feed(*items))
    for found in made.articles:
        assert found.content.title
        assert found.content.paragraphs
        repr(found).encode()


@given(st.binary(max_size=200))
def test_no_bytes_raise(tail: bytes) -> None:
    read(b'{"version": "https://jsonfeed.org/version/1.1", "items": [' + tail)
