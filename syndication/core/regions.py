"""Which weather station stands for a town, county or province of Korea: its own, else the nearest.

It knows places only and asks nobody; what was measured there is `weather`'s.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache

from syndication.core.stations import BY_ID, BY_NAME, STATIONS, Station, station_named

# Every way in which a province is written, by its short name (법정구역명; the special self-governing names since 2023).
_PROVINCES: Mapping[str, str] = {
    "서울": "서울특별시 서울시",
    "부산": "부산광역시 부산시",
    "대구": "대구광역시 대구시",
    "인천": "인천광역시 인천시",
    "광주": "광주광역시",
    "대전": "대전광역시 대전시",
    "울산": "울산광역시 울산시",
    "세종": "세종특별자치시 세종시",
    "경기": "경기도",
    "강원": "강원특별자치도 강원도",
    "충북": "충청북도",
    "충남": "충청남도",
    "전북": "전북특별자치도 전라북도",
    "전남": "전라남도",
    "경북": "경상북도",
    "경남": "경상남도",
    "제주": "제주특별자치도 제주도",
}
_SHORT = {word: short for short, long in _PROVINCES.items() for word in (short, *long.split())}
METROPOLITAN = frozenset(("서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종"))

# The seat of each province that is no city of its own.
_SEATS = {"경기": "119", "강원": "101", "충북": "131", "충남": "177", "전북": "146", "전남": "165"}
_SEATS |= {"경북": "136", "경남": "155", "제주": "184"}

# Towns without a station of their own: province, name, and where their hall stands (degrees, to about a kilometre).
_TOWNS = """
경기 성남 37.42 127.13  경기 의정부 37.74 127.03  경기 안양 37.39 126.96  경기 부천 37.50 126.77  경기 광명 37.48 126.86
경기 평택 36.99 127.11  경기 안산 37.32 126.83  경기 고양 37.66 126.83  경기 과천 37.43 126.99  경기 구리 37.59 127.13
경기 남양주 37.64 127.22  경기 오산 37.15 127.08  경기 시흥 37.38 126.80  경기 군포 37.36 126.94  경기 의왕 37.34 126.97
경기 하남 37.54 127.21  경기 용인 37.24 127.18  경기 안성 37.01 127.28  경기 김포 37.62 126.72  경기 화성 37.20 126.83
경기 광주 37.43 127.26  경기 양주 37.79 127.05  경기 포천 37.89 127.20  경기 여주 37.30 127.64  경기 연천 38.10 127.07
경기 가평 37.83 127.51  강원 삼척 37.45 129.17  강원 횡성 37.49 127.98  강원 평창 37.37 128.39  강원 화천 38.11 127.71
강원 양구 38.11 127.99  강원 고성 38.38 128.47  강원 양양 38.08 128.62  충북 옥천 36.31 127.57  충북 영동 36.18 127.78
충북 증평 36.79 127.58  충북 진천 36.86 127.44  충북 괴산 36.82 127.79  충북 음성 36.94 127.69  충북 단양 36.98 128.37
충남 공주 36.45 127.12  충남 아산 36.79 127.00  충남 논산 36.19 127.10  충남 계룡 36.27 127.25  충남 당진 36.89 126.63
충남 서천 36.08 126.69  충남 청양 36.46 126.80  충남 예산 36.68 126.85  충남 태안 36.75 126.30  전북 익산 35.95 126.96
전북 김제 35.80 126.88  전북 완주 35.90 127.16  전북 진안 35.79 127.42  전북 무주 36.01 127.66  전남 나주 35.02 126.71
전남 담양 35.32 126.99  전남 곡성 35.28 127.29  전남 구례 35.20 127.46  전남 화순 35.06 126.99  전남 영암 34.80 126.70
전남 무안 34.99 126.48  전남 함평 35.07 126.52  전남 장성 35.30 126.78  전남 신안 34.83 126.36  경북 김천 36.14 128.11
경북 경산 35.83 128.74  대구 군위 36.24 128.57  경북 영양 36.67 129.11  경북 청도 35.65 128.73  경북 고령 35.73 128.26
경북 성주 35.92 128.28  경북 칠곡 35.99 128.40  경북 예천 36.66 128.45  경북 울릉 37.48 130.91  경남 사천 35.00 128.06
경남 함안 35.27 128.41  경남 창녕 35.54 128.49  경남 고성 34.97 128.32  경남 하동 35.07 127.75  인천 옹진 37.45 126.64
대구 달성 35.77 128.43  부산 기장 35.24 129.22  울산 울주 35.52 129.24
"""

_RANK = re.compile(r"(?<=..)(?:시|군)$")
_EARTH_KM = 6371.0


def province_of(name: str) -> str | None:
    """The short name of a province: 전북 for 전라북도 and 전북특별자치도. None for what is none."""
    return _SHORT.get("".join(name.split()))


def nearest_station(region: str) -> Station | None:
    """The station of a region as people write it, or None where nobody can say which place is meant.

    경기도 가평군 and 가평 have none of their own: the nearest. 부산 해운대구 is 부산; 경기 광주시 is not 광주; 고성
    alone is two places, 중구 is many. The most local name that is known counts."""
    words = region.split()
    province = next((short for word in words if (short := province_of(word))), None)
    for word in reversed(words):
        found = _of_town(_RANK.sub("", word), province) or _of_name(word, province)
        if found is not None:
            return found
    return _of_province(province) if province else None


def nearest(lat: float, lon: float) -> Station:
    """The station nearest to a place (degrees north, degrees east)."""
    return min(STATIONS, key=lambda s: distance_km(lat, lon, s.lat, s.lon))


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Kilometres along the ground between two places (haversine)."""
    up, along = math.radians(other_lat - lat) / 2, math.radians(other_lon - lon) / 2
    across = math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(along) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, math.sin(up) ** 2 + across)))


def _of_town(town: str, province: str | None) -> Station | None:
    if province is None and town in BY_NAME:  # 광주 alone is the city of its own
        return None
    places = [place for (owner, name), place in _towns().items() if name == town and province in (None, owner)]
    return nearest(*places[0]) if len(places) == 1 else None


def _of_name(word: str, province: str | None) -> Station | None:
    station = station_named(word)
    return station if station is not None and province in (None, station.province) else None


def _of_province(province: str) -> Station:
    return BY_ID[_SEATS[province]] if province in _SEATS else BY_NAME[province]


@cache
def _towns() -> Mapping[tuple[str, str], tuple[float, float]]:
    words = _TOWNS.split()
    rows = zip(*(iter(words),) * 4, strict=True)
    return {(province, name): (float(lat), float(lon)) for province, name, lat, lon in rows}
