"""When Issues are due: laws over zones, clock changes and outages, and the days that taught them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.model import Cadence, Edition
from syndication.core.timetable import Task, due, instant, next_slot, overdue, publishes_on, rest_before, slot
from syndication.settings.closing import korean_holidays

ZONES = (
    "Asia/Seoul",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "Africa/Cairo",
    "Pacific/Kiritimati",
    "UTC",
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def edition(**changes: object) -> Edition:
    return replace(Edition(id="daily", title="가람 아침"), **changes)


def utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%MZ")


zones = st.sampled_from(ZONES)
days = st.sets(st.integers(0, 6), min_size=1).map(lambda d: tuple(sorted(d)))
minutes = st.integers(1, 26 * 60).map(lambda n: timedelta(minutes=n))
# Days around the clock changes of 2024-2026 and any others.
dates = st.one_of(
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.sampled_from(
        [
            date(2025, 3, 30),
            date(2025, 10, 26),
            date(2025, 3, 9),
            date(2025, 11, 2),
            date(2025, 4, 6),
            date(2025, 10, 5),
        ]
    ),
)
editions = st.builds(
    Edition,
    id=st.just("daily"),
    title=st.just("가람 아침"),
    zone=zones,
    days=days,
    hour=st.times(),
    lead=minutes,
    expires_after=minutes,
)


class TestSlot:
    def test_hour_lead_and_expiry_of_a_seoul_morning(self) -> None:
        it = slot(edition(hour=time(6, 30), lead=timedelta(minutes=10)), date(2026, 1, 20))
        assert (utc(it.cut_off_at), utc(it.publish_at), utc(it.expires_at)) == (
            "2026-01-19T21:20Z",
            "2026-01-19T21:30Z",
            "2026-01-20T09:30Z",
        )

    @pytest.mark.parametrize(
        ("zone", "on", "hour", "expected"),
        [
            ("Europe/Berlin", date(2025, 3, 30), time(2, 30), "2025-03-30T01:00Z"),  # gap 02:00-03:00
            ("Europe/Berlin", date(2025, 3, 30), time(2, 0), "2025-03-30T01:00Z"),
            ("Europe/Berlin", date(2025, 3, 30), time(3, 0), "2025-03-30T01:00Z"),
            ("Europe/Berlin", date(2025, 3, 30), time(1, 59), "2025-03-30T00:59Z"),
            ("Europe/Berlin", date(2025, 10, 26), time(2, 30), "2025-10-26T00:30Z"),  # comes twice: the first
            ("America/New_York", date(2025, 3, 9), time(2, 15), "2025-03-09T07:00Z"),
            ("America/New_York", date(2025, 11, 2), time(1, 30), "2025-11-02T05:30Z"),
            ("Australia/Lord_Howe", date(2025, 10, 5), time(2, 10), "2025-10-04T15:30Z"),  # gap of half an hour
            ("Australia/Lord_Howe", date(2025, 4, 6), time(1, 45), "2025-04-05T14:45Z"),
            ("America/Nuuk", date(2024, 3, 30), time(23, 30), "2024-03-31T01:00Z"),  # the gap ends at midnight
            ("Africa/Cairo", date(2025, 4, 25), time(0, 0), "2025-04-24T22:00Z"),  # the gap begins at midnight
            ("Asia/Seoul", date(2025, 3, 30), time(2, 30), "2025-03-29T17:30Z"),
        ],
    )
    def test_skipped_hour_is_the_first_instant_after_and_doubled_hour_the_first(
        self, zone: str, on: date, hour: time, expected: str
    ) -> None:
        assert utc(instant(on, hour, ZoneInfo(zone))) == expected

    @given(editions, dates)
    def test_cut_off_before_hour_before_expiry_all_in_utc(self, of: Edition, on: date) -> None:
        it = slot(of, on)
        assert it.cut_off_at < it.publish_at < it.expires_at
        assert {m.tzinfo for m in (it.cut_off_at, it.publish_at, it.expires_at)} == {UTC}

    @given(editions, dates, st.integers(1, 10))
    def test_later_dates_have_later_instants(self, of: Edition, on: date, later: int) -> None:
        assert slot(of, on).publish_at < slot(of, on + timedelta(days=later)).publish_at

    @given(editions, dates)
    def test_wall_time_is_kept_wherever_it_exists(self, of: Edition, on: date) -> None:
        zone = ZoneInfo(of.zone)
        wall = datetime.combine(on, of.hour)
        found = slot(of, on).publish_at.astimezone(zone).replace(tzinfo=None)
        there = {d.astimezone(UTC).astimezone(zone).replace(tzinfo=None) for d in (wall.replace(tzinfo=zone),)}
        assert found == wall if wall in there else found > wall

    def test_a_date_that_the_zone_left_out_is_no_publishing_day(self) -> None:
        samoa = edition(zone="Pacific/Apia")
        assert [publishes_on(samoa, date(2011, 12, d)) for d in (29, 30, 31)] == [True, False, True]


class TestDue:
    def test_nothing_before_the_cut_off_then_the_issue_then_nothing(self) -> None:
        of, yesterday = edition(), date(2026, 1, 19)
        assert due(of, at("2026-01-20T06:19:59+09:00"), last_on=yesterday, adopted_at=LONG_AGO) == ()
        (duty,) = due(of, at("2026-01-20T06:20:00+09:00"), last_on=yesterday, adopted_at=LONG_AGO)
        assert (duty.kind, duty.slot.on) == (Task.ASSEMBLE, date(2026, 1, 20))
        assert due(of, at("2026-01-20T06:21:00+09:00"), last_on=duty.slot.on, adopted_at=LONG_AGO) == ()

    def test_after_three_days_down_one_issue_and_the_older_ones_missed(self) -> None:
        duties = due(edition(), at("2026-01-20T09:00+09:00"), last_on=date(2026, 1, 16), adopted_at=LONG_AGO)
        assert [(d.slot.on.day, d.kind) for d in duties] == [
            (17, Task.MISSED),
            (18, Task.MISSED),
            (19, Task.MISSED),
            (20, Task.ASSEMBLE),
        ]

    def test_an_expired_issue_is_missed_and_never_sent_late(self) -> None:
        duties = due(edition(), at("2026-01-20T18:30+09:00"), last_on=date(2026, 1, 19), adopted_at=LONG_AGO)
        assert [(d.slot.on.day, d.kind) for d in duties] == [(20, Task.MISSED)]

    def test_an_older_issue_that_is_still_valid_gives_way_to_the_newer(self) -> None:
        of = edition(expires_after=timedelta(hours=40))
        duties = due(of, at("2026-01-20T07:00+09:00"), last_on=date(2026, 1, 18), adopted_at=LONG_AGO)
        assert [(d.slot.on.day, d.kind) for d in duties] == [(19, Task.MISSED), (20, Task.ASSEMBLE)]

    def test_only_publishing_days_count(self) -> None:
        weekdays = edition(days=(0, 1, 2, 3, 4))
        duties = due(weekdays, at("2026-01-19T07:00+09:00"), last_on=date(2026, 1, 16), adopted_at=LONG_AGO)
        assert [(d.slot.on, d.kind) for d in duties] == [(date(2026, 1, 19), Task.ASSEMBLE)]

    def test_a_lead_over_midnight_makes_the_issue_due_the_evening_before(self) -> None:
        of = edition(hour=time(0, 5), lead=timedelta(minutes=20), days=(1,))  # Tuesday
        (duty,) = due(of, at("2026-01-19T23:45+09:00"), last_on=date(2026, 1, 13), adopted_at=LONG_AGO)
        assert (duty.slot.on, duty.kind) == (date(2026, 1, 20), Task.ASSEMBLE)

    @pytest.mark.parametrize(
        ("adopted", "now", "expected"),
        [
            ("2026-01-20T06:00+09:00", "2026-01-20T06:20+09:00", [(20, Task.ASSEMBLE)]),  # before the cut-off
            ("2026-01-20T06:25+09:00", "2026-01-20T06:25+09:00", [(20, Task.ASSEMBLE)]),  # within the lead
            ("2026-01-20T06:31+09:00", "2026-01-20T06:31+09:00", []),  # the morning is over: tomorrow is the first
            ("2026-01-20T06:00+09:00", "2026-01-20T20:00+09:00", [(20, Task.MISSED)]),
            ("2026-01-20T06:25+09:00", "2026-01-20T20:00+09:00", []),  # cut-off before adoption: never missed
        ],
    )
    def test_a_fresh_installation_owes_what_its_operator_expects(
        self, adopted: str, now: str, expected: list[tuple[int, Task]]
    ) -> None:
        duties = due(edition(), at(now), last_on=None, adopted_at=at(adopted))
        assert [(d.slot.on.day, d.kind) for d in duties] == expected

    @given(editions, editions, dates, st.integers(0, 48 * 60))
    def test_a_changed_hour_or_zone_never_gives_a_second_issue_for_a_date(
        self, before: Edition, after: Edition, on: date, later: int
    ) -> None:
        now = slot(before, on).publish_at + timedelta(minutes=later)
        assert all(d.slot.on > on for d in due(after, now, last_on=on, adopted_at=LONG_AGO))

    @given(editions, dates, st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=25))
    def test_whatever_the_outages_each_publishing_date_is_settled_once_and_in_order(
        self, of: Edition, start: date, pauses: list[int]
    ) -> None:
        now, last_on = slot(of, start).publish_at, start
        settled: list[date] = []
        for pause in pauses:
            now += timedelta(minutes=pause)
            for duty in due(of, now, last_on=last_on, adopted_at=LONG_AGO):
                assert duty.slot.cut_off_at <= now
                assert duty.kind is Task.MISSED or now < duty.slot.expires_at
                settled.append(duty.slot.on)
                last_on = duty.slot.on
        expected = [start + timedelta(days=n) for n in range(1, 100)]
        expected = [d for d in expected if publishes_on(of, d) and slot(of, d).cut_off_at <= now]
        assert settled == expected

    @given(editions, dates)
    def test_a_tick_each_minute_around_the_cut_off_assembles_exactly_once(self, of: Edition, on: date) -> None:
        of = replace(of, days=(on.weekday(),), expires_after=timedelta(hours=12), lead=min(of.lead, timedelta(hours=5)))
        cut_off, last_on = slot(of, on).cut_off_at, on - timedelta(days=1)
        made: list[date] = []
        for minute in range(-3, 240):
            for duty in due(of, cut_off + timedelta(minutes=minute), last_on=last_on, adopted_at=LONG_AGO):
                made.append(duty.slot.on)
                last_on = duty.slot.on
        assert made == [on]

    @given(editions, dates)
    def test_at_most_one_issue_is_assembled_at_any_time(self, of: Edition, on: date) -> None:
        now = slot(of, on).publish_at
        duties = due(of, now, last_on=on - timedelta(days=20), adopted_at=LONG_AGO)
        assert [d.kind for d in duties[:-1]] == [Task.MISSED] * len(duties[:-1])


class TestStatus:
    def test_next_slot_is_todays_until_its_hour(self) -> None:
        of = edition(days=(1, 4))  # Tuesday and Friday
        assert next_slot(of, at("2026-01-20T06:29+09:00")) == slot(of, date(2026, 1, 20))
        assert next_slot(of, at("2026-01-20T06:30+09:00")) == slot(of, date(2026, 1, 23))
        assert next_slot(edition(days=()), at("2026-01-20T06:30+09:00")) is None

    @given(editions, dates)
    def test_next_slot_lies_ahead_on_a_publishing_day(self, of: Edition, on: date) -> None:
        now = slot(of, on).publish_at
        ahead = next_slot(of, now)
        assert ahead is not None
        assert ahead.publish_at > now
        assert ahead.on.weekday() in of.days

    def test_overdue_names_the_issue_that_nobody_made(self) -> None:
        of, yesterday = edition(), date(2026, 1, 19)
        quarter = at("2026-01-20T06:45+09:00")
        assert overdue(of, quarter - timedelta(seconds=1), yesterday, adopted_at=LONG_AGO) is None
        assert overdue(of, quarter, yesterday, adopted_at=LONG_AGO) == slot(of, date(2026, 1, 20))
        assert overdue(of, quarter, date(2026, 1, 20), adopted_at=LONG_AGO) is None

    def test_a_fresh_installation_is_not_overdue(self) -> None:
        assert overdue(edition(), at("2026-01-20T12:00+09:00"), None, adopted_at=at("2026-01-20T11:00+09:00")) is None


# --- holidays and weekly Issues ----------------------------------------------------------------

HOLIDAYS = korean_holidays()


class TestHolidays:
    @pytest.mark.parametrize(
        ("on", "name"),
        [
            (date(2026, 2, 16), "설날"),
            (date(2026, 2, 17), "설날"),
            (date(2026, 2, 18), "설날"),
            (date(2026, 3, 2), "대체"),  # 삼일절 fell on a Sunday
            (date(2026, 9, 25), "추석"),
            (date(2026, 9, 26), "추석"),
            (date(2026, 10, 5), "대체"),  # 개천절 fell on a Saturday
            (date(2027, 2, 9), "대체"),  # 설날 fell on a Sunday
        ],
    )
    def test_the_moons_holidays_and_their_substitutes_are_known(self, on: date, name: str) -> None:
        assert name in HOLIDAYS[on]
        assert not publishes_on(edition(closed=HOLIDAYS), on)
        assert publishes_on(edition(), on), "an Edition that publishes on holidays"

    def test_an_ordinary_tuesday_is_none(self) -> None:
        assert publishes_on(edition(closed=HOLIDAYS), date(2026, 1, 20))

    def test_a_closed_day_is_not_missed_and_the_next_slot_is_behind_it(self) -> None:
        rests = edition(closed=HOLIDAYS, hour=time(6, 30))
        now = at("2026-02-16T07:00+09:00")
        found = next_slot(rests, now)
        assert found is not None
        assert found.on == date(2026, 2, 19)
        duties = due(rests, at("2026-02-19T06:25+09:00"), last_on=date(2026, 2, 15), adopted_at=LONG_AGO)
        assert [(d.slot.on, d.kind) for d in duties] == [(date(2026, 2, 19), Task.ASSEMBLE)]
        assert overdue(rests, at("2026-02-18T12:00+09:00"), date(2026, 2, 15), adopted_at=LONG_AGO) is None

    def test_the_rest_before_a_day_is_counted(self) -> None:
        assert rest_before(edition(closed=HOLIDAYS), date(2026, 2, 19)) == timedelta(days=3)
        assert rest_before(edition(), date(2026, 2, 19)) == timedelta(0)
        assert rest_before(edition(days=()), date(2026, 2, 19)) == timedelta(days=14)


class TestWeekly:
    def test_it_is_due_once_a_week_whatever_the_daily_days_are(self) -> None:
        saturdays = edition(days=(0, 1, 2, 3, 4), weekly=5)
        january = [date(2026, 1, n) for n in range(1, 32)]
        assert [on.day for on in january if publishes_on(saturdays, on, Cadence.WEEKLY)] == [3, 10, 17, 24, 31]

    def test_without_a_weekday_there_is_none(self) -> None:
        assert next_slot(edition(), at("2026-01-20T06:00+09:00"), Cadence.WEEKLY) is None

    def test_on_a_closed_day_it_comes_the_next_open_one(self) -> None:
        mondays = edition(closed=HOLIDAYS, weekly=0)
        february = [date(2026, 2, n) for n in range(9, 28)]
        assert [on.day for on in february if publishes_on(mondays, on, Cadence.WEEKLY)] == [9, 19, 23]

    def test_a_week_without_an_open_day_has_none(self) -> None:
        shut = {date(2026, 2, n): "휴간" for n in range(9, 16)}
        mondays = edition(closed=shut, weekly=0)
        february = [date(2026, 2, n) for n in range(2, 24)]
        assert [on.day for on in february if publishes_on(mondays, on, Cadence.WEEKLY)] == [2, 16, 23]

    @given(st.integers(0, 6), st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 1)), max_size=40))
    def test_there_is_at_most_one_in_any_week_that_begins_on_its_day(self, weekday: int, shut: set[date]) -> None:
        weekly = edition(closed=dict.fromkeys(shut, "휴간"), weekly=weekday)
        days = [date(2026, 1, 1) + n * timedelta(days=1) for n in range(60)]
        found = [on for on in days if publishes_on(weekly, on, Cadence.WEEKLY)]
        weeks = [(on - timedelta(days=(on.weekday() - weekday) % 7)) for on in found]
        assert len(set(weeks)) == len(weeks)

    def test_an_extra_issue_is_never_due_by_itself(self) -> None:
        now = at("2026-01-20T12:00+09:00")
        assert due(edition(), now, last_on=None, adopted_at=LONG_AGO, cadence=Cadence.EXTRA) == ()
