"""What an answer means for a Telling, and which pages are ours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.model import Outcome, Reach, Verdict
from syndication.core.telling import FIRST_RETRY, GIVEN_UP_AFTER, LONGEST_RETRY, Telling, answered, on_site, rests
from tests.factories import MORNING

OK = Outcome(verdict=Verdict.ACCEPTED)
LATER = Outcome(verdict=Verdict.DEFERRED, code="HTTP 503", reason="not taken now", reach=Reach.TRANSPORT)
NO = Outcome(verdict=Verdict.REFUSED, code="HTTP 400", reason="not this one")


def telling(attempts: int = 0, thing: str = "feeds/daily/articles.rss") -> Telling:
    return Telling(listener="websub https://hub.example/", thing=thing, mark="a", owed_since=MORNING, attempts=attempts)


@given(st.integers(0, 10_000), st.text(max_size=30))
def test_a_retry_lies_ahead_within_bounds_and_is_always_the_same(attempts: int, thing: str) -> None:
    one = answered(telling(attempts, thing), LATER, MORNING)
    assert one == answered(telling(attempts, thing), LATER, MORNING)
    assert one.again_at is not None
    assert FIRST_RETRY <= one.again_at - MORNING <= 1.5 * LONGEST_RETRY


def test_retries_of_many_do_not_come_back_at_once() -> None:
    times = {answered(telling(9, f"feeds/{n}.rss"), LATER, MORNING).again_at for n in range(100)}
    assert len(times) == 100


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9000)))
def test_whatever_a_far_side_asks_for_it_is_tried_again_or_given_up(asked: timedelta) -> None:
    outcome = Outcome(verdict=Verdict.DEFERRED, code="HTTP 429", retry_after=asked, reach=Reach.TRANSPORT)
    one = answered(telling(), outcome, MORNING)
    assert one.again_at is not None
    assert min(asked, GIVEN_UP_AFTER) <= one.again_at - MORNING <= GIVEN_UP_AFTER + LONGEST_RETRY


def test_what_is_told_has_no_reason_and_what_is_not_has_one() -> None:
    assert answered(telling(), OK, MORNING).reason is None
    refused = answered(telling(), NO, MORNING)
    assert (refused.reason, refused.again_at) == ("HTTP 400: not this one", None)
    given_up = answered(telling(40), LATER, MORNING + GIVEN_UP_AFTER)
    assert given_up.again_at is None
    assert "HTTP 503" in (given_up.reason or "")


def test_only_what_is_said_of_everything_lets_a_listener_rest() -> None:
    assert [rests(outcome) for outcome in (OK, LATER, NO)] == [False, True, False]


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://garam.example/news/1", True),
        ("http://garam.example/news/1", True),
        ("https://GARAM.example/기사", True),
        ("https://www.garam.example/news/1", False),
        ("https://garam.example:8443/news/1", False),
        ("https://garam.example.evil.example/", False),
        ("https://user@garam.example/", False),
        ("ftp://garam.example/", False),
        ("/news/1", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_a_page_is_ours_when_it_lies_on_our_host(url: str, ours: bool) -> None:
    assert on_site(url, "https://garam.example") is ours
