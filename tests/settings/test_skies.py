"""Laws of [weather]: which services are wired, with which keys, and a stand-in in rehearsal only."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndication import bootstrap
from syndication.adapters.memory import FixedClock
from syndication.settings import Settings, check, load
from syndication.wiring import weather_services
from tests.contract.test_weather_services import NOW
from tests.settings.test_check import SOUND

KEYS = {"PORTAL": "portal-key", "HUB": "hub-key", "AIR": "air-key"}
STAND_IN = '[weather]\nstand_in = "http://127.0.0.1:8601"\n'


def loaded(folder: Path, more: str, text: str = SOUND) -> Settings:
    file = folder / "publisher.toml"
    file.write_text(text + more, "utf-8")
    return load(file, KEYS)


def services(settings: Settings) -> list[str]:
    return [s.id for s in weather_services(settings, FixedClock(NOW), "syndication (desk@garam.example)")]


def test_without_a_word_nobody_is_asked(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert services(settings) == []
    assert bootstrap.make_setup(settings).weather_stations == ()


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ('kma_key_from = "PORTAL"', ["kma"]),
        ('hub_key_from = "HUB"', ["kma-hub", "kma-alerts"]),
        ('air_key_from = "AIR"', ["airkorea"]),
        ("keyless = true", ["kma-map"]),
        ('fallback = "metno"', ["metno"]),
        ('stand_in = "http://127.0.0.1:8601"', ["kma-hub", "kma-alerts", "kma", "airkorea"]),
    ],
)
def test_each_key_wires_its_own_services(tmp_path: Path, words: str, ids: list[str]) -> None:
    settings = loaded(tmp_path, f'[weather]\nstations = ["서울"]\n{words}\n')
    assert services(settings) == ids
    assert bootstrap.make_setup(settings).weather_stations == ("서울",)


def test_the_medium_range_is_asked_only_where_an_edition_has_weekly_issues(tmp_path: Path) -> None:
    assert "kma-midterm" not in services(loaded(tmp_path, '[weather]\nkma_key_from = "PORTAL"\n'))
    weekly = SOUND.replace("[[edition]]\n", '[[edition]]\nweekly = "토"\n', 1)
    settings = loaded(tmp_path, '[weather]\nkma_key_from = "PORTAL"\n', weekly)
    assert "kma-midterm" in services(settings)


def test_a_town_is_its_nearest_station_and_what_is_none_is_named(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[weather]\nstations = ["가평", "경기 광주시", "강진"]\n').weather.stations == (
        "춘천",
        "양평",
        "강진군",
    )
    file = tmp_path / "publisher.toml"
    file.write_text(SOUND + '[weather]\nstations = ["고성"]\n', "utf-8")
    (problem,) = [p for p in check(file, {}) if p.field.startswith("weather")]
    assert "고성" in problem.wrong


@pytest.mark.parametrize(
    "url", ["https://apis.example/", "http://10.0.0.1:80", "http://127.0.0.1", "file:///etc/passwd"]
)
def test_a_stand_in_is_a_port_of_this_machine(tmp_path: Path, url: str) -> None:
    file = tmp_path / "publisher.toml"
    file.write_text(f'{SOUND}[weather]\nstand_in = "{url}"\n', "utf-8")
    (problem,) = [p for p in check(file, {}) if p.field == "weather.stand_in"]
    assert "no port of this machine" in problem.wrong


def test_no_stand_in_when_live(tmp_path: Path) -> None:
    file = tmp_path / "publisher.toml"
    live = SOUND.replace('mode = "rehearsal"', 'mode = "live"') if "mode =" in SOUND else f'mode = "live"\n{SOUND}'
    file.write_text(live + STAND_IN, "utf-8")
    assert any(p.field == "weather.stand_in" and p.is_error for p in check(file, {}))


def test_keys_are_never_shown(tmp_path: Path) -> None:
    words = '[weather]\nkma_key_from = "PORTAL"\nhub_key_from = "HUB"\nair_key_from = "AIR"\n'
    assert not any(key in repr(loaded(tmp_path, words)) for key in KEYS.values())
