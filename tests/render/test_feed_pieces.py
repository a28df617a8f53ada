"""Feeds joined from serialised items: byte for byte what the library and its repairs write for the whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from feedgen.entry import FeedEntry
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndication.render import feed_pieces
from syndication.render.feed_items import FeedHead, FeedItem
from syndication.render.feed_pieces import DIALECTS, Piece, joined, newest_within, pieces
from syndication.render.feeds import RENDER
from tests.render import feed_nasty
from tests.render.feed_samples import HEAD, SEEN, feed_item


def bodies(items: list[FeedItem], dialect: str) -> list[bytes]:
    return [piece.body for piece in pieces(items, dialect) if piece.body is not None]


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=150)
@given(head=feed_nasty.heads(), items=feed_nasty.feeds())
@example(head=HEAD, items=[])
@example(head=replace(HEAD, updated_at=None), items=[feed_item(1)])
@example(head=HEAD, items=[feed_item(1, title="<item>", summary="</item></channel></rss>", content_html="</entry>")])
@example(head=replace(HEAD, title="<updated>1990-01-01T00:00:00+00:00</updated>"), items=[feed_item(1)])
def test_a_joined_feed_equals_one_built_anew_byte_for_byte(dialect: str, head: FeedHead, items: list[FeedItem]) -> None:
    assert joined(head, bodies(items, dialect), dialect) == RENDER[dialect](head, items).body


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=60)
@given(items=feed_nasty.feeds(), order=st.randoms(use_true_random=False))
def test_an_item_has_the_same_bytes_in_whatever_company(dialect: str, items: list[FeedItem], order: object) -> None:
    together = pieces(items, dialect)
    assert [pieces([item], dialect)[0] for item in items] == together
    turned = list(range(len(items)))
    order.shuffle(turned)  # type: ignore[attr-defined]
    assert pieces([items[n] for n in turned], dialect) == [together[n] for n in turned]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_more_items_than_are_cut_at_a_time_are_the_same_items(dialect: str) -> None:
    items = [feed_item(n, title=f"<item> {n}") for n in range(450)]
    assert joined(HEAD, bodies(items, dialect), dialect) == RENDER[dialect](HEAD, items).body


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_bad_item_is_in_quarantine_with_its_reason_and_every_other_one_goes_out(dialect: str) -> None:
    bad = feed_item(2, title="\x00")
    made = pieces([feed_item(1), bad, feed_item(3)], dialect)
    assert [piece.reason for piece in made] == [None, "it has no title", None]
    assert [piece.body is None for piece in made] == [False, True, False]


@pytest.mark.parametrize("dialect", ["rss", "atom"])
def test_an_item_that_the_library_chokes_on_costs_no_other(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = getattr(FeedEntry, f"{dialect}_entry")

    def choking(self: FeedEntry, extensions: bool = True) -> object:
        if self.id().endswith("/2"):
            raise RuntimeError("no such luck")
        return entry(self, extensions)

    monkeypatch.setattr(FeedEntry, f"{dialect}_entry", choking)
    made = pieces([feed_item(1), feed_item(2), feed_item(3)], dialect)
    assert made[1] == Piece(reason="it cannot be rendered: no such luck")
    assert [piece.body is None for piece in made] == [False, True, False]


def test_a_feed_ends_before_it_is_too_large_to_be_read() -> None:
    bodies = [b"a" * 40, b"b" * 40, b"c" * 40]
    assert newest_within(bodies, 1000) == bodies
    assert newest_within(bodies, 80) == bodies[:2]
    assert newest_within(bodies, 10) == bodies[:1]
    assert newest_within([], 10) == []


def test_only_the_date_of_a_head_is_filled_in() -> None:
    before = feed_pieces._outline.cache_info().misses
    for n in range(20):
        joined(replace(HEAD, updated_at=SEEN + timedelta(hours=n)), [], "rss")
    assert feed_pieces._outline.cache_info().misses <= before + 1
