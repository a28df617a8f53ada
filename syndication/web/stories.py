"""An Issue as a page shows it: sections, stories and weather cells as plain values.

It asks no store and writes no HTML but an article's own sanitised body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup

from syndication.core.links import article_anchor
from syndication.core.model import (
    ArticleContent,
    ArticleStatus,
    Edition,
    Image,
    Issue,
    IssueItem,
    Outlet,
    Rights,
    StationWeather,
    Weather,
)
from syndication.web.words import Words

_TEXT = {"p", "br", "hr", "blockquote", "pre", "code", "strong", "em", "b", "i", "u", "s", "sub", "sup", "a"}
_LISTS = {"ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption"}
_TABLES = {"table", "caption", "thead", "tbody", "tr", "th", "td"}
_BODY_TAGS = _TEXT | _LISTS | _TABLES | {f"h{n}" for n in range(1, 7)}
_BODY_ATTRIBUTES = {"a": {"href"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}}
_HEADING = re.compile(r"<(/?)h[1-6]>")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_GONE = frozenset({ArticleStatus.WITHHELD, ArticleStatus.CANCELED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    anchor: str
    title: str
    summary: str
    body: Markup | None  # None where rights do not allow the full text, or the story is gone
    picture: Image | None
    when: str | None
    when_iso: str | None
    bylines: tuple[str, ...]
    holder: str | None
    original: str | None  # the article's own page
    corrected: bool = False
    gone: bool = False
    robot: bool = False
    sponsored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    name: str
    anchor: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One station's weather. Every value is ready to be read; None is unknown and shown as such."""

    station: str
    sky: str | None
    glyph: str
    temperature: str | None
    low: str | None
    high: str | None
    rain: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherView:
    cells: tuple[Cell, ...]
    attribution: str | None
    hour: str | None
    last_resort: bool
    note: str | None


def sections(issue: Issue, edition: Edition, outlet: Outlet, words: Words) -> tuple[Section, ...]:
    """The Issue's stories by section, in reading order."""
    by_name: dict[str, list[Story]] = {}
    for item in issue.content.items:
        by_name.setdefault(item.section, []).append(story(item, edition, outlet, words))
    return tuple(
        Section(name=name, anchor=f"section-{n}", stories=tuple(stories))
        for n, (name, stories) in enumerate(by_name.items(), start=1)
    )


def story(item: IssueItem, edition: Edition, outlet: Outlet, words: Words) -> Story:
    content, gone = item.article.content, item.article.status in _GONE
    when, iso = _when(content, edition, words)
    return Story(
        anchor=article_anchor(item.article.id),
        title=content.title,
        summary="" if gone else item.summary,
        body=None if gone or content.rights is Rights.NOT_FOR_PASSING_ON else body(content),
        picture=None if gone else _picture(content.images, outlet),
        when=when,
        when_iso=iso,
        bylines=content.bylines,
        holder=content.rights_holder,
        original=web_url(content.url),
        corrected=item.article.status is ArticleStatus.CORRECTED,
        gone=gone,
        robot=content.robot,
        sponsored=content.sponsored,
    )


def body(content: ArticleContent) -> Markup | None:
    """The full text: the article's own markup below the page's headings, without pictures; else its paragraphs."""
    if content.html:
        clean = nh3.clean(content.html, tags=_BODY_TAGS, attributes=_BODY_ATTRIBUTES, url_schemes={"https", "http"})
        return Markup(_HEADING.sub(r"<\1h4>", clean))  # noqa: S704 - cleaned in the line above
    return Markup("\n").join(Markup("<p>{}</p>").format(p) for p in content.paragraphs) or None


def web_url(url: str | None) -> str | None:
    """The address when it is one of the web; None for anything a browser might run."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def image_sources(outlet: Outlet) -> tuple[str, ...]:
    """Whence a page may show pictures: the outlet's own hosts; on a loopback installation loopback too."""
    own = (f"https://{outlet.domain}", f"https://*.{outlet.domain}")
    return (*own, "http://127.0.0.1:*", "http://localhost:*") if on_loopback(outlet) else own


def on_loopback(outlet: Outlet) -> bool:
    return (urlsplit(outlet.url).hostname or "") in _LOOPBACK


def _picture(images: Iterable[Image], outlet: Outlet) -> Image | None:
    """The first picture from the outlet's own hosts: a reader's visit is told to nobody else."""
    return next((image for image in images if _own(image.url, outlet)), None)


def _own(url: str, outlet: Outlet) -> bool:
    parts = urlsplit(web_url(url) or "")
    host = parts.hostname or ""
    if on_loopback(outlet) and parts.scheme == "http" and host in _LOOPBACK - {"::1"}:
        return True
    return parts.scheme == "https" and (host == outlet.domain or host.endswith(f".{outlet.domain}"))


def _when(content: ArticleContent, edition: Edition, words: Words) -> tuple[str | None, str | None]:
    """The article's own date as words and for machines; nothing when it is unknown."""
    if content.published_at is not None:
        return words.moment(content.published_at, edition.zone), content.published_at.isoformat()
    if content.published_on is not None:
        return words.short_day(content.published_on), content.published_on.isoformat()
    return None, None


# --- weather ---------------------------------------------------------------------------------

_SKIES = (
    ("sleet", ("진눈깨비", "비/눈", "눈/비", "비 또는 눈", "눈 또는 비")),
    ("snow", ("눈",)),
    ("storm", ("뇌우", "천둥", "번개", "낙뢰")),
    ("rain", ("비", "소나기", "이슬비", "빗방울")),
    ("fog", ("안개", "박무", "연무", "황사")),
    ("cloudy", ("흐림", "흐리")),
    ("mostly", ("구름많음", "구름 많음")),
    ("partly", ("구름조금", "구름 조금", "구름")),
    ("sunny", ("맑음", "맑")),
)


def glyph(condition: str | None) -> str:
    """The name of the drawing for a sky in words; "unknown" for a word nobody knows, never a clear sky."""
    text = condition or ""
    return next((name for name, marks in _SKIES if any(mark in text for mark in marks)), "unknown")


def weather_view(weather: Weather, edition: Edition, words: Words) -> WeatherView:
    """The Edition's stations first, in its order; the others follow."""
    rank = {name: n for n, name in enumerate(edition.stations)}
    ordered = sorted(weather.stations, key=lambda s: rank.get(s.station, len(rank)))
    return WeatherView(
        cells=tuple(_cells(ordered)),
        attribution=weather.attribution,
        hour=words.moment(weather.observed_at, edition.zone) if weather.observed_at else None,
        last_resort=weather.last_resort,
        note=weather.note,
    )


def _cells(stations: Iterable[StationWeather]) -> Iterator[Cell]:
    for at in stations:
        seen, ahead = at.observation, at.forecast
        sky = seen.condition if seen else None
        yield Cell(
            station=at.station,
            sky=sky,
            glyph=glyph(sky),
            temperature=_degrees(seen.temperature, places=1) if seen else None,
            low=_degrees(ahead.low, places=0) if ahead else None,
            high=_degrees(ahead.high, places=0) if ahead else None,
            rain=ahead.rain_chance if ahead else None,
        )


def _degrees(value: float | None, *, places: int) -> str | None:
    if value is None:
        return None
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text
