"""What an input gave, as the plain data that `read --json` prints: every key always there.

It decides nothing and prints nothing.
"""

from __future__ import annotations

from datetime import date, datetime

from syndication.core.model import ArticleContent, Forecast, Observation, Reading, Teaser

Json = dict[str, object]


def reading_json(input_name: str, reading: Reading) -> Json:
    """One input's object: instants in ISO 8601 with offset, dates as YYYY-MM-DD, null for what is unknown."""
    return {
        "input": input_name,
        "date_line": _iso(reading.date_line),
        "attribution": reading.attribution,
        "observed_at": _iso(reading.observed_at),
        "observations": [_observation(o) for o in reading.observations],
        "forecasts": [_forecast(f) for f in reading.forecasts],
        "articles": [_article(found.content) for found in reading.articles],
        "teasers": [_teaser(t) for t in reading.teasers],
        "set_aside": [{"what": s.what, "reason": s.reason} for s in reading.set_aside],
        "warnings": list(reading.warnings),
    }


def _iso(when: date | datetime | None) -> str | None:
    return when.isoformat() if when else None


def _observation(seen: Observation) -> Json:
    return {
        "station": seen.station,
        "station_id": seen.station_id,
        "condition": seen.condition,
        "temperature": seen.temperature,
        "observed_at": _iso(seen.observed_at),
    }


def _forecast(forecast: Forecast) -> Json:
    return {
        "place": forecast.place,
        "date": _iso(forecast.on),
        "low": forecast.low,
        "high": forecast.high,
        "morning": forecast.morning,
        "afternoon": forecast.afternoon,
        "rain_chance": forecast.rain_chance,
    }


def _article(content: ArticleContent) -> Json:
    return {
        "title": content.title or None,
        "section": content.section,
        "published_at": _iso(content.published_at or content.published_on),
        "byline": ", ".join(content.bylines) or None,
        "paragraphs": list(content.paragraphs),
        "url": content.url,
    }


def _teaser(teaser: Teaser) -> Json:
    return {"section": teaser.section, "title": teaser.title, "text": teaser.text, "cut": teaser.cut}
