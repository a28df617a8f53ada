"""Nasty items for property tests: what careless sources bring, in any mix."""

from __future__ import annotations

import html
from datetime import UTC, datetime

from hypothesis import strategies as st

from syndication.core.model import ArticleContent, Image, Rights
from syndication.render.feed_items import Category, Enclosure, FeedHead, FeedItem, fit
from tests.render.feed_samples import HEAD, feed_item

# Words that break careless writers, between any code points, also those that no XML may hold.
PIECES = [
    *("]]>", "<![CDATA[", "<!--", "-->", "<?xml", "?>", "&amp;", "&copy;", "&#65;", "&#x1F600;", "&", "<", ">"),
    *("<b>", "</b>", "</B>", "<a href=x>", "</a>", "</p>", "<script>", "<사설>", "가람", "😀", "%s", "{0}", "'", '"'),
    *("\x0b", "\ufffe", "\ufffd", "\ud83d", "\U0001fffe", "\u200d", "\u202e", "\r\n", "\t", "\x85", "\u2028", "\xa0"),
    *("</item>", "<item>", "</entry>", "<entry>", "</channel></rss>", "</feed>", "]}", "S&P500", "Ã©", "Â©", "<MBC>"),
    *("<updated>1990-01-01T00:00:00+00:00</updated>", "<lastBuildDate>Mon, 01 Jan 1990 00:00:00 GMT</lastBuildDate>"),
]
NASTY = st.one_of(
    st.text(st.characters(), max_size=30),
    st.text(st.characters(categories=["Cc", "Cs", "Cn", "Cf", "Lo", "So", "Zs"]), max_size=20),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
INSTANTS = st.datetimes(datetime(1985, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
OURS = INSTANTS.filter(lambda at: at.year > 1990)  # what our own clock says is never older than we are
ADDRESSES = st.one_of(
    st.none(),
    st.sampled_from(["https://garam.example/news/1?a=b&c=d", "https://가람.example/기사/1", "javascript:x", "/news"]),
    NASTY.map(lambda text: f"https://garam.example/{text}"),
)
MARKUP = st.one_of(
    st.none(),
    NASTY.map(lambda text: f"<p>{html.escape(text, quote=False)}</p>"),
    NASTY,
    st.lists(
        st.sampled_from(
            [
                *(
                    "<p>",
                    "</p>",
                    "<b>",
                    "</b>",
                    "<table><tr><td>",
                    "</table>",
                    "<li>",
                    "<ul>",
                    "가",
                    "&amp;",
                    "&",
                    "<td>",
                ),
                *("<hr>", "<br/>", "<math>", "<svg><script>", "<img src=//a.example/1.jpg>", "<h2 onclick=x>"),
                *("<a href='/x'>", "<a href=https://garam.example/>", "</a>", "<!--", "-->"),
            ]
        ),
        max_size=12,
    ).map("".join),
)


@st.composite
def items(draw: st.DrawFn, number: int = 1) -> FeedItem:
    """An item of nasty words; it may be unfit to be published."""
    return feed_item(
        number,
        title=draw(NASTY) + draw(st.sampled_from(["", "가람시 소식"])),
        url=draw(ADDRESSES),
        summary=draw(st.none() | NASTY),
        content_html=draw(MARKUP),
        published_at=draw(st.none() | INSTANTS),
        updated_at=draw(OURS),
        appeared_at=draw(st.none() | INSTANTS),
        authors=tuple(draw(st.lists(NASTY, max_size=2))),
        categories=tuple(Category(term=t) for t in draw(st.lists(NASTY, max_size=2))),
        rights=draw(st.none() | NASTY),
        images=tuple(
            Image(url=f"https://img.garam.example/{draw(NASTY)}.png", alt=draw(NASTY), credit=draw(st.none() | NASTY))
            for _ in range(draw(st.integers(0, 2)))
        ),
        enclosure=draw(
            st.none()
            | st.builds(
                Enclosure,
                url=st.sampled_from(
                    ["https://img.garam.example/1.jpg", "https://img.garam.example/사진.jpg", "ftp://x/"]
                ),
                type=st.sampled_from(["image/jpeg", "그림"]),
                length=st.integers(-1, 9999),
            )
        ),
    )


@st.composite
def contents(draw: st.DrawFn) -> ArticleContent:
    """What a careless source, or a fault of ours, may have stored of an Article."""
    known = draw(st.booleans())
    return ArticleContent(
        title=draw(NASTY) + draw(st.sampled_from(["", "가람시 소식", "가" * 5000])),
        subtitle=draw(st.none() | NASTY),
        paragraphs=tuple(draw(st.lists(NASTY, max_size=3))),
        html=draw(MARKUP),
        section=draw(st.none() | st.just("사회") | NASTY),
        region=draw(st.none() | NASTY),
        url=draw(ADDRESSES),
        bylines=tuple(draw(st.lists(NASTY, max_size=2))),
        tags=tuple(draw(st.lists(NASTY, max_size=2))),
        images=tuple(
            Image(url=url, alt=draw(NASTY), credit=draw(st.none() | NASTY), licence=draw(st.none() | NASTY))
            for url in draw(st.lists(ADDRESSES.filter(bool), max_size=2))
        ),
        published_at=draw(INSTANTS) if known else None,
        published_on=draw(st.none() | st.dates()) if not known else None,
        rights=draw(st.sampled_from(Rights)),
        rights_holder=draw(st.none() | NASTY),
        robot=draw(st.booleans()),
        sponsored=draw(st.booleans()),
    )


@st.composite
def feeds(draw: st.DrawFn) -> list[FeedItem]:
    """Up to five nasty items with ids of their own."""
    return [draw(items(n)) for n in range(draw(st.integers(0, 5)))]


@st.composite
def heads(draw: st.DrawFn) -> FeedHead:
    """A head of nasty words, with anything of what a head may name."""
    address = "https://garam.example/feeds/daily/articles"
    told = {name: getattr(HEAD, name) for name in FeedHead.__slots__}
    told |= {
        "title": draw(NASTY),
        "description": draw(NASTY),
        "author": draw(NASTY),
        "rights": draw(NASTY),
        "updated_at": draw(st.none() | INSTANTS),
        "hub": draw(st.none() | st.just("https://hub.example/")),
        "stylesheet": draw(st.none() | NASTY),
        "logo": draw(st.none() | st.sampled_from(["https://garam.example/logo.png", "https://garam.example/a.svg"])),
        "current_url": draw(st.none() | st.just(f"{address}.rss")),
        "prev_url": draw(st.none() | st.just(f"{address}/2025-12.rss")),
        "next_url": draw(st.none() | st.just(f"{address}/2026-02.rss")),
        "deleted_url": draw(st.none() | st.just("https://garam.example/feeds/deleted.atom")),
    }
    return FeedHead(**told)


def publishable(found: list[FeedItem]) -> list[FeedItem]:
    kept = []
    for item in found:
        try:
            kept.append(fit(item))
        except ValueError:
            continue
    return kept
