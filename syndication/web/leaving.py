"""Leaving an Edition: GET shows one button and changes nothing, POST ends the Subscription at once (RFC 8058).

It asks for no login, cookie or confirmation mail, and tells a stranger nothing about any address.
"""

from __future__ import annotations

from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from syndication.core.links import Purpose, verify
from syndication.core.model import Event, EventKind, Subscription, SubscriptionState
from syndication.web.look import Look, secrecy
from syndication.web.pages import READ


def router(look: Look) -> APIRouter:
    leaving = APIRouter()

    @leaving.api_route("/u/{token}", methods=[*READ, "POST"])  # one route, so that Allow names every method
    async def leave(request: Request, token: str) -> Response:
        if request.method != "POST":
            return await run_in_threadpool(ask, look, request, token)
        cause = "one-click" if b"One-Click" in await request.body() else "page"
        return await run_in_threadpool(end, look, request, token, cause)

    return leaving


def ask(look: Look, request: Request, token: str) -> Response:
    """The page with one button; it says so where the Subscription has ended already."""
    subscription = subscription_of(look, token)
    if subscription is None:
        return no_such_link(look, request)
    ended = subscription.state is SubscriptionState.ENDED
    return _page(look, request, subscription, "left.html" if ended else "leave.html")


def end(look: Look, request: Request, token: str, cause: str) -> Response:
    """Ends the Subscription of the token; asked again it says the same."""
    subscription = subscription_of(look, token)
    if subscription is None:
        return no_such_link(look, request)
    ports = look.site.ports
    event = Event(
        id=f"leave:{uuid4().hex}",  # a reader who came back may leave again
        kind=EventKind.ENDED,
        at=ports.clock.now(),
        cause=cause,
        subscription_id=subscription.id,
    )
    ports.store.end_subscription(event)
    return _page(look, request, subscription, "left.html")


def subscription_of(look: Look, token: str) -> Subscription | None:
    """The Subscription a leave link names; None when the link is forged, broken, too old or names nobody."""
    ports = look.site.ports
    found = verify(token, Purpose.UNSUBSCRIBE, look.site.keys)
    if found is None or (found.expires and found.expires < ports.clock.now().timestamp()):
        return None
    if found.number >= 2**63:
        return None
    return ports.store.subscription(found.number)


def no_such_link(look: Look, request: Request) -> Response:
    """One answer for every link that does not work, whatever the reason."""
    words = look.words_for(request)
    title, text = words("이 링크는 쓸 수 없습니다"), words("주소가 잘렸거나 오래된 링크일 수 있습니다.")
    advice = words("최근에 받은 다이제스트 맨 아래의 ‘수신 거부’를 누르거나 아래 연락처로 알려 주세요.")
    return look.notice(words, status=404, title=title, text=f"{text} {advice}", secret=True)


def masked(address: str) -> str:
    """re•••@example.com: enough for its owner, not for a stranger."""
    local, _, domain = address.rpartition("@")
    return f"{local[: min(2, len(local) - 1)]}•••@{domain}"


def _page(look: Look, request: Request, subscription: Subscription, name: str) -> Response:
    words = look.words_of(subscription)
    edition = look.site.edition(subscription.edition_id)
    page = look.html(
        name,
        words,
        title=edition.title if edition else subscription.edition_id,
        edition_path=f"/{edition.id}" if edition else "/",
        address=masked(subscription.address),
        here=request.url.path,
    )
    return Response(page, media_type="text/html", headers=secrecy())
