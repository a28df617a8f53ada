"""Renders lists beside the Feeds: all of them as OPML 2.0, and the newest Articles as a Google News sitemap.

It holds no items of its own and no dates but those of what it lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from syndication.core.catalogue import SHOWN, Story
from syndication.core.model import Rights
from syndication.render.feed_items import SLACK, FeedHead, plain, public_uri

MAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
LONGEST_LOC = 2048  # characters (sitemaps.org)
MOST_IN_MAP = 1000  # news:news elements (Google's own limit)
NEWS_AGE = timedelta(days=2)  # what is older Google ignores

# --- OPML ------------------------------------------------------------------------------------


def opml(title: str, groups: Sequence[tuple[str, Sequence[FeedHead]]], *, owner: str) -> bytes:
    """OPML 2.0 of Feeds in named groups, each with its RSS address (http://opml.org/spec2.opml).

    It tells no date of its own: a list that names the same Feeds stays the same."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _word(title)
    etree.SubElement(head, "ownerName").text = _word(owner)
    body = etree.SubElement(root, "body")
    for name, feeds in groups:
        group = etree.SubElement(body, "outline", text=_word(name))
        for feed in feeds:
            etree.SubElement(group, "outline", attrib=_outline(feed))
    return _document(root)


def _outline(feed: FeedHead) -> dict[str, str]:
    return {
        "type": "rss",
        "text": _word(feed.title) or feed.self_url,
        "title": _word(feed.title) or feed.self_url,  # some readers know no other
        "description": _word(feed.description),
        "xmlUrl": feed.self_url,
        "htmlUrl": feed.site_url,
        "language": feed.language,
        "version": "RSS2",
    }


def _word(text: str) -> str:
    """Plain text where OPML allows markup: signs of markup stand in their wide form."""
    return plain(text).replace("<", "＜").replace("&", "＆")


# --- news sitemap ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One Article in the sitemap. `published` is the W3C date of its first publication."""

    url: str
    title: str
    language: str
    published: str
    on: date
    changed_at: datetime


def listed(stories: Iterable[Story], *, home: str, zone: str, at: datetime) -> list[Listed]:
    """The Articles of the last two days that a news sitemap may name, newest first.

    Left out: what was taken back, paid for or is another's, and what stands elsewhere under an unknown date, since
    the date is that of first publication. What stands on our own pages (below `home`) was published as it appeared.
    Of several under one address the first one counts."""
    found = (_listed_or_none(story, home=home, zone=ZoneInfo(zone), at=at) for story in stories)
    once: dict[str, Listed] = {}
    for one in sorted((one for one in found if one is not None), key=lambda one: (one.on, one.published, one.title)):
        once.setdefault(one.url, one)
    return sorted(once.values(), key=lambda one: (one.on, one.published, one.url), reverse=True)


def _listed_or_none(story: Story, *, home: str, zone: ZoneInfo, at: datetime) -> Listed | None:
    try:
        return _listed(story, home=home, zone=zone, at=at)
    except Exception:  # noqa: BLE001 - in its Feeds it is quarantined with its reason; the others are listed
        return None


def _listed(story: Story, *, home: str, zone: ZoneInfo, at: datetime) -> Listed | None:
    content = story.article.content
    url, title = public_uri(story.link or ""), plain(content.title)
    if story.article.status not in SHOWN or content.sponsored or content.rights is Rights.NOT_FOR_PASSING_ON:
        return None
    told = _published(story, zone, at, ours=story.link is not None and story.link.startswith(f"{home}/"))
    if url is None or len(url) >= LONGEST_LOC or not title or told is None:
        return None
    return Listed(
        url=url,
        title=title,
        language=story.language,
        published=told[0],
        on=told[1],
        changed_at=max(story.article.revised_at, story.appeared_at),
    )


def _published(story: Story, zone: ZoneInfo, at: datetime, *, ours: bool) -> tuple[str, date] | None:
    """Its date as W3C dates are written, and its local day; None where unknown, to come, or over two days ago."""
    content = story.article.content
    if content.published_on is not None and content.published_at is None:
        days = (at - NEWS_AGE).astimezone(zone).date(), at.astimezone(zone).date()
        known = days[0] < content.published_on <= days[1]  # of the earliest day a part is over two days ago
        return (content.published_on.isoformat(), content.published_on) if known else None
    instant = content.published_at or (story.appeared_at if ours else None)
    if instant is None or not at - NEWS_AGE <= instant <= at + SLACK:
        return None
    local = instant.astimezone(zone).replace(microsecond=0)
    return local.isoformat(), local.date()


def news_maps(found: Sequence[Listed], *, publication: str) -> Mapping[str, bytes]:
    """The sitemaps by a name of their own, one for each day and thousand: only the newest changes."""
    maps: dict[str, bytes] = {}
    for on, of_day in groupby(found, key=lambda one: one.on):
        oldest_first = list(of_day)[::-1]
        for part, start in enumerate(range(0, len(oldest_first), MOST_IN_MAP), 1):
            name = f"{on.isoformat()}-{part}"
            maps[name] = news_map(oldest_first[start : start + MOST_IN_MAP], publication)
    return maps


def news_map(found: Sequence[Listed], publication: str) -> bytes:
    """One sitemap of these Articles."""
    root = _root("urlset", news=NEWS)
    for one in found:
        url = etree.SubElement(root, f"{{{MAPS}}}url")
        etree.SubElement(url, f"{{{MAPS}}}loc").text = one.url
        news = etree.SubElement(url, f"{{{NEWS}}}news")
        paper = etree.SubElement(news, f"{{{NEWS}}}publication")
        etree.SubElement(paper, f"{{{NEWS}}}name").text = plain(publication)
        etree.SubElement(paper, f"{{{NEWS}}}language").text = one.language
        etree.SubElement(news, f"{{{NEWS}}}publication_date").text = one.published
        etree.SubElement(news, f"{{{NEWS}}}title").text = one.title
    return _document(root)


def news_index(urls: Iterable[str]) -> bytes:
    """The index of the sitemaps: the one address that search engines are told."""
    root = _root("sitemapindex")
    for address in urls:
        etree.SubElement(etree.SubElement(root, f"{{{MAPS}}}sitemap"), f"{{{MAPS}}}loc").text = address
    return _document(root)


def _root(name: str, **prefixes: str) -> etree._Element:
    spaces: Any = {None: MAPS, **prefixes}  # the stubs know no default namespace
    return etree.Element(f"{{{MAPS}}}{name}", nsmap=spaces)


def _document(root: etree._Element) -> bytes:
    made: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return made
