"""The weather stations that newspapers and the Korea Meteorological Administration print, and the forecast grid.

It holds places only: what was measured there is `weather`'s, what is asked for is `kma`'s.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

# --- the grid --------------------------------------------------------------------------------

# KMA 단기예보 조회서비스 활용가이드, appendix: Lambert conformal conic projection, 5 km cells ("DFS").
_EARTH_RADIUS_KM = 6371.00877
_CELL_KM = 5.0
_PARALLELS = (math.radians(30.0), math.radians(60.0))
_ORIGIN_LON = math.radians(126.0)
_ORIGIN_LAT = math.radians(38.0)
_ORIGIN_CELL = (43, 136)


def _half(latitude: float) -> float:
    return math.tan(math.pi / 4 + latitude / 2)


_RADIUS = _EARTH_RADIUS_KM / _CELL_KM
_SN = math.log(math.cos(_PARALLELS[0]) / math.cos(_PARALLELS[1])) / math.log(
    _half(_PARALLELS[1]) / _half(_PARALLELS[0])
)
_SF = _half(_PARALLELS[0]) ** _SN * math.cos(_PARALLELS[0]) / _SN
_RO = _RADIUS * _SF / _half(_ORIGIN_LAT) ** _SN


def grid(lat: float, lon: float) -> tuple[int, int]:
    """The cell (nx, ny) of the short-term forecast in which a place (degrees north, degrees east) lies."""
    ra = _RADIUS * _SF / _half(math.radians(lat)) ** _SN
    theta = math.remainder(math.radians(lon) - _ORIGIN_LON, 2 * math.pi) * _SN
    nx = math.floor(ra * math.sin(theta) + _ORIGIN_CELL[0] + 0.5)
    ny = math.floor(_RO - ra * math.cos(theta) + _ORIGIN_CELL[1] + 0.5)
    return nx, ny


# --- the stations ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A synoptic station (ASOS) by its KMA number, its name as newspapers print it, and its forecast cell.

    `province` is the short name that AirKorea and people use: 서울, 경기, 전북."""

    id: str
    name: str
    lat: float
    lon: float
    nx: int
    ny: int
    province: str


