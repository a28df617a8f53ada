"""How a published file is labelled wherever it is served: its media type, and how long others may keep it.

It serves nothing and opens nothing: a path in, words for headers out.
"""

from __future__ import annotations

import re

from syndication.core.catalogue import DIALECTS

TYPES = {
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    ".xsl": "application/xslt+xml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
}

# A correction is to be seen soon; a server that is down is not to be seen at all (RFC 5861).
FRESH = "public, max-age=300, stale-while-revalidate=60, stale-if-error=86400"
# A page of an archive never changes, except for what is taken back: that has to come through within the hour.
ARCHIVED = "public, max-age=3600, immutable, stale-if-error=604800"
FOR_EVER = "public, max-age=31536000, immutable"  # the path names exactly these bytes

PICTURES = "pictures/"  # each under the hash of its bytes

_PAGE = re.compile(
    rf"(?P<feed>feeds/.+/(?:articles|digest))/(?P<page>\d{{4}}-\d\d(?:-\d+)?)\.(?P<dialect>{'|'.join(DIALECTS)})"
)
_FEED = re.compile(rf"feeds/.+/(?:articles|digest)\.(?:{'|'.join(DIALECTS)})")


def content_type(path: str) -> str | None:
    """The media type of a served file by its suffix; None for one that is never served."""
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    if ending == "json" and not is_feed(path) and current_of(path) is None:
        return "application/json"
    return TYPES.get(dot + ending) if stem else None


def cache_control(path: str) -> str:
    """How long caches may keep the file at a path (RFC 9111 §5.2, RFC 5861, RFC 8246)."""
    if path.startswith(PICTURES):
        return FOR_EVER
    return FRESH if current_of(path) is None else ARCHIVED


def is_packed(media: str) -> bool:
    """Whether files of a type are packed already, so that gzip would only cost time."""
    return media.startswith("image/") and "svg" not in media


def current_of(path: str) -> str | None:
    """feeds/daily/articles.rss for feeds/daily/articles/2026-01.rss; None for what is no page of an archive."""
    page = _PAGE.fullmatch(path)
    return None if page is None else f"{page['feed']}.{page['dialect']}"


def is_feed(path: str) -> bool:
    """Whether a path is that of a Feed itself: not of a page of its archive, nor of a list."""
    return _FEED.fullmatch(path) is not None
