"""The JSON dialect of Partners: Standard Webhooks events with an Article or a whole digest.

It sends and signs nothing. Every value comes from the stored Revision or Issue, so the same thing has the same bytes.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from typing import Any

from syndication.core import links
from syndication.core.audience import sections_of
from syndication.core.model import (
    AirQuality,
    Alert,
    Article,
    ArticleContent,
    ArticleStatus,
    Edition,
    Forecast,
    Image,
    Issue,
    IssueItem,
    Observation,
    Outlet,
    Partner,
    StationWeather,
    Weather,
)
from syndication.core.partners import full_text, wanted
from syndication.core.prose import summary
from syndication.render.feed_articles import paragraphs_html
from syndication.render.feed_items import legal, public_uri

CONTENT_TYPE = "application/json; charset=utf-8"

Data = dict[str, Any]


def article_document(article: Article, *, outlet: Outlet, partner: Partner) -> bytes:
    """The event that tells a Partner of one Revision: published, updated, corrected or retracted."""
    return _document(article_event(article), article.revised_at, article_data(article, outlet=outlet, partner=partner))


def digest_document(issue: Issue, *, outlet: Outlet, edition: Edition, partner: Partner) -> bytes:
    """The event that brings a Partner the whole digest: weather, and the stories it takes in reading order."""
    at = max(issue.publish_at, issue.frozen_at)
    event = "digest.published" if issue.revision == 1 else "digest.updated"
    return _document(event, at, digest_data(issue, outlet=outlet, edition=edition, partner=partner))


def article_event(article: Article) -> str:
    match article.status:
        case ArticleStatus.WITHHELD | ArticleStatus.CANCELED:
            return "article.retracted"
        case ArticleStatus.CORRECTED:
            return "article.corrected"
        case ArticleStatus.USABLE:
            return "article.published" if article.revision == 1 else "article.updated"


def _document(event: str, at: datetime, data: Data) -> bytes:
    """UTF-8 with keys in the order written here; NaN and characters that XML or UTF-8 cannot carry never get out."""
    whole = {"type": event, "timestamp": moment(at), "data": data}
    return json.dumps(_sound(whole), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


# --- articles --------------------------------------------------------------------------------


def article_data(article: Article, *, outlet: Outlet, partner: Partner) -> Data:
    """One Revision. Unknown values are null, never guessed; every key is always there."""
    content = article.content
    return {
        "id": article.uri,
        "revision": article.revision,
        "status": article.status.value,
        "title": content.title or None,
        "section": content.section,
        "region": content.region,
        "bylines": list(content.bylines),
        "tags": list(content.tags),
        "published_at": moment(content.published_at),
        "published_on": day(content.published_on),
        "first_seen_at": moment(article.first_seen_at),
        "revised_at": moment(article.revised_at),
        "embargo_until": moment(content.embargo_until),
        "rights": {"holder": content.rights_holder or outlet.name, "kind": content.rights.value},
        "url": public_uri(content.url) if content.url else None,
        "robot": content.robot,
        "sponsored": content.sponsored,
        **_text(article, partner),
    }


def _text(article: Article, partner: Partner) -> Data:
    """The text and pictures as far as the profile and the rights go; a retraction carries none."""
    content = article.content
    if article.status in (ArticleStatus.WITHHELD, ArticleStatus.CANCELED):
        return {"text": "none", "paragraphs": [], "html": None, "images": []}
    if not full_text(partner, article):
        return {"text": "excerpt", "paragraphs": _excerpt(content), "html": None, "images": []}
    return {
        "text": "full",
        "paragraphs": list(content.paragraphs),
        "html": content.html or paragraphs_html(content.paragraphs) or None,
        "images": [image for image in map(_image, content.images) if image is not None],
    }


def _excerpt(content: ArticleContent) -> list[str]:
    opening = summary(content.paragraphs)
    return [opening] if opening else []


def _image(image: Image) -> Data | None:
    url = public_uri(image.url)
    if url is None:
        return None
    return {
        "url": url,
        "alt": image.alt,
        "credit": image.credit,
        "licence": image.licence,
        "width": image.width if image.width and image.width > 0 else None,
        "height": image.height if image.height and image.height > 0 else None,
    }


# --- digests ---------------------------------------------------------------------------------


def digest_data(issue: Issue, *, outlet: Outlet, edition: Edition, partner: Partner) -> Data:
    """One Issue; stories that the Partner's profile does not take are left out."""
    content = issue.content
    stories = [item for item in content.items if wanted(partner, item.article, at=issue.publish_at) is None]
    kept = {item.section for item in stories}
    return {
        "id": links.issue_uri(outlet.domain, edition.id, issue.on, issue.cadence),
        "revision": issue.revision,
        "edition": {"id": edition.id, "title": edition.title, "language": edition.language},
        "date": issue.on.isoformat(),
        "cadence": issue.cadence.value,
        "published_at": moment(issue.publish_at),
        "url": links.issue_url(outlet, edition.id, issue.on, issue.cadence),
        "weather": _weather(content.weather),
        "sections": [section for section in sections_of(content) if section in kept],
        "stories": [_story(item, outlet, partner) for item in stories],
    }


