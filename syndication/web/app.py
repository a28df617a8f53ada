"""Puts the pages together into one ASGI application.

It holds no route's words or rules: each area has its own module.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from syndication.ports import Transient, Unknown
from syndication.web import inbox, leaving, operating, pages, provider_events, push
from syndication.web.feeds import STYLESHEET, Addresses, Feeds
from syndication.web.feeds_places import Published
from syndication.web.guard import HEADERS, Guard, content_policy
from syndication.web.look import Look, look
from syndication.web.site import Site
from syndication.web.stories import image_sources

log = structlog.get_logger(__name__)


def create_app(site: Site) -> Feeds:
    """The whole web of one installation: what is published, and the pages behind it.

    Raises KeyError when a template is missing."""
    addresses = Addresses(outlet=site.outlet, hubs=site.hubs, moved=site.moved, ended=site.ended)
    place = site.published or Published(site.ports.publisher)
    return Feeds(_pages(site), place=place, stylesheet=site.templates[STYLESHEET], addresses=addresses)


def _pages(site: Site) -> FastAPI:
    made = look(site)
    policy = content_policy(images=image_sources(site.outlet))
    app = FastAPI(
        title="syndication",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Guard, policy=policy, longer={push.PATH: push.LARGEST}),
        ],
        exception_handlers={
            HTTPException: _refused(made),
            Transient: _not_now(made),
            Unknown: _not_now(made),  # the database went away; what readers do may be done again
            Exception: _broken(made, policy),
        },
    )
    for area in (operating, provider_events, push, leaving, inbox, pages):
        app.include_router(area.router(made))
    return app


Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def _refused(made: Look) -> Handler:
    async def page(request: Request, error: HTTPException) -> Response:
        words = made.words_for(request)
        if error.status_code == 405:
            title, text = words("이 주소는 그렇게 쓸 수 없습니다"), words("주소를 다시 확인해 주세요.")
        else:
            title = words("찾으시는 페이지가 없습니다")
            text = words("주소가 바뀌었거나 잘못 적혔을 수 있습니다. 첫 화면에서 다시 찾아보세요.")
        response = made.notice(words, status=error.status_code, title=title, text=text)
        response.headers.update(error.headers or {})
        return response

    return page


def _not_now(made: Look) -> Handler:
    async def page(request: Request, _: Exception) -> Response:
        words = made.words_for(request)
        text = words("잠시 뒤에 다시 열어 주세요.")
        response = made.notice(words, status=503, title=words("지금은 보여 드릴 수 없습니다"), text=text)
        response.headers["Retry-After"] = "30"
        return response

    return page


def _broken(made: Look, policy: str) -> Handler:
    """The framework answers this outside of every other layer, so the page brings its own headers."""

    async def page(request: Request, error: Exception) -> Response:
        log.error("page failed", route=str(request.scope.get("route", "")), error=type(error).__name__)
        words = made.words_for(request)
        text = words("잠시 뒤에 다시 열어 주세요.")
        response = made.notice(words, status=500, title=words("문제가 생겼습니다"), text=text)
        response.headers.update({**HEADERS, "Content-Security-Policy": policy})
        return response

    return page
