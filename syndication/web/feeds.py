"""Serves what is published like static files, in front of the web framework: validators, codings, moves, caching.

It renders no feed: the bytes come from where the Publisher put them. Only a person who opens a feed in a browser gets a
page instead, made from the same bytes by the stylesheet that browsers without XSLT cannot apply themselves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from syndication.core.catalogue import url_of
from syndication.core.model import Outlet
from syndication.core.served import PICTURES, cache_control, content_type, current_of, is_feed, is_packed
from syndication.ports import Permanent, Transient
from syndication.web.conditional import IDENTITY, coding_for, instant, match, none_match
from syndication.web.feeds_copies import Copies, Headers, Label, Ready, Reply, ready
from syndication.web.feeds_page import links, readable_page
from syndication.web.feeds_places import Found, Place, is_safe
from syndication.web.guard import HEADERS, content_policy

STYLESHEET = "feeds/feed.xsl"
OURS = ("/feeds/", "/sitemap-news", f"/{PICTURES}")
_A_DAY = "public, max-age=86400"
_POLICY = content_policy(scripts=True)  # browsers that know XSLT count a stylesheet as a script

Asked = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What the operator decided about addresses. Keys of `moved` and members of `ended` are paths: /rss/all.xml."""

    outlet: Outlet
    hubs: tuple[str, ...] = ()  # of WebSub
    moved: Mapping[str, str] = field(default_factory=dict)  # to a path here or a URL
    ended: tuple[str, ...] = ()  # with a closing slash: everything below


class Feeds:
    """ASGI: answers /feeds/…, news sitemaps and older addresses itself and hands everything else to `app`."""

    def __init__(self, app: ASGIApp, *, place: Place, stylesheet: str, addresses: Addresses) -> None:
        self.app = app
        self.addresses = addresses
        self.elsewhere = bool(addresses.moved or addresses.ended)
        self.copies = Copies(place, self._label)
        self.stylesheet = Found(body=stylesheet.encode(), changed_at=None, mark=None)
        self.styles: dict[str, Ready] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"] if scope["type"] == "http" else ""
        if not self.is_ours(path):
            await self.app(scope, receive, send)
            return
        reply = await self._answer(scope["method"], path, scope["headers"])
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    def is_ours(self, path: str) -> bool:
        """Whether a path is answered here."""
        return (path.startswith(OURS) and path != "/feeds/") or (self.elsewhere and self._elsewhere(path) is not None)

    def at_once(self, path: str, headers: Headers) -> Reply | None:
        """The answer to a GET whose file is at hand, as most are; None when it has to be looked for.

        Raises Transient."""
        asked = _fields(headers)
        if b"sec-fetch-dest" in asked or (self.elsewhere and self._elsewhere(path) is not None):
            return None
        found = self.copies.at_hand(path[1:], _coding(asked))
        return None if found is None else _reply(found, asked)

    async def _answer(self, method: str, path: str, headers: Headers) -> Reply:
        """The answer to one request; never raises for a path that is not there or a place that fails."""
        if method not in ("GET", "HEAD"):
            return _plain(405, "Feeds can only be read.\n", {"Allow": "GET, HEAD"})
        try:
            return self.at_once(path, headers) or self._elsewhere(path) or await self._found(path[1:], _fields(headers))
        except Permanent:  # of a place that the operator has to mend, not of the path: nobody may take it for an end
            return _later() if is_safe(path[1:]) else _missing()
        except Transient:
            return _later()

    async def _found(self, path: str, asked: Asked) -> Reply:
        found = await self._fetched(path, _coding(asked))
        if found is None:
            return await self._missing(path)
        page = await self._page(path) if _is_for_a_person(path, asked) else None
        return page or _reply(found, asked)

    async def _fetched(self, path: str, coding: str) -> Ready | None:
        if path == STYLESHEET:
            if coding not in self.styles:
                self.styles[coding] = ready(self.stylesheet, coding, self._label(path))
            return self.styles[coding]
        if content_type(path) is None or not is_safe(path):
            return None
        return await self.copies.current(path, coding)

    def _label(self, path: str) -> Label:
        media = content_type(path) or ""
        always = {"Cache-Control": cache_control(path), "Vary": "Accept-Encoding"}
        entity = {"Content-Type": media, "Content-Security-Policy": _POLICY, **HEADERS}
        if self.addresses.hubs and is_feed(path):
            entity["Link"] = _web_sub(url_of(self.addresses.outlet, path), self.addresses.hubs)
        return Label(always=_headers(always), entity=_headers(entity), packable=not is_packed(media))

    async def _page(self, path: str) -> Reply | None:
        """The feed as a page, never stored by anybody: under this address caches keep the feed alone."""
        feed = await self.copies.current(path, IDENTITY)
        if feed is None:
            return None
        page = await run_in_threadpool(readable_page, feed.body, self.stylesheet.body)
        if page is None:
            return None
        headers = {"Cache-Control": "private, no-store", "Vary": "Accept-Encoding, Sec-Fetch-Dest, Accept"}
        return _whole(200, page, "text/html; charset=utf-8", headers)

    # --- what stands elsewhere ---------------------------------------------------------------

    def _elsewhere(self, path: str) -> Reply | None:
        """301 or 410 for an address that the operator moved or ended."""
        moved, ended = self.addresses.moved, self.addresses.ended
        if path in moved:
            return self._moved(moved[path])
        if ended and any(path == each or (each.endswith("/") and path.startswith(each)) for each in ended):
            words = "This feed has ended. / 이 피드는 끝났습니다.\n"
            return _plain(410, words, {"Cache-Control": _A_DAY})
        return None

    def _moved(self, to: str) -> Reply:
        address = url_of(self.addresses.outlet, unquote(to[1:])) if to.startswith("/") else to
        return _plain(301, f"{address}\n", {"Location": address, "Cache-Control": _A_DAY})

    async def _missing(self, path: str) -> Reply:
        """404; but a redirect for another spelling of the same letters, and for the archive's next page."""
        spelt = unicodedata.normalize("NFC", path)
        if spelt != path and is_safe(spelt) and await self.copies.current(spelt, IDENTITY) is not None:
            return self._moved(f"/{spelt}")
        current = current_of(path)
        if current is not None and is_safe(path) and await self._is_next(path, current):
            address = url_of(self.addresses.outlet, current)
            return _plain(307, f"{address}\n", {"Location": address, "Cache-Control": "no-cache"})
        return _missing()

    async def _is_next(self, path: str, current: str) -> bool:
        """Whether the newest page of a feed's archive names this one as what comes next (RFC 5005 §4)."""
        feed = await self.copies.current(current, IDENTITY)
        home = f"{self.addresses.outlet.url}/"
        newest = [unquote(url.removeprefix(home)) for url in links(feed.body, "prev-archive")] if feed else []
        page = await self.copies.current(newest[0], IDENTITY) if newest and is_safe(newest[0]) else None
        return page is not None and url_of(self.addresses.outlet, path) in links(page.body, "next-archive")


