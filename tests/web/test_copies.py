"""Copies of readers' pages are the pages that are served, and say the same whenever they are made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syndication.core.links import issue_path
from syndication.web.copies import copies_of
from tests.web.conftest import House, with_sandbox


def test_a_copy_is_the_page_that_is_served_with_the_files_it_needs(house: House) -> None:
    address = issue_path(house.issue.edition_id, house.issue.on, house.issue.cadence)
    *assets, page = copies_of(with_sandbox(house).site)(house.issue)
    house.site = replace(house.site, inbox=None, receipts=None)
    browser = house.client()
    assert browser.get(address).content == page.body
    for asset in assets:
        served = browser.get(f"/{asset.path}")
        assert (served.content, served.headers["content-type"]) == (asset.body, asset.content_type)
    assert page.path == f"{address}/index.html".removeprefix("/")
    assert b"/inbox" not in page.body
    for name in ("site.css", "icon.svg"):
        assert f"/assets/{name}".encode() in page.body


def test_a_copy_made_again_has_the_same_bytes(house: House) -> None:
    first = copies_of(house.site)(house.issue)
    house.clock.move(timedelta(days=40))
    assert copies_of(house.site)(house.issue) == first


def test_an_edition_that_was_taken_out_gets_no_page(house: House) -> None:
    assert copies_of(replace(house.site, editions=()))(house.issue) == ()
