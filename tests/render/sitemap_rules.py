"""A checker of our own for sitemaps: the protocol's rules (sitemaps.org) and Google's for news, by names of ours.

It judges one document at an instant; what stands behind its addresses it does not ask.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from lxml import etree

MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
MOST_OCTETS, MOST_MAPS, MOST_NEWS, LONGEST = 52_428_800, 50_000, 1000, 2048
LOC = re.compile(r"https?://[a-z0-9.-]+(:\d+)?(/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%#]*)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
W3C = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?")
LANGUAGE = re.compile(r"[a-z]{2,3}|zh-cn|zh-tw")
PARTS = {  # element -> what stands in it, each once
    f"{{{MAP}}}sitemap": ("loc",),
    f"{{{MAP}}}url": ("loc", "news"),
    f"{{{NEWS}}}news": ("publication", "publication_date", "title"),
    f"{{{NEWS}}}publication": ("name", "language"),
}
Broken = Iterator[tuple[str, object]]


def broken_rules(body: bytes, at: datetime, zone: str) -> list[tuple[str, str]]:
    """The rules that a sitemap or an index breaks, as (rule, where); its bare dates are days of `zone`."""
    return [(rule, str(where)[:200]) for rule, where in _judged(body, at, ZoneInfo(zone))]


def _judged(body: bytes, at: datetime, zone: ZoneInfo) -> Broken:
    if len(body) > MOST_OCTETS:
        yield "TooLarge", len(body)
    if not re.match(rb"<\?xml[^>]*encoding=['\"]UTF-8['\"]", body):
        yield "NotUTF8", body[:60]
    try:
        root = etree.fromstring(body)
    except etree.XMLSyntaxError as error:
        yield "NotWellFormed", error
        return
    if root.tag not in (f"{{{MAP}}}urlset", f"{{{MAP}}}sitemapindex"):
        yield "UnknownRoot", root.tag
        return
    if root.tag.endswith("index"):
        yield from _index(root)
    else:
        yield from _news(root, at, zone)
    yield from _addresses(root)


def _index(root: etree._Element) -> Broken:
    if not 0 < len(root) <= MOST_MAPS:
        yield "TooManyMaps" if len(root) else "EmptyIndex", len(root)
    for child in root:
        yield from _parts(child)


def _news(root: etree._Element, at: datetime, zone: ZoneInfo) -> Broken:
    if len(root) > MOST_NEWS:
        yield "TooManyNews", len(root)
    for url in root:
        for element in (url, *url.iter(f"{{{NEWS}}}news", f"{{{NEWS}}}publication")):
            yield from _parts(element)
        yield from _words(url)
        for date in url.iter(f"{{{NEWS}}}publication_date"):
            yield from _dated(date.text or "", at, zone)


def _parts(element: etree._Element) -> Broken:
    wanted, there = PARTS.get(str(element.tag), ()), Counter(etree.QName(child).localname for child in element)
    for name in wanted:
        if there[name] != 1:
            yield "MissingPart" if not there[name] else "DuplicatePart", f"{element.tag}/{name}"
    for name in there.keys() - set(wanted):
        yield "UnknownElement", f"{element.tag}/{name}"
    if not wanted:
        yield "UnknownElement", element.tag


def _words(url: etree._Element) -> Broken:
    for language in url.iter(f"{{{NEWS}}}language"):
        if not LANGUAGE.fullmatch(language.text or ""):
            yield "InvalidLanguage", language.text
    for word in url.iter(f"{{{NEWS}}}name", f"{{{NEWS}}}title"):
        if not (word.text or "").strip():
            yield "BlankWords", word.tag


def _dated(text: str, at: datetime, zone: ZoneInfo) -> Broken:
    if not W3C.fullmatch(text):
        yield "InvalidW3CDate", text
        return
    bare = DAY.fullmatch(text) is not None
    when = datetime.combine(datetime.fromisoformat(text), time(), zone) if bare else datetime.fromisoformat(text)
    if when < at - timedelta(days=2):
        yield "OlderThanTwoDays", text
    if when > at + timedelta(minutes=10):
        yield "DateToCome", text


def _addresses(root: etree._Element) -> Broken:
    found = [loc.text or "" for loc in root.iter(f"{{{MAP}}}loc")]
    for address in found:
        if not LOC.fullmatch(address):
            yield "InvalidLoc", address
        if len(address) >= LONGEST:
            yield "LocTooLong", len(address)
    for address, count in Counter(found).items():
        if count > 1:
            yield "DuplicateLoc", address
