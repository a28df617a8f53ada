"""View-models of the readers' pages: what each page says, as plain values.

They are pure: Issues and the outlet in, values out; templates only lay them out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from markupsafe import Markup

from syndication.core.links import feed_path, issue_path, issue_url
from syndication.core.model import Cadence, Channel, Edition, Issue, IssueState, Outlet
from syndication.render.words import Words
from syndication.web.stories import Section, WeatherOnPage, sections, weather_on_page, web_url

FEED_TITLES = {"digest": "다이제스트", "articles": "기사"}
FEED_DIALECTS = {
    "rss": ("RSS", "application/rss+xml"),
    "atom": ("Atom", "application/atom+xml"),
    "json": ("JSON", "application/feed+json"),
}
_OUT = frozenset({IssueState.FROZEN, IssueState.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    title: str
    kind: str
    dialect: str
    type: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLink:
    path: str
    day: str
    on: date
    headline: str
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionCard:
    id: str
    title: str
    language: str
    path: str
    latest: IssueLink | None
    headlines: tuple[str, ...]
    feeds: tuple[FeedLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    name: str
    issues: tuple[IssueLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePage:
    title: str
    edition: EditionCard
    day: str
    on: str
    canonical: str
    description: str
    note: tuple[str, ...]  # from the desk, by line
    weather: WeatherOnPage
    sections: tuple[Section, ...]
    stories: int
    json_ld: Markup


def is_out(issue: Issue | None, now: datetime) -> bool:
    """Whether readers may see it: frozen, and its hour has come."""
    return issue is not None and issue.state in _OUT and issue.publish_at <= now


def feed_links(edition: Edition, words: Words) -> tuple[FeedLink, ...]:
    """The Edition's feeds, the preferred one first."""
    if Channel.FEED not in edition.channels:
        return ()
    return tuple(
        FeedLink(
            title=f"{edition.title} · {words(name)} ({label})",
            kind=kind,
            dialect=dialect,
            type=media,
            path="/" + feed_path(edition.id, kind, dialect),
        )
        for kind, name in FEED_TITLES.items()
        for dialect, (label, media) in FEED_DIALECTS.items()
    )


def issue_link(issue: Issue, words: Words) -> IssueLink:
    items = issue.content.items
    return IssueLink(
        path=issue_path(issue.edition_id, issue.on, issue.cadence),
        day=words.day(issue.on),
        on=issue.on,
        headline=items[0].article.content.title if items else words("오늘의 날씨"),
        stories=len(items),
    )


def card(edition: Edition, latest: Issue | None, words: Words) -> EditionCard:
    """An Edition with its latest Issue, if there is one."""
    items = latest.content.items if latest else ()
    return EditionCard(
        id=edition.id,
        title=edition.title,
        language=edition.language,
        path=f"/{edition.id}",
        latest=issue_link(latest, words) if latest else None,
        headlines=tuple(item.article.content.title for item in items[:5]),
        feeds=feed_links(edition, words),
    )


def months(issues: Sequence[Issue], words: Words) -> tuple[Month, ...]:
    """The archive: Issues by month, newest first."""
    newest = sorted(issues, key=lambda issue: (issue.on, issue.id), reverse=True)
    grouped = groupby(newest, key=lambda issue: issue.on.replace(day=1))
    return tuple(
        Month(name=words.month(first), issues=tuple(issue_link(issue, words) for issue in inside))
        for first, inside in grouped
    )


def issue_page(issue: Issue, edition: Edition, outlet: Outlet, words: Words) -> IssuePage:
    headlines = [item.article.content.title for item in issue.content.items[:3]]
    day = words.day(issue.on)
    return IssuePage(
        title=f"{edition.title} · {day}",
        edition=card(edition, None, words),
        day=day,
        on=issue.on.isoformat(),
        canonical=issue_url(outlet, edition.id, issue.on, issue.cadence),
        description=" · ".join(headlines) or words("오늘의 날씨"),
        note=tuple(line for line in (issue.content.note or "").splitlines() if line.strip()),
        weather=weather_on_page(issue.content.weather, edition, words),
        sections=sections(issue, edition, outlet, words),
        stories=len(issue.content.items),
        json_ld=script_data(linked_data(issue, edition, outlet)),
    )


def linked_data(issue: Issue, edition: Edition, outlet: Outlet) -> dict[str, object]:
    """schema.org: the page and the stories on it that have an address of their own."""
    url = issue_url(outlet, edition.id, issue.on, issue.cadence)
    parts = [
        {"@type": "NewsArticle", "headline": item.article.content.title, "url": web_url(item.link)}
        for item in issue.content.items
        if web_url(item.link)
    ]
    return {
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "@id": url,
        "url": url,
        "name": f"{edition.title} {issue.on.isoformat()}",
        "inLanguage": edition.language,
        "datePublished": issue.publish_at.isoformat(),
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name, "url": outlet.url},
        "hasPart": parts,
    }


def script_data(value: object) -> Markup:
    """JSON that cannot leave its <script> element, whatever a headline says."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - every sign that could end the element is escaped above


def on_date(text: str) -> date | None:
    """The date of a permanent link, in its one spelling: 2026-01-20."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None


def cadence_of(text: str) -> Cadence | None:
    """The cadence at the end of a permanent link; the daily one has no ending."""
    try:
        found = Cadence(text)
    except ValueError:
        return None
    return None if found is Cadence.DAILY else found
