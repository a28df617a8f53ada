"""Extension classes that put right what feedgen 1.0.0 writes wrongly, by its own extension hook.

They decide nothing about content: they write what a FeedItem or FeedHead holds where feedgen loses or bends it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from syndication.core.model import Image
from syndication.render.feed_items import FeedHead, FeedItem, image_type

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
HISTORY = "http://purl.org/syndication/history/1.0"  # RFC 5005
SY = "http://purl.org/rss/1.0/modules/syndication/"
TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}

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


# --- RSS -------------------------------------------------------------------------------------


class RssFeed(BaseExtension):  # type: ignore[misc]
    """Channel elements of RSS that feedgen drops, misplaces or formats by locale. Runs before the items come."""

    head: FeedHead

    def extend_ns(self) -> dict[str, str]:
        return {"dc": DC, "media": MEDIA, "sy": SY} | ({"fh": HISTORY} if self.head.archived else {})

    def extend_rss(self, rss: Element) -> Element:
        channel = rss[0]
        _respell(channel.iterfind("title"), channel.iterfind("description"), channel.iterfind("copyright"))
        _respell(channel.iterfind("image/title"))
        if self.head.updated_at is not None:
            _add(channel, "lastBuildDate", rfc822(self.head.updated_at))
        for link in feed_links(self.head, "rss"):
            etree.SubElement(channel, f"{{{ATOM}}}link", attrib=link)
        if self.head.archived:
            etree.SubElement(channel, f"{{{HISTORY}}}archive")
        else:
            _add(channel, f"{{{SY}}}updatePeriod", "hourly")
            _add(channel, f"{{{SY}}}updateFrequency", str(max(60 // max(self.head.ttl, 1), 1)))
        _add_stylesheet(rss, self.head)
        return rss


class RssItem(BaseEntryExtension):  # type: ignore[misc]
    """Item elements of RSS: date without setlocale, bylines without e-mail, rights, images without a group."""

    item: FeedItem

    def extend_rss(self, element: Element) -> Element:
        _respell(element.iterfind("title"), element.iterfind("category"))
        if self.item.published_at is not None:
            _add(element, "pubDate", rfc822(self.item.published_at))
        for author in self.item.authors:
            _add(element, f"{{{DC}}}creator", author)
        if self.item.rights is not None:
            _add(element, f"{{{DC}}}rights", self.item.rights)
        _add_images(element, self.item.images)
        return element


# --- Atom ------------------------------------------------------------------------------------


class AtomFeed(BaseExtension):  # type: ignore[misc]
    """The links that feedgen's own call would put in another order, namespaces, archive mark and stylesheet."""

    head: FeedHead

    def extend_ns(self) -> dict[str, str]:
        return {"media": MEDIA} | ({"fh": HISTORY} if self.head.archived else {})

    def extend_atom(self, feed: Element) -> Element:
        _respell(*(feed.iterfind(name) for name in ("title", "subtitle", "rights", "author/name")))
        for link in feed_links(self.head, "atom"):
            etree.SubElement(feed, "link", attrib=link)
        if self.head.archived:
            etree.SubElement(feed, f"{{{HISTORY}}}archive")
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
        _respell(entry.iterfind("title"), entry.iterfind("rights"), entry.iterfind("author/name"))
        for category in entry.iterfind("category"):
            if _AMISS.search(category.get("label")):
                del category.attrib["label"]  # an attribute knows no second spelling; the term says the same
        if item.url is not None:
            etree.SubElement(entry, "link", rel="alternate", type="text/html", hreflang=item.language, href=item.url)
        if item.enclosure is not None:
            link = etree.SubElement(entry, "link", rel="enclosure", type=item.enclosure.type, href=item.enclosure.url)
            if item.enclosure.length:
                link.set("length", str(item.enclosure.length))
        _add_images(entry, item.images)
        return entry


# --- what both share -------------------------------------------------------------------------


def feed_links(head: FeedHead, dialect: str) -> Iterator[dict[str, str]]:
    """Attributes of the links that feedgen drops from RSS: hub (WebSub), archive (RFC 5005), tombstones (RFC 6721)."""
    kind = TYPES[dialect]
    if head.hub is not None and not head.archived:
        yield {"rel": "hub", "href": head.hub}
    for rel, url in (
        ("current", head.current_url),
        ("prev-archive", head.prev_url),
        ("next-archive", head.next_url),
    ):
        if url is not None:
            yield {"rel": rel, "type": kind, "href": url}
    if head.deleted_url is not None:
        yield {"rel": "related", "type": TYPES["atom"], "href": head.deleted_url}


_AMISS = re.compile("[<&]")
_SPELLED = {"<": "#x3C", "&": "#x26"}


def spell(element: Element, text: str) -> None:
    """Set plain text, with < and & as hexadecimal references.

    The RSS Advisory Board's profile asks for them in titles and the like, and validators tell by them that no markup is
    meant; to every parser they are the same."""
    if not _AMISS.search(text):
        element.text = text
        return
    element.text, *rest = _AMISS.split(text)
    for sign, tail in zip(_AMISS.findall(text), rest, strict=True):
        reference = etree.Entity(_SPELLED[sign])
        reference.tail = tail
        element.append(reference)


def _respell(*found: Iterable[Element]) -> None:
    """Spell texts that feedgen has set."""
    for elements in found:
        for element in elements:
            if element.text and _AMISS.search(element.text):
                spell(element, element.text)


def _add(parent: Element, name: str, text: str) -> Element:
    child = etree.SubElement(parent, name)
    spell(child, text)
    return child


def _add_images(parent: Element, images: tuple[Image, ...]) -> None:
    """Media RSS 1.5.1; never a media:group, which is for several versions of one picture.

    What a picture shows is its media:title: feedparser takes a media:description for the story's own summary."""
    for image in images:
        content = etree.SubElement(parent, f"{{{MEDIA}}}content", url=image.url, medium="image")
        _set(content, type=image_type(image.url), width=image.width, height=image.height)
        if image.alt:
            _add(content, f"{{{MEDIA}}}title", image.alt).set("type", "plain")
        if image.credit is not None:
            _add(content, f"{{{MEDIA}}}credit", image.credit).set("role", "photographer")
        if image.licence is not None:
            _add(content, f"{{{MEDIA}}}copyright", image.licence)
    for image in images[:1]:
        thumbnail = etree.SubElement(parent, f"{{{MEDIA}}}thumbnail", url=image.small or image.url)
        if image.small is None:
            _set(thumbnail, width=image.width, height=image.height)


def _set(element: Element, **values: object) -> None:
    for name, value in values.items():
        if value is not None:
            element.set(name, str(value))


def _add_stylesheet(root: Element, head: FeedHead) -> None:
    """Name the XSL stylesheet, and behind it the CSS beside it: browsers are about to drop XSLT."""
    if head.stylesheet is None:
        return
    href = head.stylesheet.replace("?>", "?%3E")
    _add_style(root, "text/xsl", href)
    if href.endswith(".xsl"):
        _add_style(root, "text/css", href.removesuffix(".xsl") + ".css")


def _add_style(root: Element, kind: str, href: str) -> None:
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="{kind}" href={quoteattr(href)}'))
