"""Renders tombstones (RFC 6721): which Articles were taken back, as an Atom document of its own.

It holds no item: in the Feeds a stub stands in the place of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lxml import etree

from syndication.core.catalogue import DELETED, Restatement, url_of
from syndication.core.model import Outlet
from syndication.render.feed_articles import taken_back
from syndication.render.feed_items import FeedHead, as_uri, instant, plain
from syndication.render.feed_repairs import AtomFeed, Element, spell
from syndication.render.feeds import atom_bytes, fit_head
from syndication.render.words import Words

TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"


class DeletedFeed(AtomFeed):
    """An Atom feed whose entries are all gone."""

    author: str
    gone: Sequence[tuple[str, Restatement, str]]  # its URI, what it is, the words for readers

    def extend_ns(self) -> dict[str, str]:
        return {"at": TOMBSTONES}

    def extend_atom(self, feed: Element) -> Element:
        super().extend_atom(feed)
        for uri, retraction, words in self.gone:
            when = instant(retraction.at).isoformat()
            stone = etree.SubElement(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=uri, when=when)
            by = etree.SubElement(stone, f"{{{TOMBSTONES}}}by")
            spell(etree.SubElement(by, "name"), self.author)
            comment = etree.SubElement(stone, f"{{{TOMBSTONES}}}comment", type="text")
            spell(comment, words)
        return feed


def deleted_feed(retractions: Sequence[Restatement], *, outlet: Outlet, language: str, say: Words) -> bytes:
    """The document of these retractions, in the order given; never empty of what Atom asks for."""
    gone = [
        (uri, one, plain(taken_back(one.notice, canceled=one.canceled, say=say)))
        for one in retractions
        if (uri := as_uri(one.uri, one.article_uri)) is not None
    ]
    head = fit_head(_head(outlet, language, say))
    newest = max((instant(one.at) for one in retractions), default=None)
    extension = type("Deleted", (DeletedFeed,), {"gone": gone, "author": head.author})
    return atom_bytes(replace(head, updated_at=newest), (), extension=extension)


def _head(outlet: Outlet, language: str, say: Words) -> FeedHead:
    return FeedHead(
        id=f"tag:{outlet.domain},2026:feed/deleted",
        title=say("{outlet} 취소된 기사", outlet=outlet.name),
        description=say("{outlet}의 피드에서 취소되거나 보류된 기사", outlet=outlet.name),
        self_url=url_of(outlet, DELETED),
        site_url=f"{outlet.url}/",
        language=language,
        author=outlet.name,
        rights=f"© {outlet.name}",
        updated_at=None,
    )
