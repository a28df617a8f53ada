"""A feed alone in a browser that knows no XSLT any more, as where a bucket serves it: its CSS makes a page of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syndication.render.feeds import RENDER
from syndication.render.tokens import css_variables, tokens
from tests.factories import OUTLET
from tests.render.feed_samples import HEAD, feed_item

CHROMIUM = Path("/usr/bin/chromium")
STYLES = Path(__file__).parents[2] / "templates" / "feeds"
SHOWN = """() => [...document.documentElement.querySelectorAll('*')]
    .filter(e => !e.children.length && e.textContent.trim() && e.getClientRects().length).map(e => e.localName)"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs the Debian package chromium"),
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--allow-file-access-from-files", "--disable-features=XSLT"]
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize(("dialect", "parts"), [("rss", "link title description pubDate"), ("atom", "title summary")])
def test_a_feed_is_a_page_of_headlines_and_summaries_that_fits_any_screen(
    dialect: str, parts: str, width: int, browser: Any, tmp_path: Path
) -> None:
    items = [feed_item(n, title=f"표본 기사 {n} " + "가나다라마바사" * 9) for n in range(3)]
    (tmp_path / "feed.xml").write_bytes(RENDER[dialect](replace(HEAD, stylesheet="feed.xsl"), items).body)
    (tmp_path / "feed.xsl").write_bytes((STYLES / "feed.xsl").read_bytes())
    (tmp_path / "feed.css").write_text(css_variables(tokens(OUTLET.accent)) + (STYLES / "feed.css").read_text("utf-8"))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((tmp_path / "feed.xml").as_uri())
    shown = page.evaluate(SHOWN)
    assert set(parts.split()) <= set(shown)
    assert shown.count("title") == 1 + len(items)
    assert not {"encoded", "content", "guid", "id", "language", "generator", "name", "rights"} & set(shown)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    said = page.evaluate("getComputedStyle(document.documentElement, '::before').content")
    assert "이 페이지는 피드입니다" in said
    page.close()
