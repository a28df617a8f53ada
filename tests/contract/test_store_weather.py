"""The store's part for weather services: claimed by one at a time, counted by the day, readings whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from syndication.core.model import AirQuality, Alert, Origin, Outlook, OutlookDay, ServiceState, WeatherReading
from syndication.ports import Store

NOW = datetime(2026, 1, 19, 21, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def test_a_service_is_due_from_its_first_time_on_and_held_by_one(store: Store) -> None:
    assert store.take_weather("kma", NOW, LATER) == ServiceState(service="kma", next_check_at=NOW)
    assert store.take_weather("kma", NOW, LATER) is None
    assert store.take_weather("metno", NOW, LATER) is not None
    assert store.take_weather("kma", LATER, LATER + timedelta(minutes=5)) is not None  # its holder died


def test_what_was_learnt_comes_back_and_the_next_check_is_kept(store: Store) -> None:
    state = store.take_weather("kma", NOW, LATER)
    assert state is not None
    learnt = replace(
        state,
        next_check_at=NOW + timedelta(hours=1),
        last_ok_at=NOW,
        failures=2,
        last_error="busy",
        calls=17,
        calls_on=date(2026, 1, 20),
    )
    store.settle_weather(learnt)
    assert list(store.weather_states()) == [learnt]
    assert (learnt.called(date(2026, 1, 20)), learnt.called(date(2026, 1, 21))) == (17, 0)
    assert store.take_weather("kma", NOW + timedelta(minutes=59), LATER) is None
    assert store.take_weather("kma", NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == learnt


def test_of_many_at_once_one_gets_it(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: store.take_weather("kma", NOW, LATER), range(8)))
    assert sum(state is not None for state in got) == 1


def reading(**more: object) -> WeatherReading:
    return WeatherReading(**({"origin": Origin.HUB, "source_id": "kma-alerts", "fetched_at": NOW} | more))  # type: ignore[arg-type]


ALERT = Alert(kind="한파", level="경보", region="가평", province="경기", issued_at=NOW, attribution="기상청")
AIR = AirQuality(province="서울", pm10=36, pm25=None, measured_at=NOW, places=25, attribution="에어코리아")
OUTLOOK = Outlook(
    region="수도권",
    days=(OutlookDay(on=date(2026, 1, 24), morning="흐리고 비", rain_morning=60),),
    issued_at=NOW,
    attribution="기상청",
)


def test_warnings_dust_and_outlooks_come_back_as_they_were(store: Store) -> None:
    for there in (
        reading(source_id="a", alerts=(ALERT,)),
        reading(source_id="b", air=(AIR,)),
        reading(source_id="c", outlooks=(OUTLOOK,)),
    ):
        store.store_weather(there)
        assert there in store.weather_since(NOW)


def test_no_warnings_is_another_word_than_none_asked_for(store: Store) -> None:
    store.store_weather(reading(alerts=()))
    store.store_weather(reading(source_id="kma"))
    assert sorted((r.source_id, r.alerts) for r in store.weather_since(NOW)) == [("kma", None), ("kma-alerts", ())]


def test_warnings_that_change_are_another_reading_and_the_same_ones_a_later_look(store: Store) -> None:
    store.store_weather(reading(alerts=(ALERT,)))
    store.store_weather(reading(alerts=(), fetched_at=LATER))
    store.store_weather(reading(alerts=(ALERT,), fetched_at=LATER + timedelta(minutes=5)))
    assert [bool(r.alerts) for r in store.weather_since(NOW)] == [True, False]