# Number, name, latitude, longitude and province, in the order of numbers in which widgets list them (KMA
# 종관기상관측 지점정보).
_TABLE = """
90 속초 38.25085 128.56473 강원
93 북춘천 37.94738 127.75443 강원
95 철원 38.14787 127.3042 강원
98 동두천 37.90188 127.0607 경기
99 파주 37.88589 126.76648 경기
100 대관령 37.67713 128.71834 강원
101 춘천 37.90262 127.7357 강원
102 백령도 37.97396 124.71237 인천
104 북강릉 37.80456 128.85535 강원
105 강릉 37.75147 128.89099 강원
106 동해 37.50709 129.12433 강원
108 서울 37.57142 126.9658 서울
112 인천 37.47772 126.6249 인천
114 원주 37.33749 127.94659 강원
115 울릉도 37.48129 130.89863 경북
119 수원 37.25746 126.983 경기
121 영월 37.18126 128.45743 강원
127 충주 36.97045 127.9525 충북
129 서산 36.77658 126.4939 충남
130 울진 36.99176 129.41278 경북
131 청주 36.63924 127.44066 충북
133 대전 36.37199 127.3721 대전
135 추풍령 36.22025 127.99458 충북
136 안동 36.57293 128.70733 경북
137 상주 36.40837 128.15741 경북
138 포항 36.03201 129.38002 경북
140 군산 36.0053 126.76135 전북
143 대구 35.87797 128.65296 대구
146 전주 35.84092 127.11718 전북
152 울산 35.58237 129.33469 울산
155 창원 35.17019 128.57282 경남
156 광주 35.17294 126.89156 광주
159 부산 35.10468 129.03203 부산
162 통영 34.84541 128.43561 경남
165 목포 34.81732 126.38151 전남
168 여수 34.73929 127.74063 전남
169 흑산도 34.68719 125.45105 전남
170 완도 34.3959 126.70182 전남
172 고창 35.34824 126.599 전북
174 순천 35.0204 127.3694 전남
177 홍성 36.65759 126.68772 충남
181 서청주 36.6399 127.3846 충북
184 제주 33.51411 126.52969 제주
185 고산 33.29382 126.16283 제주
188 성산 33.38677 126.8802 제주
189 서귀포 33.24616 126.5653 제주
192 진주 35.16378 128.04004 경남
201 강화 37.70739 126.44634 인천
202 양평 37.48863 127.49446 경기
203 이천 37.26399 127.48421 경기
211 인제 38.05986 128.16714 강원
212 홍천 37.6836 127.88043 강원
216 태백 37.17038 128.98929 강원
217 정선군 37.38149 128.6459 강원
221 제천 37.15928 128.19433 충북
226 보은 36.48761 127.73415 충북
232 천안 36.76217 127.29282 충남
235 보령 36.32724 126.55744 충남
236 부여 36.27242 126.92079 충남
238 금산 36.10563 127.48175 충남
239 세종 36.48522 127.24438 세종
243 부안 35.72961 126.71657 전북
244 임실 35.61203 127.28556 전북
245 정읍 35.56337 126.83904 전북
247 남원 35.4213 127.39652 전북
248 장수 35.65696 127.52031 전북
251 고창군 35.42661 126.697 전북
252 영광군 35.28366 126.47784 전남
253 김해시 35.22981 128.89075 경남
254 순창군 35.37131 127.1286 전북
255 북창원 35.22655 128.6726 경남
257 양산시 35.30737 129.02009 경남
258 보성군 34.76335 127.21226 전남
259 강진군 34.64457 126.78408 전남
260 장흥 34.68886 126.91951 전남
261 해남 34.55375 126.56907 전남
262 고흥 34.61826 127.27572 전남
263 의령군 35.32258 128.28812 경남
264 함양군 35.51138 127.74538 경남
266 광양시 34.9434 127.6914 전남
268 진도군 34.47296 126.25846 전남
271 봉화 36.94361 128.91449 경북
272 영주 36.87183 128.51687 경북
273 문경 36.62727 128.14879 경북
276 청송군 36.4351 129.04005 경북
277 영덕 36.53337 129.40926 경북
278 의성 36.3561 128.68864 경북
279 구미 36.13055 128.32055 경북
281 영천 35.97742 128.9514 경북
283 경주시 35.8174 129.2009 경북
284 거창 35.66739 127.9099 경남
285 합천 35.56505 128.16994 경남
288 밀양 35.49147 128.74412 경남
289 산청 35.413 127.8791 경남
294 거제 34.88818 128.60459 경남
295 남해 34.81662 127.92641 경남
"""


def _station(line: str) -> Station:
    number, name, lat, lon, province = line.split()
    nx, ny = grid(float(lat), float(lon))
    return Station(id=number, name=name, lat=float(lat), lon=float(lon), nx=nx, ny=ny, province=province)


STATIONS = tuple(_station(line) for line in _TABLE.strip().splitlines())
BY_NAME = {station.name: station for station in STATIONS}
BY_ID = {station.id: station for station in STATIONS}
LONGEST_NAME = max(map(len, BY_NAME))

# The sixteen stations of the common newspaper widget, always in this order.
WIDGET_ORDER = tuple(
    BY_ID[str(number)] for number in (98, 105, 108, 133, 143, 152, 156, 159, 172, 184, 201, 226, 238, 259, 283, 294)
)

_IN_BRACKETS = re.compile(r"\([^()]{0,10}\)$")
_RANK = re.compile(r"(?:특별자치시|특별시|광역시|시|군)$")
_ANOTHER_PLACE = frozenset(("광주시",))  # a town far from the station of the shorter name


def station_named(name: str) -> Station | None:
    """The station of a printed or typed name, or None.

    홍성(예) is 홍성, 강진 is 강진군 and 서울특별시 is 서울; but 고창 and 고창군 are two stations."""
    plain = _IN_BRACKETS.sub("", "".join(name.split()))
    if plain in BY_NAME:
        return BY_NAME[plain]
    longer = [BY_NAME[plain + rank] for rank in ("시", "군") if plain + rank in BY_NAME]
    if longer or plain in _ANOTHER_PLACE:
        return longer[0] if longer else None
    return BY_NAME.get(_RANK.sub("", plain))
