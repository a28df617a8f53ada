"""What each Feed says of itself, by what its items have in common; also of the pages of its archive.

It renders no dialect.
"""

from __future__ import annotations

from datetime import datetime

from syndication.core.catalogue import DELETED, Feed, Page, Scope, path_of, uri_of, url_of
from syndication.core.model import Edition, Outlet
from syndication.render.feed_items import FeedHead
from syndication.render.words import Words

STYLESHEET = "feed.xsl"  # in feeds/


def feed_head(
    feed: Feed,
    dialect: str,
    *,
    outlet: Outlet,
    edition: Edition | None,
    language: str,
    updated_at: datetime | None,
    say: Words,
    archive: str | None = None,
    page: Page | None = None,
    hub: str | None = None,
    ttl: int = 15,
) -> FeedHead:
    """The head of a Feed, or of a page of its archive. `archive` names the newest page that is closed."""
    title, description = named(feed, outlet, edition, say)
    before = page.before if page is not None else archive
    return FeedHead(
        id=uri_of(outlet.domain, feed.key),
        title=title if page is None else f"{title} {page.name}",
        description=description,
        self_url=_url(outlet, feed, dialect, page.name if page else None),
        site_url=f"{outlet.url}/{edition.id}" if edition is not None else f"{outlet.url}/",
        language=language,
        author=outlet.name,
        rights=f"© {outlet.name}",
        updated_at=updated_at,
        ttl=ttl,
        hub=hub,
        stylesheet=_stylesheet(path_of(feed.key, dialect, page.name if page else None)),
        logo=outlet.logo,
        deleted_url=url_of(outlet, DELETED),
        current_url=_url(outlet, feed, dialect) if page is not None else None,
        prev_url=_url(outlet, feed, dialect, before) if before is not None else None,
        next_url=_url(outlet, feed, dialect, page.after) if page is not None else None,
    )


def named(feed: Feed, outlet: Outlet, edition: Edition | None, say: Words) -> tuple[str, str]:
    """Title and description, distinct for each Feed."""
    if feed.kind == "digest" and edition is not None:
        return edition.title, say("{outlet}의 아침 소식과 날씨를 한 번에", outlet=outlet.name)
    about = say("{outlet}의 기사를 하나씩", outlet=outlet.name)
    if feed.scope is Scope.EDITION:
        return say("{edition} 기사", edition=edition.title if edition is not None else feed.term), about
    kinds = {
        Scope.OUTLET: say("{outlet} 모든 기사 ({word})", outlet=outlet.name, word=feed.term),
        Scope.SECTION: say("{outlet} {word} 면", outlet=outlet.name, word=feed.term),
        Scope.REGION: say("{outlet} {word} 소식", outlet=outlet.name, word=feed.term),
        Scope.TAG: f"{outlet.name} #{feed.term}",
    }
    return kinds[feed.scope], about


def list_names(outlet: Outlet, say: Words) -> tuple[str, dict[Scope, str]]:
    """The title of the list of all Feeds, and how each group in it is called, in order."""
    groups = {
        Scope.EDITION: say("다이제스트와 기사"),
        Scope.OUTLET: say("매체"),
        Scope.SECTION: say("면"),
        Scope.REGION: say("지역"),
        Scope.TAG: say("태그"),
    }
    return say("{outlet} 피드", outlet=outlet.name), groups


def _url(outlet: Outlet, feed: Feed, dialect: str, page: str | None = None) -> str:
    return url_of(outlet, path_of(feed.key, dialect, page))


def _stylesheet(path: str) -> str:
    """The way from a file below feeds/ to the stylesheet there: pages of another host still find it."""
    return "../" * (path.count("/") - 1) + STYLESHEET
