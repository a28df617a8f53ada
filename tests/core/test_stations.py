"""All stations, their cells of the forecast grid and provinces, and which station stands for a region."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.regions import METROPOLITAN, distance_km, nearest, nearest_station, province_of
from syndication.core.stations import BY_ID, STATIONS, grid


def test_every_station_of_the_published_list_lies_in_its_cell(samples: Path) -> None:
    with (samples / "weather" / "stations-asos-96.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(STATIONS) == 96
    for row in rows:
        station = BY_ID[row["stn_id"]]
        assert (station.name, station.nx, station.ny) == (row["name"], int(row["nx"]), int(row["ny"]))
        assert grid(float(row["lat"]), float(row["lon"])) == (int(row["nx"]), int(row["ny"]))


@given(st.floats(33.0, 39.0), st.floats(124.5, 131.0))
def test_a_step_of_a_fifth_of_a_cell_changes_the_cell_by_one_at_most(lat: float, lon: float) -> None:
    nx, ny = grid(lat, lon)
    other = grid(lat + 0.009, lon + 0.01)
    assert abs(other[0] - nx) <= 1
    assert abs(other[1] - ny) <= 1


def test_every_station_has_a_province_that_is_one() -> None:
    assert {province_of(s.province) for s in STATIONS} == {s.province for s in STATIONS}
    assert len({s.province for s in STATIONS}) == 17
    assert {s.province for s in STATIONS} >= METROPOLITAN


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("전라북도", "전북"),
        ("전북특별자치도", "전북"),
        ("강원", "강원"),
        ("서울특별시", "서울"),
        ("광주시", None),
        ("", None),
    ],
)
def test_a_province_is_known_however_it_is_written(name: str, short: str | None) -> None:
    assert province_of(name) == short


@pytest.mark.parametrize(
    ("region", "station"),
    [
        ("경기도 가평군", "춘천"),
        ("가평", "춘천"),
        ("부산 해운대구", "부산"),
        ("서울특별시 중구", "서울"),
        ("경기 광주시", "양평"),
        ("광주", "광주"),
        ("강원 고성군", "속초"),
        ("경남 고성군", "통영"),
        ("경기도", "수원"),
        ("충청남도", "홍성"),
        ("포항시 남구", "포항"),
        ("울릉군", "울릉도"),
        ("경기도 성남시 분당구", "서울"),
        ("전남 강진군 병영면", "강진군"),
        ("전라북도 고창군", "고창군"),
        ("제주특별자치도 서귀포시", "서귀포"),
    ],
)
def test_a_region_has_the_nearest_station(region: str, station: str) -> None:
    found = nearest_station(region)
    assert found is not None
    assert found.name == station


@pytest.mark.parametrize("region", ["", "중구", "고성", "고성군", "광주시", "나루군", "가람시 한빛로"])
def test_a_region_that_may_be_many_or_none_has_no_station(region: str) -> None:
    assert nearest_station(region) is None


@given(st.text(max_size=30))
def test_no_words_make_the_search_fail(words: str) -> None:
    nearest_station(words)


def test_distances_are_those_of_the_map() -> None:
    assert distance_km(37.5714, 126.9658, 35.1047, 129.0320) == pytest.approx(330, abs=5)  # 서울 to 부산
    assert all(nearest(s.lat, s.lon) == s for s in STATIONS)
