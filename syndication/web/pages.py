"""The readers' pages: home, archive, Issue, feeds and how to read them.

It shows only what is out; what a page says is made by `views`.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from syndication.core.catalogue import SITEMAP, url_of
from syndication.core.model import Cadence, Edition, Issue, IssueState
from syndication.web.look import A_WHILE, Look
from syndication.web.views import cadence_of, card, feed_links, is_out, issue_page, months, on_date

ARCHIVE_LENGTH = 400
READ = ["GET", "HEAD"]
_SITE_KEY = re.compile(r"[A-Za-z0-9-]{8,128}")


def router(look: Look) -> APIRouter:
    """Routes in the order they are tried: fixed addresses first, then Editions."""
    pages = APIRouter()
    site = look.site

    @pages.api_route("/", methods=READ)
    def home(request: Request) -> Response:
        words = look.words_for(request)
        cards = tuple(card(e, latest(look, e), words) for e in site.editions)
        feeds = tuple(link for e in site.editions for link in feed_links(e, words))
        return look.page(request, "home.html", words, cards=cards, feeds=feeds)

    @pages.api_route("/feeds/", methods=READ)
    @pages.api_route("/feeds", methods=READ)
    def feeds(request: Request) -> Response:
        words = look.words_for(request)
        cards = tuple(card(e, None, words) for e in site.editions)
        links = tuple(link for each in cards for link in each.feeds)
        return look.page(request, "feeds.html", words, cards=cards, feeds=links)

    @pages.api_route("/assets/{name}", methods=READ)
    def asset(request: Request, name: str) -> Response:
        return look.asset(request, name) or not_found()

    @pages.api_route("/robots.txt", methods=READ)
    def robots() -> Response:
        sitemap = f"Sitemap: {url_of(site.outlet, SITEMAP)}\n"
        return PlainTextResponse(f"User-agent: *\nDisallow: /inbox\nDisallow: /partner-receipts\n\n{sitemap}")

    @pages.api_route("/{edition_id}/", methods=READ)
    @pages.api_route("/{edition_id}/{on}/", methods=READ)
    @pages.api_route("/{edition_id}/{on}/{cadence}/", methods=READ)
    def without_slash(edition_id: str, on: str | None = None, cadence: str | None = None) -> Response:
        """Each page has one address. Parts that we did not write ourselves are encoded: they lead nowhere else."""
        known(look, edition_id)
        path = "/".join(quote(part, safe="") for part in (edition_id, on, cadence) if part)
        return RedirectResponse(f"/{path}", status_code=301, headers={"Cache-Control": A_WHILE})

    @pages.api_route("/{name}.txt", methods=READ)
    def site_key(name: str) -> Response:
        """The file by which search engines know that this site tells them (IndexNow)."""
        found = site.ports.publisher.read(f"{name}.txt") if _SITE_KEY.fullmatch(name) else None
        return not_found() if found is None else PlainTextResponse(found)

    @pages.api_route("/{edition_id}", methods=READ)
    def archive(request: Request, edition_id: str) -> Response:
        edition = known(look, edition_id)
        words = look.words_of(edition)
        now = site.ports.clock.now()
        out = [i for i in site.ports.store.issues(edition.id, ARCHIVE_LENGTH) if is_out(i, now)]
        page = card(edition, out[0] if out else None, words)
        return look.page(request, "archive.html", words, edition=page, months=months(out, words), feeds=page.feeds)

    @pages.api_route("/{edition_id}/{on}", methods=READ)
    @pages.api_route("/{edition_id}/{on}/{cadence}", methods=READ)
    def issue(request: Request, edition_id: str, on: str, cadence: str | None = None) -> Response:
        edition = known(look, edition_id)
        found = issue_there(look, edition, on, cadence)
        if not isinstance(found, Issue):
            return found
        words = look.words_of(edition)
        page = issue_page(found, edition, site.outlet, words)
        return look.page(request, "issue.html", words, page=page, feeds=page.edition.feeds)

    return pages


def not_found() -> Response:
    raise HTTPException(status_code=404)


def known(look: Look, edition_id: str) -> Edition:
    edition = look.site.edition(edition_id)
    if edition is None:
        raise HTTPException(status_code=404)
    return edition


def latest(look: Look, edition: Edition) -> Issue | None:
    now = look.site.ports.clock.now()
    return next((i for i in look.site.ports.store.issues(edition.id, 7) if is_out(i, now)), None)


def issue_there(look: Look, edition: Edition, on: str, cadence: str | None) -> Issue | Response:
    """The Issue under a permanent link, or a page that says why there is none."""
    day = on_date(on)
    which = cadence_of(cadence) if cadence else Cadence.DAILY
    if day is None or which is None:
        raise HTTPException(status_code=404)
    found = look.site.ports.store.issue_on(edition.id, which, day)
    if found is not None and is_out(found, look.site.ports.clock.now()):
        return found
    words = look.words_of(edition)
    title = words("{day} 다이제스트는 없습니다", day=words.day(day))
    return look.notice(words, status=404, title=title, text=_why_not(look, found, edition))


def _why_not(look: Look, issue: Issue | None, edition: Edition) -> str:
    words = look.words_of(edition)
    if issue is not None and issue.state in (IssueState.FROZEN, IssueState.CLOSED):
        return words("아직 나오지 않았습니다. {when}에 나옵니다.", when=words.moment(issue.publish_at, edition.zone))
    if issue is not None and issue.state is IssueState.EMPTY:
        return words("이날은 새 기사가 없어 다이제스트를 내지 않았습니다.")
    return words("이날은 다이제스트가 나오지 않았거나 아직 나오지 않았습니다. 지난 다이제스트 목록을 살펴보세요.")
