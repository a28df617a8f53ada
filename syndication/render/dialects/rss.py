"""RSS 2.0 for a Partner: a feed of one item, with Media RSS's own word for what was taken back.

It is pushed or dropped; the feeds that readers fetch are `feeds`'.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from syndication.render.dialects.document import Document, Rendering, Standing
from syndication.render.dialects.facts import Facts, facts, moment
from syndication.render.dialects.one_item import feed_of
from syndication.render.dialects.written import Element, rendering, told
from syndication.render.feed_repairs import MEDIA
from syndication.render.feeds import render_rss

CONTENT_TYPE = "application/rss+xml; charset=utf-8"
DCTERMS = "http://purl.org/dc/terms/"
# Media RSS 1.5.1, media:status: whether a thing is to be shown.
STATUS = {Standing.WITHHELD: "blocked", Standing.CANCELED: "deleted"}


def render(document: Document) -> Rendering:
    """A channel with one item. Raises Unfit for a Revision without a title."""
    of = facts(document)
    feed = feed_of(document, of, render_rss)
    return rendering(document, before(feed, b"</item>", _more(of)), CONTENT_TYPE, "xml")


def before(feed: bytes, end: bytes, elements: Iterator[Element]) -> bytes:
    """The feed with these at the end of its only item, each with its own namespace. In XML < begins markup alone."""
    at = feed.rindex(end)
    return feed[:at] + b"".join(etree.tostring(e, encoding="UTF-8") for e in elements) + feed[at:]


def _more(of: Facts) -> Iterator[Element]:
    yield term("modified", moment(of.revised_at))
    if of.embargo_until:
        yield term("available", moment(of.embargo_until))
    status = etree.Element(f"{{{MEDIA}}}status", nsmap={"media": MEDIA})
    yield told(status, {"state": STATUS.get(of.standing, "active"), "reason": of.note})


def term(name: str, value: str) -> Element:
    """An element of the DCMI metadata terms."""
    element = etree.Element(f"{{{DCTERMS}}}{name}", nsmap={"dcterms": DCTERMS})
    element.text = value
    return element
