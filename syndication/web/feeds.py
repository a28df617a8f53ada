"""Serves published feeds like static files, in front of the framework: ETag, 304, gzip, HEAD.

It renders no feed: the bytes come from the Publisher. Only a person who opens a feed in a browser gets a page
instead, made from the same bytes by the stylesheet that browsers without XSLT cannot apply themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from syndication.ports import Permanent, Publisher, Transient
from syndication.web.conditional import Answer, answer, asked_of
from syndication.web.guard import content_policy
from syndication.web.site import content_type

STYLESHEET = "feeds/feed.xsl"
CACHE = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
_NO_ACCESS = etree.XSLTAccessControl.DENY_ALL  # type: ignore[attr-defined]  # the stubs leave it out
_SAFE_PATH = re.compile(r"feeds(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


class Feeds:
    """ASGI: answers /feeds/… itself and hands everything else to `app`."""

    def __init__(self, app: ASGIApp, *, publisher: Publisher, stylesheet: str) -> None:
        self.policy = content_policy(scripts=True)  # browsers that know XSLT count a stylesheet as a script
        self.app = app
        self.publisher = publisher
        self.stylesheet = stylesheet.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix("/") if scope["type"] == "http" else ""
        if not path.startswith("feeds/") or path == "feeds/":
            await self.app(scope, receive, send)
            return
        asked = asked_of((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        found = await run_in_threadpool(self.answer, scope["method"], path, asked)
        await _send(found, scope["method"], self.policy, send)

    def answer(self, method: str, path: str, asked: Mapping[str, str]) -> Answer:
        """The answer to one request; never raises for a path that is not there or a disk that fails."""
        if method not in ("GET", "HEAD"):
            return _plain(405, "Feeds can only be read.\n", ("Allow", "GET, HEAD"))
        if path == STYLESHEET:
            return answer(self.stylesheet, asked=asked, content_type=content_type(path) or "", cache_control=CACHE)
        try:
            return self._published(path, asked) or _missing()
        except Permanent:
            return _missing()
        except Transient:
            later = (("Retry-After", "30"), ("Cache-Control", "no-store"))
            return _plain(503, "The feed cannot be read just now.\n", *later)

    def _published(self, path: str, asked: Mapping[str, str]) -> Answer | None:
        media = content_type(path)
        if media is None or not _SAFE_PATH.fullmatch(path):
            return None
        changed_at = self.publisher.changed_at(path)  # before the bytes: a late date would hide a change for ever
        body = self.publisher.read(path)
        if body is None:
            return None
        page = readable_page(body, self.stylesheet) if _person(asked) else None
        if page is not None:
            return _page(page)
        return answer(body, asked=asked, content_type=media, cache_control=CACHE, changed_at=changed_at)


def readable_page(feed: bytes, stylesheet: bytes) -> bytes | None:
    """The feed as an HTML page by its own stylesheet; None for what is no feed in XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        transform = etree.XSLT(etree.fromstring(stylesheet, parser), access_control=_NO_ACCESS)
        return bytes(transform(etree.fromstring(feed, parser)))
    except (etree.XMLSyntaxError, etree.XSLTError):
        return None


def _person(asked: Mapping[str, str]) -> bool:
    """Whether a browser navigates here. Programs, also scripts in a page, do not send `document`."""
    return asked.get("sec-fetch-dest") == "document" and "text/html" in asked.get("accept", "")


def _page(page: bytes) -> Answer:
    """Never stored by anybody: under this address caches keep the feed alone."""
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
        ("Cache-Control", "private, no-store"),
        ("Vary", "Accept-Encoding, Sec-Fetch-Dest, Accept"),
    )
    return Answer(status=200, headers=headers, body=page)


def _missing() -> Answer:
    return _plain(404, "There is no such feed. / 이 주소에는 피드가 없습니다.\n", ("Cache-Control", "no-cache"))


def _plain(status: int, words: str, *headers: tuple[str, str]) -> Answer:
    body = words.encode()
    entity = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))))
    return Answer(status=status, headers=(*entity, *headers), body=body)


async def _send(found: Answer, method: str, policy: str, send: Send) -> None:
    every = (*found.headers, ("Content-Security-Policy", policy))
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in every]
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else found.body})
