"""A wall in front of every page: security headers, and an end to bodies that are too long or too slow.

It knows no page: a page that needs other rules sets the header itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 64 * 1024
SLOWEST_BODY = timedelta(seconds=20)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}


def content_policy(*, images: tuple[str, ...] = (), scripts: bool = False, frames: bool = False) -> str:
    """A Content-Security-Policy without third parties: what a page does not need is forbidden."""
    rules = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": " ".join(("'self'", *images)),
        "script-src": "'self'" if scripts else "'none'",
        "frame-src": "'self'" if frames else "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class BodyRefusedError(Exception):
    """The request body is too long or came too slowly."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Guard:
    """ASGI: adds the headers a page has not set and hands on only bodies read whole within the limits."""

    def __init__(self, app: ASGIApp, *, policy: str, longer: Mapping[str, int] | None = None) -> None:
        """`longer`: how long bodies may be below some paths, by the beginning of the path."""
        self.app = app
        self.longer = dict(longer or {})
        self.headers = {**HEADERS, "Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            body = await _whole_body(scope, receive, self._longest(scope["path"]))
        except BodyRefusedError as refused:
            await _refuse(refused.status, guarded)
            return
        await self.app(scope, _replay(body, receive), guarded)

    def _longest(self, path: str) -> int:
        return next((most for start, most in self.longer.items() if path.startswith(start)), LONGEST_BODY)


async def _whole_body(scope: Scope, receive: Receive, longest: int) -> bytes:
    if scope["method"] in ("GET", "HEAD"):
        return b""
    declared = next((v for n, v in scope["headers"] if n == b"content-length"), b"0")
    if not declared.isdigit() or len(declared) > 12 or int(declared) > longest:
        raise BodyRefusedError(413)
    try:
        async with asyncio.timeout(SLOWEST_BODY.total_seconds()):
            return await _read(receive, longest)
    except TimeoutError:
        raise BodyRefusedError(408) from None


async def _read(receive: Receive, longest: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > longest:
            raise BodyRefusedError(413)
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body already read, then whatever comes after it."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


async def _refuse(status: int, send: Send) -> None:
    words = {413: b"The request body is too long.\n", 408: b"The request body came too slowly.\n"}[status]
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(words)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": words})
