"""The record of feeds for one Revision: what `feeds` needs to render it as a feed of one item.

It writes no dialect; RSS, Atom and JSON Feed add what their Partners want said besides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from syndication.render.dialects.document import Document, Standing
from syndication.render.dialects.facts import Facts
from syndication.render.feed_items import Category, Enclosure, FeedHead, FeedItem, Unfit, image_type
from syndication.render.feeds import Rendered

Render = Callable[[FeedHead, Sequence[FeedItem]], Rendered]


def feed_of(document: Document, of: Facts, render: Render) -> bytes:
    """A feed that holds the Revision alone. Raises Unfit where feeds can hold no such item: one without a title."""
    made = render(_head(document, of), [_item(document, of)])
    for _, reason in made.quarantined:
        raise Unfit(reason)
    return made.body


def _head(document: Document, of: Facts) -> FeedHead:
    outlet = document.outlet
    return FeedHead(
        id=f"tag:{outlet.domain},2026:partner-feed",
        title=of.provider,
        description=of.provider,
        self_url=document.wishes.fetched_at or outlet.url,
        site_url=outlet.url,
        language=of.language,
        author=of.provider,
        rights=of.terms or f"© {of.provider}",
        updated_at=of.revised_at,
    )


def _item(document: Document, of: Facts) -> FeedItem:
    return FeedItem(
        id=of.id,
        title=of.headed or "",
        url=of.url,
        updated_at=of.revised_at,
        summary=" ".join(filter(None, (of.notice, of.summary))) or None,
        content_html=of.markup or None,
        published_at=of.published_at,
        published_on=of.published_on,
        authors=of.bylines,
        categories=(*_categories(of), _standing(document, of)),
        rights=of.copyright,
        images=of.pictures,
        enclosure=_enclosure(of),
        language=of.language,
        appeared_at=of.first_seen_at,
    )


def _categories(of: Facts) -> list[Category]:
    """Under a Partner's own name where it has one: it sorts by its own names."""
    return [Category(term=s.code or s.name, scheme=None if s.code else s.uri.rpartition("/")[0]) for s in of.subjects]


def _standing(document: Document, of: Facts) -> Category:
    """status/corrected, for machines; the title tells people."""
    word = document.correction if of.standing is Standing.CORRECTED and document.correction else of.standing
    return Category(term=word.value, scheme=f"{document.outlet.url}/terms/status")


def _enclosure(of: Facts) -> Enclosure | None:
    kinds = ((image, image_type(image.url)) for image in of.pictures)
    return next((Enclosure(url=image.url, type=kind) for image, kind in kinds if kind), None)
