"""What independent readers take from our feeds: the same ids, titles, texts and dates from RSS and Atom."""

from __future__ import annotations

import html
import importlib
import sys
from calendar import timegm
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import feedparser_sgmllib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication.core.model import Image
from syndication.render.feed_items import Category, fit, misread, plain
from syndication.render.feeds import FeedItem, render_atom, render_rss
from tests.render.feed_samples import HEAD, SEEN, feed_item

# reader asks for sgmllib by the name that it had in Python 2
sys.modules.setdefault("sgmllib", feedparser_sgmllib)
reader = importlib.import_module("reader")

# Words that break careless writers, between any code points, also those that no XML may hold.
PIECES = [
    *("]]>", "<![CDATA[", "<!--", "-->", "<?xml", "?>", "&amp;", "&copy;", "&#65;", "&#x1F600;", "&", "<", ">"),
    *("<b>", "</b>", "</B>", "<a href=x>", "</a>", "</p>", "<script>", "<사설>", "가람", "😀", "%s", "{0}", "'", '"'),
    *("\x0b", "\ufffe", "\ud83d", "\U0001fffe", "\u200d", "\u202e", "\r\n", "\t", "\x85", "\u2028", "\xa0"),
]


def mistaken(text: str) -> bool:
    """Whether feedparser takes these letters for UTF-8 that was read as Latin-1 and puts them right, as it should."""
    try:
        return not text.isascii() and plain(text).encode("latin-1").decode("utf-8") != plain(text)
    except UnicodeError:
        return False


NASTY = st.one_of(
    st.text(st.characters(), max_size=30),
    st.text(st.characters(categories=["Cc", "Cs", "Cn", "Cf", "Lo", "So", "Zs"]), max_size=20),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
).filter(lambda text: not mistaken(text))
INSTANTS = st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@st.composite
def nasty_items(draw: st.DrawFn) -> list[FeedItem]:
    """Up to five items of nasty text; each may be unfit to be published."""
    return [
        feed_item(
            n,
            title=draw(NASTY) + draw(st.sampled_from(["", "가람시 소식"])),
            summary=draw(st.none() | NASTY),
            content_html=draw(st.none() | NASTY.map(lambda text: f"<p>{html.escape(text, quote=False)}</p>")),
            published_at=draw(st.none() | INSTANTS),
            updated_at=draw(INSTANTS),
            authors=tuple(draw(st.lists(NASTY, max_size=2))),
            categories=tuple(Category(term=t) for t in draw(st.lists(NASTY, max_size=2))),
            images=(Image(url=f"https://img.garam.example/{draw(NASTY)}.png", alt=draw(NASTY)),),
        )
        for n in range(draw(st.integers(0, 5)))
    ]


def parsed(body: bytes) -> Any:
    found = feedparser.parse(body, response_headers={"content-type": "application/xml; charset=utf-8"})
    assert not found.bozo, found.get("bozo_exception")
    return found


def told(entry: Any) -> tuple[object, ...]:
    """What a reader keeps of an item, by feedparser."""
    published = entry.get("published_parsed")
    return (
        entry.id,
        entry.title,
        entry.get("link"),
        entry.get("summary"),
        entry.content[0].value if "content" in entry else entry.get("summary"),  # RSS without a summary says it there
        timegm(published) if published else None,
        [tag.term for tag in entry.get("tags", [])],
        [author.name for author in entry.get("authors", []) if "name" in author],
        [medium["url"] for medium in entry.get("media_content", [])],
    )


def publishable(items: Sequence[FeedItem]) -> list[FeedItem]:
    kept = []
    for item in items:
        try:
            kept.append(fit(item))
        except ValueError:
            continue
    return kept


@settings(max_examples=150, deadline=None)
@given(nasty_items())
@example([feed_item(1, title="<a href=x>가</a> </B> &#x1F600;")])
@example([feed_item(1, title="가" * 200_000, summary="나" * 200_000)])
def test_feedparser_reads_the_same_from_both_dialects(items: list[FeedItem]) -> None:
    rss, atom = render_rss(HEAD, items), render_atom(HEAD, items)
    assert rss.quarantined == atom.quarantined
    entries = parsed(rss.body).entries
    assert [told(e) for e in entries] == [told(e) for e in parsed(atom.body).entries]
    assert [e.id for e in entries] == [item.id for item in publishable(items)]
    for entry, item in zip(entries, publishable(items), strict=True):
        assert entry.title == (html.escape(item.title, quote=False) if misread(item.title) else item.title)
        published = entry.get("published_parsed")
        assert (timegm(published) if published else None) == (
            timegm(item.published_at.timetuple()) if item.published_at else None
        )


@settings(max_examples=150, deadline=None)
@given(nasty_items())
def test_atom_readers_are_told_when_each_item_was_revised(items: list[FeedItem]) -> None:
    entries = parsed(render_atom(HEAD, items).body).entries
    assert [timegm(e.updated_parsed) for e in entries] == [timegm(i.updated_at.timetuple()) for i in publishable(items)]


@settings(max_examples=20, deadline=None)
@given(items=nasty_items())
@example(items=[feed_item(1), feed_item(2, published_at=None), feed_item(3, published_at=SEEN - timedelta(days=9))])
def test_the_reader_library_takes_the_same_ids_titles_and_dates(items: list[FeedItem], tmp_path_factory: Any) -> None:
    folder: Path = tmp_path_factory.mktemp("feeds")
    (folder / "articles.rss").write_bytes(render_rss(HEAD, items).body)
    (folder / "articles.atom").write_bytes(render_atom(HEAD, items).body)
    with reader.make_reader(":memory:", feed_root=str(folder)) as library:
        for name in ("articles.rss", "articles.atom"):
            library.add_feed(name)
        library.update_feeds()
        seen = {
            feed.url: {(e.id, e.title, e.link, e.published) for e in library.get_entries(feed=feed)}
            for feed in library.get_feeds()
        }
        assert all(feed.last_exception is None for feed in library.get_feeds())
        assert {feed.title for feed in library.get_feeds()} == {HEAD.title}
    assert seen["articles.rss"] == seen["articles.atom"]
    assert {(e[0], e[3]) for e in seen["articles.rss"]} == {(i.id, i.published_at) for i in publishable(items)}


def test_a_reader_that_knows_the_rss_feed_finds_nothing_new_in_the_atom_feed() -> None:
    items = [feed_item(n) for n in range(200)]
    known = {entry.id for entry in parsed(render_rss(HEAD, items).body).entries}
    assert len(known) == 200
    assert {entry.id for entry in parsed(render_atom(HEAD, items).body).entries} == known