def _story(item: IssueItem, outlet: Outlet, partner: Partner) -> Data:
    told = article_data(item.article, outlet=outlet, partner=partner)
    return told | {"section": item.section, "summary": item.summary or None, "link": public_uri(item.link)}


def _weather(weather: Weather) -> Data:
    return {
        "attribution": weather.attribution,
        "observed_at": moment(weather.observed_at),
        "last_resort": weather.last_resort,
        "note": weather.note,
        "stations": [_station(station) for station in weather.stations],
    }


def _station(station: StationWeather) -> Data:
    return {
        "station": station.station,
        "station_id": station.station_id,
        "observation": _observation(station.observation) if station.observation is not None else None,
        "forecast": _forecast(station.forecast) if station.forecast is not None else None,
        "alerts": [_alert(alert) for alert in station.alerts],
        "air": _air(station.air) if station.air is not None else None,
    }


def _alert(alert: Alert) -> Data:
    return {
        "kind": alert.kind,
        "level": alert.level,
        "region": alert.region,
        "effective_at": moment(alert.effective_at),
        "attribution": alert.attribution,
    }


def _air(air: AirQuality) -> Data:
    """Medians of a province, in µg/m³."""
    return {
        "province": air.province,
        "pm10": air.pm10,
        "pm25": air.pm25,
        "measured_at": moment(air.measured_at),
        "attribution": air.attribution,
    }


def _observation(observation: Observation) -> Data:
    return {
        "condition": observation.condition or None,
        "temperature": number(observation.temperature),
        "observed_at": moment(observation.observed_at),
        "attribution": observation.attribution,
        "origin": observation.origin.value,
    }


def _forecast(forecast: Forecast) -> Data:
    return {
        "place": forecast.place,
        "date": day(forecast.on),
        "low": number(forecast.low),
        "high": number(forecast.high),
        "morning": forecast.morning or None,
        "afternoon": forecast.afternoon or None,
        "rain_chance": forecast.rain_chance,
        "issued_at": moment(forecast.issued_at),
        "attribution": forecast.attribution,
        "origin": forecast.origin.value,
    }


# --- values ----------------------------------------------------------------------------------


def moment(at: datetime | None) -> str | None:
    """2026-01-19T21:30:00Z: an instant in UTC to the second."""
    return None if at is None else at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def number(value: float | None) -> float | None:
    """℃ as a number; None for unknown, which a NaN is too. Never -0."""
    return None if value is None or not math.isfinite(value) else value + 0.0


def _sound(value: Any) -> Any:
    """The same tree with every text fit for XML and UTF-8, since partners put it into both."""
    match value:
        case str():
            return legal(value)
        case list():
            return [_sound(part) for part in value]
        case dict():
            return {key: _sound(part) for key, part in value.items()}
        case _:
            return value
