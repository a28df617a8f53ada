"""Turns templates and view-models into pages, styles and other answers.

It chooses no content: routes hand it values.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from syndication.core.model import Edition, Subscription
from syndication.core.served import content_type
from syndication.render.tokens import css_variables, six_digits, tokens
from syndication.render.words import LANGUAGES, Words, spoken, words
from syndication.web.conditional import answer, asked_of
from syndication.web.site import Site
from syndication.web.words import negotiate

_SURROGATES = re.compile("[\ud800-\udfff]")
PAGE_CACHE = "public, max-age=60"
A_WHILE = "public, max-age=300"
FOR_EVER = "public, max-age=31536000, immutable"
_ASSETS = {"site.css": "web/site.css", "inbox.js": "web/inbox.js", "icon.svg": "web/icon.svg"}


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that pages are made with: environment, words and the files that travel beside them."""

    site: Site
    environment: Environment
    words: Mapping[str, Words]
    assets: Mapping[str, bytes]

    def words_for(self, request: Request) -> Words:
        return self.words[negotiate(request.headers.get("accept-language", ""))]

    def words_of(self, content: Edition | Subscription) -> Words:
        """The words around what is in this language."""
        return self.words[spoken(content.language)]

    def html(self, name: str, words: Words, **values: object) -> str:
        """The page as text that UTF-8 can carry, whatever an article brought along."""
        made = self.environment.get_template(f"web/{name}").render(_=words, words=words, **values)
        return _SURROGATES.sub("\ufffd", made)

    def page(self, request: Request, name: str, words: Words, *, cache: str = PAGE_CACHE, **values: object) -> Response:
        """A page with its ETag; 304 when the reader has it already."""
        asked = asked_of(request.headers.items())
        found = answer(
            self.html(name, words, **values).encode(),
            asked=asked,
            content_type="text/html; charset=utf-8",
            cache_control=cache,
            vary="Accept-Encoding, Accept-Language",
        )
        return Response(found.body, status_code=found.status, headers=dict(found.headers))

    def notice(self, words: Words, *, status: int, title: str, text: str, secret: bool = False) -> Response:
        """A short page that says one thing. `secret`: under an address that must not be kept or passed on."""
        page = self.html("notice.html", words, title=title, text=text)
        return Response(page, status_code=status, media_type="text/html", headers=secrecy() if secret else NOT_KEPT)

    def asset(self, request: Request, name: str) -> Response | None:
        body = self.assets.get(name)
        if body is None:
            return None
        asked = asked_of(request.headers.items())
        media = content_type(name) or "application/octet-stream"
        kept = FOR_EVER if request.query_params.get("v") == version(body) else A_WHILE
        found = answer(body, asked=asked, content_type=media, cache_control=kept)
        return Response(found.body, status_code=found.status, headers=dict(found.headers))


def version(body: bytes) -> str:
    """The mark that makes an address name exactly these bytes."""
    return hashlib.sha256(body).hexdigest()[:12]


NOT_KEPT = {"Cache-Control": "no-cache"}


def secrecy() -> dict[str, str]:
    """Headers of pages whose address is a secret."""
    return {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def look(site: Site) -> Look:
    """Compiles the templates once; a missing one fails here and not before a reader."""
    environment = Environment(
        loader=DictLoader(dict(site.templates)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assets = {name: site.templates[path].encode() for name, path in _ASSETS.items()}
    assets["site.css"] = (css_variables(tokens(site.outlet.accent)) + site.templates["web/site.css"]).encode()
    assets["icon.svg"] = assets["icon.svg"].replace(b"#1a5fb4", six_digits(site.outlet.accent).encode())
    versions = {name: version(body) for name, body in assets.items()}
    environment.globals.update(
        site=site,
        outlet=site.outlet,
        asset=lambda name: f"/assets/{name}?v={versions[name]}",
        clock_now=site.ports.clock.now,
    )
    said = {language: words(language, site.templates) for language in LANGUAGES}
    return Look(site=site, environment=environment, words=said, assets=assets)
