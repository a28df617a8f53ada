"""The rhythm of Sources: declared, learnt, and what counts as abnormal silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndication.core.model import SourceState
from syndication.core.rhythm import longest_silence, missing_today, trouble
from tests.factories import SOURCE

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
NOW = datetime(2026, 1, 19, 21, 0, tzinfo=UTC)  # Tuesday 06:00 in Seoul
LEARNING = replace(SOURCE, silent_after=None, every=timedelta(minutes=30))
DECLARED = replace(SOURCE, silent_after=10 * HOUR)


def state(**values: object) -> SourceState:
    known = {"first_polled_at": NOW - 8 * WEEK, "last_ok_at": NOW, "last_new_at": NOW - HOUR, **values}
    return SourceState(source_id="garam", next_check_at=NOW + HOUR, **known)  # type: ignore[arg-type]


def daily(*weekdays: int, weeks: int = 5) -> list[datetime]:
    """Something new an hour before NOW's time of day, on weekdays counted from NOW's (0)."""
    days = range(1, weeks * 7)
    return sorted(NOW - HOUR - n * DAY for n in days if -n % 7 in weekdays)


def judged(arrivals: Sequence[datetime], **values: object) -> str | None:
    return trouble(LEARNING, state(last_new_at=max(arrivals, default=None), **values), arrivals, NOW)


def test_a_daily_source_that_brings_nothing_one_morning_is_missed_that_morning() -> None:
    every_day = daily(*range(7))
    assert "on this day of each of the last 4 weeks there was" in (judged(every_day) or "")
    assert judged([*every_day, NOW - HOUR]) is None


def test_a_source_that_rests_on_this_weekday_is_not_missed() -> None:
    assert judged(daily(1, 2, 3, 4, 5, 6)) is None


def test_a_paper_that_comes_on_working_days_is_not_missed_at_the_weekend_and_is_on_monday() -> None:
    five = daily(0, 1, 2, 5, 6)  # NOW's weekday, the two after, the two before: nothing on days 3 and 4
    for days, missed in ((3, False), (4, False), (5, True)):
        then = NOW + days * DAY
        before = [at for at in (*five, *(at + 5 * WEEK for at in five), NOW - HOUR) if at < NOW + 2 * DAY]
        assert bool(trouble(LEARNING, state(last_new_at=max(before), last_ok_at=then), before, then)) is missed, days


def test_three_weeks_are_needed_to_learn_a_weekday() -> None:
    every_day = daily(*range(7), weeks=3)
    young = state(first_polled_at=NOW - 15 * DAY, last_new_at=max(every_day))
    assert missing_today(young, every_day, NOW) == 0
    assert trouble(LEARNING, young, every_day, NOW) is None


def test_a_slow_source_may_be_as_quiet_as_it_was_and_a_quarter_more() -> None:
    weekly = [NOW - n * WEEK - 2 * DAY for n in range(5)]
    assert longest_silence(LEARNING, weekly, state(), NOW) == WEEK * 1.25
    assert judged(weekly) is None
    assert "expected within 8 days" in (
        trouble(LEARNING, state(last_new_at=NOW - 9 * DAY), [at - WEEK for at in weekly], NOW) or ""
    )


def test_what_is_declared_beats_what_was_learnt() -> None:
    weekly = [NOW - n * WEEK - 2 * DAY for n in range(5)]
    assert "expected within 10 h" in (trouble(DECLARED, state(last_new_at=max(weekly)), weekly, NOW) or "")
    every_day = daily(*range(7))
    patient = replace(SOURCE, silent_after=60 * HOUR)
    assert trouble(patient, state(last_new_at=max(every_day)), every_day, NOW) is None


def test_a_source_that_cannot_be_read_is_trouble_long_before_it_is_silent() -> None:
    failing = state(failures=3, last_ok_at=NOW - 3 * HOUR, last_error="HTTP 503")
    assert trouble(DECLARED, failing, (), NOW) == "it could not be read for 3 h (last error: HTTP 503)"
    assert trouble(DECLARED, replace(failing, failures=2), (), NOW) is None
    assert trouble(DECLARED, replace(failing, last_ok_at=NOW - HOUR), (), NOW) is None
    slow = replace(DECLARED, every=2 * HOUR)
    assert trouble(slow, failing, (), NOW) is None


def test_one_that_ended_says_so_whatever_else_is_wrong() -> None:
    assert "410" in (trouble(DECLARED, state(ended=True, failures=9), (), NOW) or "")


@given(
    st.lists(st.integers(-60 * 24, 60 * 24), max_size=40),
    st.integers(0, 20),
    st.none() | st.integers(0, 2000),
    st.none() | st.integers(0, 2000),
    st.booleans(),
)
def test_no_history_breaks_it(
    hours: list[int], failures: int, polled: int | None, new: int | None, declared: bool
) -> None:
    made = state(
        failures=failures,
        first_polled_at=None if polled is None else NOW - polled * HOUR,
        last_new_at=None if new is None else NOW - new * HOUR,
        last_ok_at=None if polled is None else NOW - polled * HOUR,
    )
    said = trouble(DECLARED if declared else LEARNING, made, [NOW + h * HOUR for h in hours], NOW)
    assert said is None or said
