"""Copies of readers' pages, to stand where feeds are published: what is read there when this installation is down.

It publishes nothing: whoever publishes feeds asks for the page of each Issue. A copy is the page that `pages` serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syndication.core.model import Issue
from syndication.core.served import content_type
from syndication.ports import Copy, Pages
from syndication.publish import page_path
from syndication.web.look import look
from syndication.web.site import Site
from syndication.web.views import issue_page

NEEDED = ("site.css", "icon.svg")  # what a page of an Issue asks for beside itself


def copies_of(site: Site) -> Pages:
    """Makes copies of this site's pages, without what only this machine shows. Templates are compiled once."""
    made = look(replace(site, inbox=None, receipts=None))
    types = {name: content_type(name) or "application/octet-stream" for name in NEEDED}
    assets = [Copy(path=f"assets/{name}", body=made.assets[name], content_type=types[name]) for name in NEEDED]

    def copies(issue: Issue) -> Sequence[Copy]:
        edition = site.edition(issue.edition_id)
        if edition is None:  # taken out of publisher.toml since: its last pages stay
            return ()
        words = made.words_of(edition)
        page = issue_page(issue, edition, site.outlet, words)
        body = made.html("issue.html", words, page=page, feeds=page.edition.feeds).encode()
        return [*assets, Copy(path=page_path(issue), body=body, content_type="text/html; charset=utf-8")]

    return copies
