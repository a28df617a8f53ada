"""The pages in a real browser from a real server: that they fit, that axe-core finds nothing serious, that toggles act.

With SHOTS set to a folder the pictures are kept there.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Error as PlaywrightError

from syndication.core.links import issue_path
from syndication.core.model import SubscriptionState
from syndication.web import create_app
from tests import factories, servers
from tests.web.conftest import House, build, with_sandbox

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"
WIDTHS = {"phone": 375, "desktop": 1280}
SCHEMES = ("light", "dark")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs the Debian package chromium"),
    pytest.mark.xdist_group("chromium"),
]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[House, str]]:
    """A running server with the sandbox, and its address."""
    port = servers.free_port()
    house = with_sandbox(build())
    house.site = replace(house.site, outlet=replace(house.site.outlet, url=f"http://127.0.0.1:{port}"))
    server = uvicorn.Server(uvicorn.Config(create_app(house.site), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    ends = time.monotonic() + 30
    while not server.started and time.monotonic() < ends:
        time.sleep(0.05)
    yield house, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


def addresses(house: House) -> dict[str, str]:
    return {
        "home": "/",
        "archive": "/daily",
        "issue": issue_path("daily", factories.ON),
        "feeds": "/feeds/",
        "feed": "/feeds/daily/digest.rss",
        "missing": "/nope",
        "leave": f"/u/{house.token(house.readers[2])}",
        "inbox": "/inbox",
        "inbox-dark": "/inbox?look=dark&width=desktop",
        "receipts": "/partner-receipts",
    }


def opened(browser: Any, base: str, path: str, *, width: int = 1280, scheme: str = "light", **options: Any) -> Any:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale="ko-KR", **options
    )
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.goto(base + path, wait_until="load")
    return page


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_pages_fit_their_window_and_break_no_rule_of_their_own_policy(
    served: tuple[House, str], browser: Any, width: int, scheme: str
) -> None:
    house, base = served
    for name, path in addresses(house).items():
        page = opened(browser, base, path, width=width, scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert [c for c in page.complaints if "404" not in c] == [], name
        keep = os.environ.get("SHOTS")
        if keep:
            page.screenshot(path=f"{keep}/{name}-{width}-{scheme}.png", full_page=True)
        page.context.close()


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: sh tests/prepare.sh")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_critical_or_serious(
    served: tuple[House, str], browser: Any, width: int, scheme: str
) -> None:
    house, base = served
    for name, path in addresses(house).items():
        page = opened(browser, base, path, width=width, scheme=scheme, bypass_csp=True)
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("async () => (await axe.run()).violations")
        bad = [(v["id"], [n["target"] for n in v["nodes"]]) for v in found if v["impact"] in ("critical", "serious")]
        assert bad == [], name
        page.context.close()


def settles(page: Any, holds: Callable[[], bool]) -> None:
    """Wait up to ten seconds until something holds."""
    for _ in range(100):
        try:
            if holds():
                return
        except PlaywrightError:
            pass  # the frame is just being replaced
        page.wait_for_timeout(100)
    assert holds()


def test_the_inbox_toggles_act_at_once_and_say_so(served: tuple[House, str], browser: Any) -> None:
    _, base = served
    page = opened(browser, base, "/inbox")
    assert page.locator("iframe").count() == 3
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.frames[1].evaluate(colour) == "rgb(255, 254, 251)"
    narrow = page.locator("iframe").first.bounding_box()["width"]
    page.click("text=어둡게")
    # asked again and again from here: the pages' policy forbids the browser to do so itself
    settles(page, lambda: page.frames[1].evaluate(colour) == "rgb(27, 28, 26)")
    page.click("text=컴퓨터")
    settles(page, lambda: page.locator("iframe").first.bounding_box()["width"] > narrow)
    assert page.url.endswith("/inbox?width=desktop&look=dark&part=html")
    assert page.locator("[aria-current]").all_inner_texts() == ["컴퓨터", "어둡게", "HTML"]
    page.context.close()


def test_the_inbox_works_without_scripts(served: tuple[House, str], browser: Any) -> None:
    _, base = served
    page = opened(browser, base, "/inbox", java_script_enabled=False)
    page.click("text=글")
    page.wait_for_url("**part=text")
    assert page.locator("iframe").count() == 3
    page.context.close()


def test_a_frame_is_as_tall_as_its_mail(served: tuple[House, str], browser: Any) -> None:
    _, base = served
    page = opened(browser, base, "/inbox")
    page.wait_for_timeout(300)
    heights = [box["height"] for box in (f.bounding_box() for f in page.locator("iframe").all())]
    assert heights == sorted(heights)
    assert len(set(heights)) == 3
    page.context.close()


def test_opening_a_leave_link_in_a_browser_changes_nothing_and_its_button_ends_it(
    served: tuple[House, str], browser: Any
) -> None:
    house, base = served
    reader = house.readers[0]

    def state() -> SubscriptionState:
        found = house.store.subscription(reader.id)
        assert found is not None
        return found.state

    page = opened(browser, base, f"/u/{house.token(reader)}")
    page.wait_for_timeout(500)
    assert state() is SubscriptionState.ACTIVE
    page.keyboard.press("Tab")
    page.get_by_role("button", name="그만 받기").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=더는 보내지 않습니다")
    assert state() is SubscriptionState.ENDED
    page.context.close()


def test_a_feed_opened_in_a_browser_is_a_page_and_the_same_address_gives_a_program_the_feed(
    served: tuple[House, str], browser: Any
) -> None:
    _, base = served
    page = opened(browser, base, "/feeds/daily/digest.rss")
    assert "이 페이지는 피드입니다" in page.inner_text("main")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).borderTopWidth") == "4px"
    fetched = page.evaluate("fetch(location.href).then(r => r.headers.get('content-type')).catch(() => 'blocked')")
    assert fetched in ("application/rss+xml; charset=utf-8", "blocked")
    assert httpx.get(f"{base}/feeds/daily/digest.rss").headers["content-type"] == "application/rss+xml; charset=utf-8"
    page.context.close()


def test_a_real_server_answers_head_without_a_body_and_304(served: tuple[House, str]) -> None:
    _, base = served
    first = httpx.get(f"{base}/feeds/daily/digest.rss")
    for path in ("/", "/feeds/daily/digest.rss", "/health"):
        assert httpx.head(base + path).content == b""
    again = httpx.get(f"{base}/feeds/daily/digest.rss", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["etag"] == first.headers["etag"]
