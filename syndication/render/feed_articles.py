"""Feed items of single Articles, taken from frozen Issues.

It renders no dialect; the words of an item are those the Issue was frozen with.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import date

from syndication.core.model import (
    Article,
    ArticleContent,
    ArticleStatus,
    Edition,
    Image,
    Issue,
    IssueItem,
    Outlet,
    Rights,
)
from syndication.render.feed_items import Category, Enclosure, FeedItem, image_type
from syndication.render.words import Words

NEWEST = 200
FULL_TEXT = (Rights.OWN, Rights.LICENSED)
SHOWN = (ArticleStatus.USABLE, ArticleStatus.CORRECTED)


def article_items(
    issues: Iterable[Issue], *, outlet: Outlet, edition: Edition, limit: int = NEWEST, say: Words
) -> list[FeedItem]:
    """One item per Article of these Issues, newest Issue first and in its reading order; at most `limit`.

    An Article of several Issues stands once, at its newest Revision and the place of its newest Issue."""
    chosen: dict[str, IssueItem] = {}
    for issue in sorted(issues, key=lambda i: (i.publish_at, i.id), reverse=True):
        for item in issue.content.items:
            known = chosen.get(item.article.uri)
            if known is None or known.article.revision < item.article.revision:
                chosen[item.article.uri] = item
    shown = (item for item in chosen.values() if item.article.status in SHOWN)
    return [article_item(item, outlet=outlet, edition=edition, say=say) for item in shown][:limit]


def article_item(item: IssueItem, *, outlet: Outlet, edition: Edition, say: Words) -> FeedItem:
    """The item of one Article: in full where the rights allow it, else its summary alone and no pictures."""
    article, content = item.article, item.article.content
    full = content.rights in FULL_TEXT
    images = content.images if full else ()
    return FeedItem(
        id=article.uri,
        title=content.title,
        url=item.link,
        summary=item.summary or None,
        content_html=article_html(article, say=say) if full else None,
        published_at=content.published_at,
        published_on=content.published_on,
        updated_at=article.revised_at,
        authors=content.bylines,
        categories=categories(content, item.section, outlet),
        rights=f"© {content.rights_holder or outlet.name}",
        images=images,
        enclosure=_enclosure(images),
        language=edition.language,
    )


def article_html(article: Article, *, say: Words) -> str | None:
    """The whole text as simple markup; a bare date stands under it, since feeds carry instants only."""
    content = article.content
    body = content.html or paragraphs_html(content.paragraphs)
    if not body:
        return None
    return body + (day_html(content.published_on, say) if content.published_at is None else "")


def paragraphs_html(paragraphs: Iterable[str]) -> str:
    return "".join(f"<p>{html.escape(p, quote=False).replace(chr(10), '<br>')}</p>" for p in paragraphs)


def day_html(on: date | None, say: Words) -> str:
    return f'<p><small><time datetime="{on.isoformat()}">{say.day(on)}</time></small></p>' if on else ""


def categories(content: ArticleContent, section: str, outlet: Outlet) -> tuple[Category, ...]:
    """Section, region and tags, each in its own vocabulary."""
    pairs = [("section", section or content.section), ("region", content.region), *(("tag", t) for t in content.tags)]
    return tuple(Category(term=term, scheme=f"{outlet.url}/terms/{kind}") for kind, term in pairs if term)


def _enclosure(images: tuple[Image, ...]) -> Enclosure | None:
    """The first picture whose media type is known: readers that know no Media RSS show it."""
    for image in images:
        kind = image_type(image.url)
        if kind is not None:
            return Enclosure(url=image.url, type=kind)
    return None
