"""Interface words, dates and numbers in the reader's language; Korean is the source language.

Content (titles, summaries, names of places and sections) is never translated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from syndication.core.dates import (
    english_date,
    english_short_date,
    english_time,
    korean_date,
    korean_short_date,
    korean_time,
    short_time,
)

SOURCE_LANGUAGE = "ko"

# One row per message: the Korean source text is the key, as in a gettext catalogue.
_ENGLISH = {
    "브라우저에서 보기": "View in browser",
    "날씨": "Weather",
    "관측 없음": "No observation",
    "기온 관측 없음": "Temperature not observed",
    "최저": "Low",
    "최고": "High",
    "강수확률": "Rain",
    "오전": "AM",
    "오후": "PM",
    "%s 제공": "Source: %s",
    "제공처 미상": "Source unknown",
    "관측 시각 미상": "hour of observation unknown",
    "시각 미상": "hour unknown",
    "관측 시각은 지점마다 표시": "hours of observation as shown at each place",
    "%s 관측": "observed %s",
    "%s 발표": "issued %s",
    "예보": "forecast",
    "기상청에서 바로 받지 못해 신문 지면의 날씨 표에서 옮긴 값입니다.": (
        "Taken from a newspaper page, as no direct reading was to be had."
    ),
    "신문 지면 값": "from a newspaper page",
    "오늘 날씨 정보를 받지 못해 싣지 않았습니다.": "No weather today: none was received.",
    "오늘 날씨 정보를 받지 못했고, 신문 지면의 날씨 표는 오늘 것으로 확인되지 않아 싣지 않았습니다.": (
        "No weather today: none was received, and the table on the newspaper page could not be confirmed as today's."
    ),
    "사진": "Photo:",
    "협찬": "Sponsored",
    "자동 작성": "Written automatically",
    "바로잡음": "Corrected",
    "이 메일은 구독을 신청하신 분께 보냅니다.": "You receive this mail because you subscribed.",
    "수신거부": "Unsubscribe",
    "받는 내용 바꾸기": "Change what you receive",
    "문의": "Contact",
    "외 %s건은 브라우저에서 보실 수 있습니다.": "%s more can be read in the browser.",
    "제목 없음": "Untitled",
    "오늘의 소식": "Today's news",
    "%s 날씨": "Weather for %s",
}

# The sky words of the KMA short-term forecast (codes SKY and PTY) and of its observations.
_SKY_IN_ENGLISH = {
    "맑음": "Clear",
    "구름조금": "Partly cloudy",
    "구름많음": "Mostly cloudy",
    "흐림": "Overcast",
    "비": "Rain",
    "약한비": "Light rain",
    "소나기": "Showers",
    "눈": "Snow",
    "비/눈": "Rain or snow",
    "눈/비": "Snow or rain",
    "진눈깨비": "Sleet",
    "빗방울": "Drizzle",
    "빗방울눈날림": "Drizzle and flurries",
    "눈날림": "Flurries",
    "안개": "Fog",
    "박무": "Mist",
    "연무": "Haze",
    "황사": "Yellow dust",
    "천둥번개": "Thunderstorm",
}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; calling it looks a message up, as gettext's `_` does."""

    language: str

    def __call__(self, message: str, *values: object) -> str:
        """The message in this language, its %s filled. Raises KeyError for a message without a translation."""
        text = message if self.korean else _ENGLISH[message]
        return text % values if values else text

    def said(self, sentence: str) -> str:
        """A sentence that another module wrote in Korean, in this language where it is known, else as it stands."""
        return sentence if self.korean else _ENGLISH.get(sentence, sentence)

    @property
    def korean(self) -> bool:
        return _tag(self.language) == SOURCE_LANGUAGE

    def long_date(self, on: date) -> str:
        """2026년 1월 20일 화요일; Tuesday, 20 January 2026."""
        return korean_date(on) if self.korean else english_date(on)

    def short_date(self, on: date) -> str:
        """1월 20일; 20 Jan."""
        return (korean_short_date(on) if self.korean else english_short_date(on)).partition("(")[0].strip()

    def hour(self, at: datetime, zone: str) -> str:
        """오전 6시, 오전 6시 30분; 6:30 am."""
        return (korean_time if self.korean else english_time)(at, ZoneInfo(zone))

    def moment(self, at: datetime | None, on: date | None, *, today: date, zone: str) -> str:
        """07:10 on the day itself, else 1월 19일 18:30; the bare date where no time is known; empty when undated."""
        if at is None:
            return self._day(on, today) if on else ""
        local, clock = at.astimezone(ZoneInfo(zone)).date(), short_time(at, ZoneInfo(zone))
        return clock if local == today else f"{self._day(local, today)} {clock}"

    def _day(self, on: date, today: date) -> str:
        if on.year == today.year:
            return self.short_date(on)
        return f"{on.year}년 {self.short_date(on)}" if self.korean else f"{self.short_date(on)} {on.year}"

    def sky(self, word: str) -> str:
        """A sky word of the weather service in this language; a word that is not one of its own stays as printed."""
        return word if self.korean else _SKY_IN_ENGLISH.get(word.replace(" ", ""), word)


def words(language: str) -> Words:
    """The words of `ko`, `en` or a regional form of them; any other language gets English."""
    return Words(language if _tag(language) in (SOURCE_LANGUAGE, "en") else "en")


def observed_degrees(value: float) -> str:
    """-11.0, 0.8: a measured temperature with its one decimal, as the weather service prints it."""
    return f"{round(value, 1) + 0.0:.1f}"


def forecast_degrees(value: float) -> str:
    """-8°, 3°, 2.5°: a forecast temperature, without a nought behind the point."""
    return f"{round(value, 1) + 0.0:g}°"


def _tag(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()