def _fields(headers: Headers) -> Asked:
    """Request headers by name; one that came in several lines is one list (RFC 9110 §5.3)."""
    asked = dict(headers)
    if len(asked) == len(headers):
        return asked
    return {name: b", ".join(value for each, value in headers if each == name) for name in asked}


def _coding(asked: Asked) -> str:
    accepted = asked.get(b"accept-encoding")
    return IDENTITY if accepted is None else coding_for(accepted.decode("latin-1"))


def _is_for_a_person(path: str, asked: Asked) -> bool:
    """Whether a browser navigates here. Programs, also scripts in a page, do not send `document`."""
    shown = path.endswith((".rss", ".atom"))
    return shown and asked.get(b"sec-fetch-dest") == b"document" and b"text/html" in asked.get(b"accept", b"")


# --- answers ---------------------------------------------------------------------------------


def _reply(found: Ready, asked: Asked) -> Reply:
    """200, 304 or 412, judged in the order of RFC 9110 §13.2.2."""
    if (b"if-match" in asked or b"if-unmodified-since" in asked) and _is_refused(found, asked):
        return _plain(412, "The feed is another one by now.\n", {})
    tags = asked.get(b"if-none-match")
    if tags is None:
        same = b"if-modified-since" in asked and _is_since(found, asked[b"if-modified-since"])
    else:
        same = none_match(tags.decode("latin-1"), found.etag)
    return found.reply(same=same)


def _is_refused(found: Ready, asked: Asked) -> bool:
    if b"if-match" in asked:
        return not match(asked[b"if-match"].decode("latin-1"), found.etag)
    at = instant(asked[b"if-unmodified-since"].decode("latin-1"))
    return at is not None and found.changed_at is not None and found.changed_at > at


def _is_since(found: Ready, since: bytes) -> bool:
    at = instant(since.decode("latin-1"))
    return at is not None and found.changed_at is not None and found.is_dated() and found.changed_at <= at


def _later() -> Reply:
    later = {"Retry-After": "30", "Cache-Control": "no-store"}
    return _plain(503, "The feed cannot be read just now.\n", later)


def _missing() -> Reply:
    return _plain(404, "There is no such feed. / 이 주소에는 피드가 없습니다.\n", {"Cache-Control": "no-cache"})


def _plain(status: int, words: str, headers: Mapping[str, str]) -> Reply:
    return _whole(status, words.encode(), "text/plain; charset=utf-8", headers)


def _whole(status: int, body: bytes, media: str, headers: Mapping[str, str]) -> Reply:
    entity = {"Content-Type": media, "Content-Length": str(len(body)), "Content-Security-Policy": _POLICY}
    return Reply(status, _headers({**entity, **HEADERS, **headers}), body)


def _headers(named: Mapping[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]


def _web_sub(topic: str, hubs: tuple[str, ...]) -> str:
    """WebSub §4: the topic's own address and the hubs to subscribe at."""
    return ", ".join((f'<{topic}>; rel="self"', *(f'<{quote(hub, safe=_IN_URL)}>; rel="hub"' for hub in hubs)))


_IN_URL = ":/?#[]@!$&'()*+,;=%"
