"""The digest in a real browser: readable by axe-core's rules, and within the screen, in light and dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from syndication.core.model import Choices, IssueContent, Origin, Weather
from tests.render.make import OUTLET, WEATHER, content, digest, item, station

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs the Debian package chromium"),
    pytest.mark.xdist_group("browser"),
]
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="needs the npm package axe-core (sh tests/prepare.sh)")

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675" width="1200" height="675">'
    '<rect width="1200" height="675" fill="#7d99ad"/></svg>'
)
PRINTED = replace(station("가람", origin=Origin.WIDGET, sky=None, temperature=None), forecast=None)

DIGESTS = {
    "1": lambda: digest(content(1)),
    "8": lambda: digest(content(8)),
    "25": lambda: digest(content(25)),
    "english": lambda: digest(content(8), language="en"),
    "one station": lambda: digest(content(3), Choices(stations=("해솔",))),
    "no weather": lambda: digest(replace(content(2), weather=Weather())),
    "last resort": lambda: digest(
        replace(content(2), weather=replace(WEATHER, stations=(PRINTED,), last_resort=True, observed_at=None))
    ),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


def opened(browser: Browser, html: str, *, width: int, scheme: Any) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.route("**/*", _answer)
    page.set_content(html)
    return page


def _answer(route: Route) -> None:
    if route.request.url.startswith(OUTLET.url):
        route.fulfill(status=200, content_type="image/svg+xml", body=PICTURE)
    else:
        route.abort()


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", DIGESTS)
def test_axe_finds_nothing_critical_or_serious(browser: Browser, name: str, scheme: str) -> None:
    page = opened(browser, DIGESTS[name]()[0], width=800, scheme=scheme)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    bad = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("critical", "serious")]
    page.context.close()
    assert bad == []


@needs_axe
def test_axe_would_see_a_digest_that_cannot_be_read(browser: Browser) -> None:
    html = digest(content(1))[0].replace("color:#5d5a52", "color:#c0bfbb")
    page = opened(browser, html, width=800, scheme="light")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    page.context.close()
    assert "color-contrast" in {v["id"] for v in found}


@pytest.mark.parametrize("styled", [True, False], ids=["styled", "without style blocks"])
@pytest.mark.parametrize("width", [320, 375, 800])
def test_nothing_is_wider_than_the_screen(browser: Browser, width: int, styled: bool) -> None:
    html = digest(content(8))[0]
    html = html if styled else re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    page = opened(browser, html, width=width, scheme="light")
    widest = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert widest <= width


@pytest.mark.parametrize("width", [375, 800])
def test_a_word_without_end_makes_nothing_wider_than_the_screen(browser: Browser, width: int) -> None:
    endless = (item(1, "https://" + "a" * 120, summary="가" * 150), item(2, "나" * 150, section="다" * 60))
    page = opened(browser, digest(IssueContent(items=endless, weather=WEATHER))[0], width=width, scheme="light")
    widest = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert widest <= width


@pytest.mark.parametrize(
    ("count", "width", "columns"),
    [(1, 800, 1), (2, 800, 2), (3, 800, 3), (4, 800, 2), (6, 800, 3), (1, 375, 1), (2, 375, 2), (3, 375, 2)],
)
def test_any_number_of_stations_stands_in_even_columns(browser: Browser, count: int, width: int, columns: int) -> None:
    stations = tuple(station(f"역{n}", str(n)) for n in range(count))
    html = digest(replace(content(1), weather=replace(WEATHER, stations=stations)))[0]
    page = opened(browser, html, width=width, scheme="light")
    lefts = page.eval_on_selector_all(".cell", "cells => cells.map(c => Math.round(c.getBoundingClientRect().left))")
    page.context.close()
    assert len(set(lefts)) == columns
    assert len(lefts) == count


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 254, 251)"), ("dark", "rgb(27, 28, 26)")])
def test_paper_and_ink_follow_the_readers_scheme(browser: Browser, scheme: str, paper: str) -> None:
    page = opened(browser, digest(content(1))[0], width=800, scheme=scheme)
    seen = page.eval_on_selector_all(".paper", "all => all.map(e => getComputedStyle(e).backgroundColor)")
    page.context.close()
    assert set(seen) == {paper}
