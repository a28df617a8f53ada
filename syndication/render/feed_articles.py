"""Feed items of single Articles, each with the words it appeared with.

It renders no dialect. An Article that was taken back stays as a stub: readers ignore tombstones.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from datetime import date, datetime

from syndication.core.catalogue import SHOWN, Story
from syndication.core.model import Article, ArticleContent, ArticleStatus, Image, Outlet, Rights
from syndication.core.prose import summary
from syndication.render.feed_items import Category, Enclosure, FeedItem, image_type, unmade
from syndication.render.words import Words

FULL_TEXT = (Rights.OWN, Rights.LICENSED)


def article_item(story: Story, *, outlet: Outlet, say: Words) -> FeedItem:
    """The item of one Article: in full where the rights allow it, else its summary alone and no pictures.

    What is stored of it may be beyond rendering: then the item says why, and is quarantined alone."""
    make = _item if story.article.status in SHOWN else _stub
    try:
        return make(story, outlet=outlet, say=say)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one Article must not cost a feed
        return unmade(story.uri, story.appeared_at, error)


def _item(story: Story, *, outlet: Outlet, say: Words) -> FeedItem:
    article, content = story.article, story.article.content
    full = content.rights in FULL_TEXT
    images = content.images if full else ()
    return FeedItem(
        id=story.uri,
        uri=article.uri,
        title=content.title,
        url=story.link,
        summary=(story.summary if story.summary is not None else summary(content.paragraphs)) or None,
        content_html=article_html(article, say=say) if full else None,
        published_at=content.published_at,
        published_on=content.published_on,
        updated_at=_updated_at(story),
        authors=content.bylines,
        categories=categories(content, story.section, outlet),
        rights=f"© {content.rights_holder or outlet.name}",
        images=images,
        enclosure=_enclosure(images),
        language=story.language,
        appeared_at=story.appeared_at,
    )


def _stub(story: Story, *, outlet: Outlet, say: Words) -> FeedItem:
    """What stands in the place of an Article that was taken back and why. A hold may be about the headline itself."""
    canceled = story.article.status is ArticleStatus.CANCELED
    said = taken_back(story.notice, canceled=canceled, say=say)
    return FeedItem(
        id=story.uri,
        uri=story.article.uri,
        title=f"{mark(canceled, say)} {story.article.content.title}" if canceled else mark(canceled, say),
        url=story.link,
        summary=said,
        content_html=paragraphs_html([said]),
        published_at=story.article.content.published_at,
        updated_at=_updated_at(story),
        rights=f"© {outlet.name}",
        language=story.language,
        appeared_at=story.appeared_at,
    )


def mark(canceled: bool, say: Callable[[str], str]) -> str:
    return say("[기사 취소]") if canceled else say("[기사 보류]")


def taken_back(notice: str | None, *, canceled: bool, say: Callable[[str], str]) -> str:
    """The publisher's own words on it, or plain ones."""
    return notice or (say("이 기사는 취소되었습니다.") if canceled else say("이 기사는 보류되었습니다."))


def _updated_at(story: Story) -> datetime:
    at = story.article.revised_at
    return at if story.restated_at is None else max(at, story.restated_at)


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
