"""An Issue as a page shows it: sections, stories and weather cells as plain values.

It asks no store and writes no HTML but an article's own sanitised body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup, escape

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
    Weather,
)
from syndication.render import cells
from syndication.render.words import Words

_TEXT = {"p", "br", "hr", "blockquote", "pre", "code", "strong", "em", "b", "i", "u", "s", "sub", "sup", "a"}
_LISTS = {"ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption"}
_TABLES = {"table", "caption", "thead", "tbody", "tr", "th", "td"}
_BODY_TAGS = _TEXT | _LISTS | _TABLES | {f"h{n}" for n in range(1, 7)}
_BODY_ATTRIBUTES = {"a": {"href"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}}
_MARK = re.compile(r"([▲△▶▷◆◇■□●○]\s?\S{1,12})")
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
class Sky:
    """One station: its words, and the name of the drawing for its sky."""

    cell: cells.Cell
    glyph: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherOnPage:
    skies: tuple[Sky, ...]
    source: str
    warning: str  # labels a last resort
    nothing: str  # said when there are no stations, with the reason
    outlooks: tuple[cells.Ahead, ...] = ()


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
    return Markup("\n").join(Markup("<p>{}</p>").format(_marks_kept(p)) for p in content.paragraphs) or None


def _marks_kept(paragraph: str) -> Markup:
    """A list mark stays on the line of its first word: browsers would leave a ▲ behind at the end of a line."""
    pieces = _MARK.split(paragraph)
    kept = (Markup('<span class="keep">{}</span>').format(p) if n % 2 else escape(p) for n, p in enumerate(pieces))
    return Markup("").join(kept)


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
    if url.startswith(f"{outlet.url}/"):
        return True
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


def weather_on_page(weather: Weather, edition: Edition, words: Words) -> WeatherOnPage:
    """The weather in the words of the mail. The Edition's stations come first, in its order; the others follow."""
    rank = {name: n for n, name in enumerate(edition.stations)}
    ordered = tuple(sorted(weather.stations, key=lambda s: rank.get(s.station, len(rank))))
    view = cells.view(replace(weather, stations=ordered), words, edition.zone)
    seen = (s.observation.condition if s.observation else None for s in ordered)
    skies = tuple(Sky(cell=cell, glyph=glyph(sky)) for cell, sky in zip(view.cells, seen, strict=True))
    return WeatherOnPage(
        skies=skies, source=view.source, warning=view.warning, nothing=view.nothing, outlooks=view.outlooks
    )
