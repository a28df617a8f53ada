"""Renders feed items as JSON Feed 1.1 (https://jsonfeed.org/version/1.1), with the weather as an extension.

It cleans nothing and chooses nothing: head and items are fit already. Authors and languages stand in an extension: the
published schema takes only what version 1 knew, one `author` and no language.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from math import isfinite
from typing import Any

from syndication.core.model import AirQuality, Alert, Forecast, Image, Observation, StationWeather, Weather
from syndication.render.feed_items import Enclosure, FeedHead, FeedItem
from syndication.render.feed_repairs import told_apart

VERSION = "https://jsonfeed.org/version/1.1"
ABOUT_WEATHER = (
    "Weather of a digest by station: what was observed and what is forecast for its day. "
    "Temperatures in degrees Celsius, chance of rain in per cent; what is unknown is null."
)
ABOUT_NEWS = (
    "In which language it is; in each item also each author's name, whose the text is, and each picture with what it "
    "shows, its size, who took it and whose it is."
)
ABOUT_DELETED = "An Atom document with a tombstone (RFC 6721) for each item that was taken back."


def json_bytes(head: FeedHead, items: Sequence[FeedItem]) -> bytes:
    """The whole feed. Items stand last, so that a feed can be joined from serialised ones."""
    return _bytes({**_head(head), "items": [_item(item) for item in items]})


def json_head(head: FeedHead) -> bytes:
    """The feed up to its first item."""
    return _bytes({**_head(head), "items": []}).removesuffix(b"]}")


def json_item(item: FeedItem) -> bytes:
    return _bytes(_item(item))


def _bytes(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _head(head: FeedHead) -> dict[str, Any]:
    return _known(
        version=VERSION,
        title=head.title,
        home_page_url=head.site_url,
        feed_url=head.self_url,
        description=head.description,
        icon=head.logo,
        author={"name": head.author},
        hubs=[{"type": "WebSub", "url": head.hub}] if head.hub is not None and not head.archived else None,
        next_url=head.prev_url,
        _deleted={"about": ABOUT_DELETED, "url": head.deleted_url} if head.deleted_url is not None else None,
        _news={"about": ABOUT_NEWS, "language": head.language},
    )


def _item(item: FeedItem) -> dict[str, Any]:
    published = item.published_at
    return _known(
        id=item.id,
        url=item.url,
        title=item.title,
        content_html=item.content_html,
        content_text=item.summary if item.content_html is None else None,
        summary=item.summary,
        image=item.images[0].url if item.images else None,
        date_published=published.isoformat() if published is not None else None,
        date_modified=told_apart(item).isoformat(),
        author={"name": ", ".join(item.authors)} if item.authors else None,
        tags=list(dict.fromkeys(c.term for c in item.categories)) or None,
        attachments=[_attachment(item.enclosure)] if item.enclosure is not None else None,
        _news=_news(item),
        _weather=_weather(item.weather) if item.weather is not None else None,
    )


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    return _known(url=enclosure.url, mime_type=enclosure.type, size_in_bytes=enclosure.length or None)


def _known(**values: object) -> dict[str, Any]:
    """The pairs whose value is known: JSON Feed leaves out what is not there."""
    return {name: value for name, value in values.items() if value is not None}


# --- extensions ------------------------------------------------------------------------------


def _news(item: FeedItem) -> dict[str, Any]:
    return _known(
        language=item.language,
        authors=list(item.authors) or None,
        rights=item.rights,
        images=[_image(i) for i in item.images] or None,
    )


def _image(image: Image) -> dict[str, Any]:
    return _known(
        url=image.url,
        alt=image.alt or None,
        credit=image.credit,
        rights=image.licence,
        width=image.width,
        height=image.height,
    )


def _weather(weather: Weather) -> dict[str, Any]:
    """Every key is always there: null says that a value is unknown, never that it is nought."""
    return {
        "about": ABOUT_WEATHER,
        "attribution": weather.attribution,
        "observed_at": _instant(weather.observed_at),
        "from_newspaper_page": weather.last_resort,
        "note": weather.note,
        "stations": [_station(station) for station in _once(weather.stations)],
    }


def _once(stations: Iterable[StationWeather]) -> Iterable[StationWeather]:
    return {station.station: station for station in stations}.values()


def _station(station: StationWeather) -> dict[str, Any]:
    return {
        "name": station.station,
        "observed": _observed(station.observation) if station.observation is not None else None,
        "forecast": _forecast(station.forecast) if station.forecast is not None else None,
        "alerts": [_alert(alert) for alert in station.alerts],
        "air": _air(station.air) if station.air is not None else None,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "kind": alert.kind,
        "level": alert.level,
        "region": alert.region,
        "effective_at": _instant(alert.effective_at),
        "attribution": alert.attribution,
    }


def _air(air: AirQuality) -> dict[str, Any]:
    """Medians of a province, in µg/m³."""
    return {
        "province": air.province,
        "pm10": air.pm10,
        "pm25": air.pm25,
        "measured_at": _instant(air.measured_at),
        "attribution": air.attribution,
    }


def _observed(seen: Observation) -> dict[str, Any]:
    return {
        "sky": seen.condition,
        "temperature": _number(seen.temperature),
        "observed_at": _instant(seen.observed_at),
        "attribution": seen.attribution,
    }


def _forecast(told: Forecast) -> dict[str, Any]:
    return {
        "date": _day(told.on),
        "low": _number(told.low),
        "high": _number(told.high),
        "morning": told.morning,
        "afternoon": told.afternoon,
        "rain_chance": told.rain_chance,
        "issued_at": _instant(told.issued_at),
        "attribution": told.attribution,
    }


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _day(on: date) -> str:
    return on.isoformat()
