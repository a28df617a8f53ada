"""Where a CMS posts its articles: /push/<Source id>, with the Source's token, held to a schema, any number of times.

It says nothing to whoever has no token, and keeps no body.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict
from typing import Any

import structlog
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from syndication.collecting.pushing import receive
from syndication.core.model import Source, SourceKind
from syndication.core.pushed import Refused, schema
from syndication.ports import Transient, Unknown
from syndication.web.look import NOT_KEPT, Look

log = structlog.get_logger(__name__)

PATH = "/push/"
LARGEST = 2_000_000
_RETRY = {"Retry-After": "30"}


def router(look: Look) -> APIRouter:
    pushes = APIRouter()
    site = look.site
    sources = {s.id: s for s in site.sources if s.kind is SourceKind.PUSH and s.id in site.source_keys}
    if not sources:
        return pushes

    @pushes.get(PATH + "schema.json")
    async def told() -> JSONResponse:
        return JSONResponse(schema())

    @pushes.post(PATH + "{source_id}")
    async def take(source_id: str, request: Request) -> JSONResponse:
        source = sources.get(source_id)
        if not _authorized(request, site.source_keys.get(source_id, "") if source else ""):
            return _answer(401, {"errors": ["a token of this Source is needed: Authorization: Bearer …"]})
        assert source is not None
        return await run_in_threadpool(_taken, look, source, await request.body())

    return pushes


def _authorized(request: Request, token: str) -> bool:
    """Compared in a time that tells nothing; an unknown Source costs as much as a wrong token."""
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(said.strip().encode(), token.encode())
    return right and kind.lower() == "bearer" and bool(token)


def _taken(look: Look, source: Source, body: bytes) -> JSONResponse:
    try:
        received = receive(look.site.ports, source, body, domain=look.site.outlet.domain)
    except Refused as refused:
        log.warning("push refused", source=source.id, faults=len(refused.faults))
        return _answer(422, {"errors": list(refused.faults)})
    except (Transient, Unknown) as error:
        log.warning("push put off", source=source.id, reason=type(error).__name__)
        return JSONResponse({"errors": ["not now: push it again"]}, 503, {**NOT_KEPT, **_RETRY})
    return _answer(200, asdict(received))


def _answer(status: int, words: dict[str, Any]) -> JSONResponse:
    return JSONResponse(words, status, NOT_KEPT)
