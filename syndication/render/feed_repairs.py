"""Extension classes that put right what feedgen 1.0.0 writes wrongly, by its own extension hook.

They decide nothing about content: they write what a FeedItem or FeedHead holds where feedgen loses or bends it.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from syndication.core.model import Image
from syndication.render.feed_items import FeedHead, FeedItem, image_type, misread

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"

Element = Any  # lxml's elements; its stubs and feedgen's untyped tree do not meet


class Unsaid(datetime):
    """A datetime that feedgen takes for unset.

    feedgen formats every RSS date through setlocale, which changes the locale of the whole process under the feet of
    other threads. Given this it writes no date, and `RssFeed` writes it."""

    def __bool__(self) -> bool:
        return False


def unsaid(at: datetime) -> Unsaid:
    return Unsaid(at.year, at.month, at.day, tzinfo=at.tzinfo)


def rfc822(at: datetime) -> str:
    """Tue, 20 Jan 2026 21:30:00 GMT, whatever the locale. `at` in UTC."""
    return format_datetime(at, usegmt=True)


def told_apart(item: FeedItem) -> datetime:
    """The Revision's time with a fraction of a second drawn from the id.

    Articles of one poll share their time, and entries of an Atom feed should not (the W3C feed validator's
    DuplicateUpdated); the fraction never changes, since the id does not."""
    return item.updated_at.replace(microsecond=zlib.crc32(item.id.encode()) % 1_000_000)


class RssFeed(BaseExtension):  # type: ignore[misc]
    """Channel elements of RSS that feedgen drops, misplaces or formats by locale. Runs before the items come."""

    head: FeedHead

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DC, "media": MEDIA}

    def extend_rss(self, rss: Element) -> Element:
        channel = rss[0]
        if self.head.updated_at is not None:
            _add(channel, "lastBuildDate", rfc822(self.head.updated_at))
        if self.head.hub is not None:
            etree.SubElement(channel, f"{{{ATOM}}}link", href=self.head.hub, rel="hub")
        _add_stylesheet(rss, self.head)
        return rss


class RssItem(BaseEntryExtension):  # type: ignore[misc]
    """Item elements of RSS: date without setlocale, bylines without e-mail, rights, images without a group."""

    item: FeedItem

    def extend_rss(self, element: Element) -> Element:
        if self.item.published_at is not None:
            _add(element, "pubDate", rfc822(self.item.published_at))
        for author in self.item.authors:
            _add(element, f"{{{DC}}}creator", author)
        if self.item.rights is not None:
            _add(element, f"{{{DC}}}rights", self.item.rights)
        _add_images(element, self.item.images)
        return element


class AtomFeed(BaseExtension):  # type: ignore[misc]
    """The namespace of images and the stylesheet; feedgen's feed-level links are sound."""

    head: FeedHead

    def extend_ns(self) -> dict[str, str]:
        return {"media": MEDIA}

    def extend_atom(self, feed: Element) -> Element:
        _add_stylesheet(feed, self.head)
        return feed


class AtomEntry(BaseEntryExtension):  # type: ignore[misc]
    """Entry links with the rel, type and length that feedgen loses, and images without a group.

    Inside the Atom hooks elements carry no namespace: `link` is the name to look for and to create."""

    item: FeedItem

    def extend_atom(self, entry: Element) -> Element:
        for broken in entry.findall("link"):
            entry.remove(broken)
        item = self.item
        if misread(item.title):
            entry.find("title").set("type", "html")
        if item.url is not None:
            etree.SubElement(entry, "link", rel="alternate", type="text/html", hreflang=item.language, href=item.url)
        if item.enclosure is not None:
            link = etree.SubElement(entry, "link", rel="enclosure", type=item.enclosure.type, href=item.enclosure.url)
            if item.enclosure.length:
                link.set("length", str(item.enclosure.length))
        _add_images(entry, item.images)
        return entry


def _add(parent: Element, name: str, text: str) -> Element:
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _add_images(parent: Element, images: tuple[Image, ...]) -> None:
    """Media RSS 1.5.1; never a media:group, which is for several versions of one picture.

    What a picture shows is its media:title: feedparser takes a media:description for the story's own summary."""
    for image in images:
        content = etree.SubElement(parent, f"{{{MEDIA}}}content", url=image.url, medium="image")
        kind = image_type(image.url)
        for name, value in (("type", kind), ("width", image.width), ("height", image.height)):
            if value is not None:
                content.set(name, str(value))
        if image.alt:
            _add(content, f"{{{MEDIA}}}title", image.alt).set("type", "plain")
        if image.credit is not None:
            _add(content, f"{{{MEDIA}}}credit", image.credit).set("role", "photographer")
        if image.licence is not None:
            _add(content, f"{{{MEDIA}}}copyright", image.licence)


def _add_stylesheet(root: Element, head: FeedHead) -> None:
    if head.stylesheet is not None:
        href = quoteattr(head.stylesheet.replace("?>", "?%3E"))
        root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/xsl" href={href}'))
