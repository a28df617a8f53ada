"""Older addresses of feeds, as a publisher writes them down."""

from __future__ import annotations

import pytest

from syndication.settings.moving import ENDED, MOVED, move, path
from syndication.settings.problems import Wrong


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/rss/all.xml", "/rss/all.xml"),
        ("/feeds/section/사회/articles.rss", "/feeds/section/사회/articles.rss"),
        ("/feeds/section/%EC%82%AC%ED%9A%8C/articles.rss", "/feeds/section/사회/articles.rss"),
        ("/feeds/section/\u1109\u1161\u1112\u116c/articles.rss", "/feeds/section/사회/articles.rss"),
        ("/feeds/weekend/", "/feeds/weekend/"),
    ],
)
def test_a_path_is_its_letters_however_it_is_spelt(written: str, meant: str) -> None:
    assert path(written) == meant


@pytest.mark.parametrize(
    "wrong", ["", "/", "rss.xml", "//evil.example/x", "https://x.example/", "/a?b", "/a#b", "/a\\b", 3, ["/a"]]
)
def test_what_is_no_path_here_is_refused(wrong: object) -> None:
    with pytest.raises(Wrong):
        path(wrong)


def test_a_move_leads_to_a_path_or_an_address() -> None:
    assert move({"from": "/rss.xml", "to": "/feeds/daily/digest.rss"}) == ("/rss.xml", "/feeds/daily/digest.rss")
    assert move({"from": "/rss.xml", "to": "https://x.example/?a=1"}) == ("/rss.xml", "https://x.example/?a=1")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        "/a",
        {"from": "/a"},
        {"from": "/a", "to": "/a"},
        {"from": "/a", "to": "/%61"},
        {"from": "/a", "to": "javascript:alert(1)"},
        {"from": "/a", "to": 3},
        {"from": "/a", "to": "/b", "why": "x"},
    ],
)
def test_a_move_that_leads_nowhere_is_refused(wrong: object) -> None:
    with pytest.raises(Wrong):
        move(wrong)


def test_the_examples_are_right() -> None:
    import tomllib

    assert [move(m) for m in tomllib.loads(f"x = {MOVED}")["x"]]
    assert [path(p) for p in tomllib.loads(f"x = {ENDED}")["x"]]
