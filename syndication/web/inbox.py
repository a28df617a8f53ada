"""The inbox page of the sandbox: the newest Issue as each sample reader got it, and what the sample Partner got.

It exists only where bootstrap gives a mailbox; in production these addresses are not found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from syndication.core.health import terms
from syndication.core.model import Balance, Channel, Edition, Issue, Subscription
from syndication.render.words import Words
from syndication.watch import balances
from syndication.web.guard import content_policy
from syndication.web.look import Look
from syndication.web.mailview import frame_policy, framed, plain_page
from syndication.web.pages import READ, latest
from syndication.web.site import InboxMail, PartnerReceipt
from syndication.web.stories import image_sources
from syndication.web.views import feed_links, issue_link

TERMS = {
    "accepted": "전달됨",
    "suppressed": "발송 금지",
    "excluded": "제외",
    "failed": "실패",
    "expired": "기한 지남",
    "cancelled": "취소",
    "uncertain": "불확실",
    "waiting": "대기",
}
CHANNELS = {Channel.EMAIL: "이메일", Channel.FEED: "피드", Channel.PARTNER: "파트너"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the mails are looked at; each part is one toggle and one word of the query."""

    width: str = "phone"
    look: str = "light"
    part: str = "html"

    def address(self, **change: str) -> str:
        """The inbox page with one toggle changed."""
        return "/inbox?" + urlencode(self._query(replace(self, **change)))

    def frame(self, mail_id: str) -> str:
        return f"/inbox/mail/{mail_id}?" + urlencode({"look": self.look, "part": self.part})

    @staticmethod
    def _query(view: View) -> dict[str, str]:
        return {"width": view.width, "look": view.look, "part": view.part}


CHOICES = {"width": ("phone", "desktop"), "look": ("light", "dark"), "part": ("html", "text", "raw")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One reader's mail as a column of the page."""

    id: str
    address: str
    subject: str
    choices: tuple[str, ...]
    frame: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One Channel's balance in its words."""

    channel: str
    name: str
    audience: int
    terms: tuple[tuple[str, str, int], ...]
    closes: bool


def router(look: Look) -> APIRouter:
    routes = APIRouter()
    site = look.site
    policy_here = content_policy(scripts=True, frames=True)

    @routes.api_route("/inbox", methods=READ)
    def inbox(request: Request) -> Response:
        if site.inbox is None:
            raise HTTPException(status_code=404)
        words, view = look.words_for(request), view_of(request.query_params)
        newest = newest_issue(look)
        response = look.page(
            request,
            "inbox.html",
            words,
            cache="no-store",
            view=view,
            letters=letters(site.inbox(), site.ports.store.subscriptions(), view, words),
            balances=balance_lines(look, newest, words),
            issue=issue_link(newest[1], words) if newest else None,
            edition=newest[0] if newest else None,
            receipts=receipts_of(look),
            feeds=feed_links(newest[0], words) if newest else (),
        )
        response.headers["Content-Security-Policy"] = policy_here
        return response

    @routes.api_route("/inbox/mail/{mail_id}", methods=READ)
    def mail(request: Request, mail_id: str) -> Response:
        found = next((m for m in (site.inbox() if site.inbox else ()) if m.id == mail_id), None)
        if found is None:
            raise HTTPException(status_code=404)
        view = view_of(request.query_params)
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": frame_policy(image_sources(site.outlet)),
            "Referrer-Policy": "no-referrer",
        }
        return HTMLResponse(mail_page(found, view), headers=headers)

    @routes.api_route("/partner-receipts", methods=READ)
    def receipts(request: Request) -> Response:
        if site.receipts is None:
            raise HTTPException(status_code=404)
        words = look.words_for(request)
        documents = [(receipt, readable(receipt)) for receipt in receipts_of(look)]
        zone = site.editions[0].zone if site.editions else "UTC"
        return look.page(request, "receipts.html", words, cache="no-store", documents=documents, zone=zone)

    return routes


def view_of(query: Mapping[str, str]) -> View:
    """The asked-for view; what is not known counts as not asked."""
    asked = {name: query[name] for name, known in CHOICES.items() if query.get(name) in known}
    return replace(View(), **asked)


def newest_per_reader(mails: Iterable[InboxMail]) -> tuple[InboxMail, ...]:
    """The last mail of each address, by address."""
    newest: dict[str, InboxMail] = {}
    for mail in mails:
        known = newest.get(mail.address)
        if known is None or received_at(mail) >= received_at(known):
            newest[mail.address] = mail
    return tuple(newest[address] for address in sorted(newest))


def received_at(mail: InboxMail) -> datetime:
    """When it came, else its Date header, else before everything."""
    if mail.received_at is not None:
        return mail.received_at
    date = BytesHeaderParser(policy=policy.compat32).parsebytes(mail.raw).get("Date", "")
    try:
        found = parsedate_to_datetime(str(date))
    except (ValueError, TypeError):
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def letters(
    mails: Iterable[InboxMail], subscriptions: Iterable[Subscription], view: View, words: Words
) -> tuple[Letter, ...]:
    by_address = {s.address.lower(): s for s in subscriptions}
    return tuple(
        Letter(
            id=mail.id,
            address=mail.address,
            subject=mail.subject,
            choices=_choices(by_address.get(mail.address.lower()), words),
            frame=view.frame(mail.id),
        )
        for mail in newest_per_reader(mails)
    )


def mail_page(mail: InboxMail, view: View) -> str:
    dark = view.look == "dark"
    if view.part == "html":
        return framed(mail.html, dark=dark)
    text = mail.text if view.part == "text" else mail.raw.decode("utf-8", "replace")
    return plain_page(text, title=mail.subject, dark=dark)


def balance_lines(look: Look, newest: tuple[Edition, Issue] | None, words: Words) -> tuple[Line, ...]:
    if newest is None:
        return ()
    found = balances(look.site.ports.store, newest[1])
    return tuple(_line(channel, balance, words) for (_, channel), balance in found.items() if balance.audience)


def newest_issue(look: Look) -> tuple[Edition, Issue] | None:
    """The Issue that came out last over all Editions."""
    out = [(edition, issue) for edition in look.site.editions if (issue := latest(look, edition)) is not None]
    return max(out, key=lambda pair: pair[1].publish_at, default=None)


def receipts_of(look: Look) -> Sequence[PartnerReceipt]:
    """What the sample Partner got, newest first."""
    found = look.site.receipts() if look.site.receipts else ()
    return sorted(found, key=lambda receipt: receipt.received_at, reverse=True)


def readable(receipt: PartnerReceipt) -> str:
    """The document with line breaks where it is JSON, else as it came."""
    try:
        return json.dumps(json.loads(receipt.body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return receipt.body


def _line(channel: Channel, balance: Balance, words: Words) -> Line:
    named = tuple((name, words(TERMS[name]), number) for name, number in terms(balance))
    return Line(
        channel=channel, name=words(CHANNELS[channel]), audience=balance.audience, terms=named, closes=balance.closes
    )


def _choices(subscription: Subscription | None, words: Words) -> tuple[str, ...]:
    if subscription is None:
        return ()
    chosen = subscription.choices
    stations = ", ".join(chosen.stations) or words("기본 지점")
    sections = ", ".join(chosen.sections) or words("모든 분야")
    return (words("날씨: {names}", names=stations), words("분야: {names}", names=sections))
