"""Pages of archives: what closes them, how they hang together, that nothing falls between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndication.core.archive import MOST, Dated, closed_page
from syndication.core.catalogue import NEWEST, FeedState, Page, edition_feed

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
STATE = FeedState(feed=edition_feed("daily"), version=1, published=0, touched_at=START)


def dated(days: Sequence[int]) -> list[Dated]:
    times = [START + timedelta(days=day, microseconds=n) for n, day in enumerate(sorted(days))]
    return [Dated(at=at, number=n, month=date(at.year, at.month, 1)) for n, at in enumerate(times, 1)]


def closed(entries: Sequence[Dated]) -> tuple[list[Page], list[Dated]]:
    """Every page that can be closed, and what is in none."""
    state, pages, left = STATE, [], list(entries)
    while (page := closed_page(state, left[: MOST + 1], START)) is not None:
        pages.append(page)
        left = [e for e in left if (e.at, e.number) > (page.last_at, page.last_number)]
        state = replace(
            state, page=page.name, open_page=page.after, closed_at=page.last_at, closed_number=page.last_number
        )
    return pages, left


def test_nothing_closes_before_something_comes_behind_it() -> None:
    assert closed([]) == ([], [])
    assert closed(dated([0, 1, 30]))[0] == []
    assert closed(dated([0] * MOST))[0] == []


def test_a_month_closes_when_another_one_has_begun() -> None:
    (page,), left = closed(dated([0, 5, 31]))
    assert (page.name, page.before, page.after) == ("2026-01", None, "2026-02")
    assert (page.first_number, page.last_number) == (1, 2)
    assert [entry.number for entry in left] == [3]


def test_months_without_a_story_have_no_page() -> None:
    pages, _ = closed(dated([0, 100, 200]))
    assert [(p.name, p.before, p.after) for p in pages] == [
        ("2026-01", None, "2026-04"),
        ("2026-04", "2026-01", "2026-07"),
    ]


def test_a_full_month_fills_several_pages() -> None:
    pages, left = closed(dated([1] * (2 * MOST + 1) + [31]))
    assert [(p.name, p.before, p.after) for p in pages] == [
        ("2026-01", None, "2026-01-2"),
        ("2026-01-2", "2026-01", "2026-01-3"),
        ("2026-01-3", "2026-01-2", "2026-02"),
    ]
    assert len(left) == 1


def test_a_page_bears_the_name_that_the_one_before_it_promised() -> None:
    state = replace(STATE, page="2026-01", open_page="2026-02", closed_at=START)
    page = closed_page(state, dated([70, 100]), START)
    assert page is not None
    assert (page.name, page.before, page.after) == ("2026-02", "2026-01", "2026-04")


@given(st.lists(st.integers(0, 150), max_size=900))
def test_pages_are_a_chain_that_holds_everything_but_what_a_feed_still_shows(days: list[int]) -> None:
    entries = dated(days)
    pages, left = closed(entries)
    held = [
        [e.number for e in entries if (p.first_at, p.first_number) <= (e.at, e.number) <= (p.last_at, p.last_number)]
        for p in pages
    ]
    assert [n for page in held for n in page] + [e.number for e in left] == [e.number for e in entries]
    assert all(0 < len(page) <= MOST for page in held)
    assert len(left) <= MOST < NEWEST
    assert [p.before for p in pages] == [None, *(p.name for p in pages)][: len(pages)]
    assert [p.name for p in pages[1:]] == [p.after for p in pages[:-1]]
    assert len({p.name for p in pages}) == len(pages)
