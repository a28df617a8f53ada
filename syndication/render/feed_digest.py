"""Feed items of whole digests: one per Issue, with its weather, attribution and hour, as simple semantic markup.

It renders no dialect and lays nothing out: a feed reader has its own type and colours.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from math import isfinite
from zoneinfo import ZoneInfo

from syndication.core import links
from syndication.core.audience import sections_of
from syndication.core.catalogue import Restatement
from syndication.core.model import (
    Article,
    Cadence,
    Edition,
    Forecast,
    Issue,
    IssueItem,
    IssueState,
    Observation,
    Outlet,
    StationWeather,
    Weather,
)
from syndication.render import cells
from syndication.render.feed_articles import mark, taken_back
from syndication.render.feed_items import FeedItem, public_uri, unmade
from syndication.render.words import Words

PUBLISHED = (IssueState.FROZEN, IssueState.CLOSED)
NAMED = 3  # headlines in a digest's summary
LONGEST = 500  # characters of one headline or summary in it


def digest_items(
    issues: Iterable[Issue],
    *,
    outlet: Outlet,
    edition: Edition,
    say: Words,
    restated: Mapping[int, Restatement] | None = None,
) -> list[FeedItem]:
    """One item per published Issue, newest first. `restated`: what became of its Articles since, by id."""
    newest = sorted((i for i in issues if i.state in PUBLISHED), key=lambda i: (i.publish_at, i.id), reverse=True)
    return [digest_item(issue, outlet=outlet, edition=edition, say=say, restated=restated or {}) for issue in newest]


def digest_item(
    issue: Issue, *, outlet: Outlet, edition: Edition, say: Words, restated: Mapping[int, Restatement]
) -> FeedItem:
    """The whole digest of an Issue as one item, dated by the Edition's hour.

    One that is beyond rendering says why, and is quarantined alone."""
    try:
        return _item(issue, outlet=outlet, edition=edition, say=say, restated=restated)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one Issue must not cost the feed
        uri = links.issue_uri(outlet.domain, edition.id, issue.on, issue.cadence)
        return unmade(uri, issue.publish_at, error)


def _item(
    issue: Issue, *, outlet: Outlet, edition: Edition, say: Words, restated: Mapping[int, Restatement]
) -> FeedItem:
    since = {i.article.id: restated[i.article.id] for i in issue.content.items if i.article.id in restated}
    gone = {number: one for number, one in since.items() if one.gone}
    return FeedItem(
        id=links.issue_uri(outlet.domain, edition.id, issue.on, issue.cadence),
        title=_title(issue, edition, say),
        url=links.issue_url(outlet, edition.id, issue.on, issue.cadence),
        summary=_summary(issue, say, gone),
        content_html=digest_html(issue, edition, say, gone),
        published_at=issue.publish_at,
        updated_at=max(issue.publish_at, issue.frozen_at, *(one.at for one in since.values())),
        rights=f"© {outlet.name}",
        language=edition.language,
        weather=_told(issue.content.weather, edition),
    )


def digest_html(issue: Issue, edition: Edition, say: Words, gone: Mapping[int, Restatement]) -> str:
    """The note from the desk, the weather, then the stories by section in reading order."""
    zone = ZoneInfo(edition.zone)
    items = issue.content.items
    told = [_note(issue.content.note, say), _weather(issue.content.weather, edition, issue.on, zone, say)]
    for section in sections_of(issue.content):
        told.append(f"<h2>{_text(section)}</h2>")
        told += [_story(item, zone, say, gone.get(item.article.id)) for item in items if item.section == section]
    return "".join(told)


def _note(note: str | None, say: Words) -> str:
    lines = [f"<p>{_text(line)}</p>" for line in (note or "").splitlines() if line.strip()]
    return f"<h2>{_text(say('편집국에서'))}</h2>{''.join(lines)}" if lines else ""


def _title(issue: Issue, edition: Edition, say: Words) -> str:
    kinds = {Cadence.WEEKLY: say("주간"), Cadence.EXTRA: say("호외")}
    words = (edition.title, kinds.get(issue.cadence), say.day(issue.on))
    return " ".join(word for word in words if word)


def _summary(issue: Issue, say: Words, gone: Mapping[int, Restatement]) -> str:
    """The first headlines and how many follow."""
    titles = [item.article.content.title for item in issue.content.items if item.article.id not in gone]
    if not titles:
        return say("오늘의 날씨")
    named = " · ".join(_short(title) for title in titles[:NAMED])
    return named if len(titles) <= NAMED else say("{titles} 외 {count}건", titles=named, count=len(titles) - NAMED)


# --- stories ---------------------------------------------------------------------------------


def _story(item: IssueItem, zone: ZoneInfo, say: Words, gone: Restatement | None) -> str:
    """A story's part; nothing for one that is beyond rendering: in the Feeds of Articles its reason is kept."""
    try:
        return _told_story(item, zone, say) if gone is None else _gone(gone, say)
    except Exception:  # noqa: BLE001 - whatever is wrong with one Article must not cost the digest
        return ""


def _told_story(item: IssueItem, zone: ZoneInfo, say: Words) -> str:
    title, url = _text(_short(item.article.content.title)), public_uri(item.link)
    head = f'<a href="{html.escape(url)}">{title}</a>' if url else title
    summary = f"<p>{_text(_short(item.summary))}</p>" if item.summary else ""
    notes = " · ".join(_text(_short(note)) for note in _notes(item.article, zone, say))
    return f"<h3>{head}</h3>{summary}" + (f"<p><small>{notes}</small></p>" if notes else "")


def _gone(gone: Restatement, say: Words) -> str:
    """What stands in the place of a story that was taken back since."""
    head = f"{mark(gone.canceled, say)} {_short(gone.title)}" if gone.canceled else mark(gone.canceled, say)
    return f"<h3>{_text(head)}</h3><p>{_text(taken_back(gone.notice, canceled=gone.canceled, say=say))}</p>"


def _notes(article: Article, zone: ZoneInfo, say: Words) -> list[str]:
    """Marks that a reader is owed, who wrote it and when; an unknown date is not mentioned."""
    content = article.content
    marks = [say("광고")] * content.sponsored + [say("자동 생성")] * content.robot
    notes = [*marks, *content.bylines]
    if content.published_at is not None:
        local = content.published_at.astimezone(zone)
        notes.append(f"{local:%Y-%m-%d %H:%M}")
    elif content.published_on is not None:
        notes.append(content.published_on.isoformat())
    return notes


# --- weather ---------------------------------------------------------------------------------


def _weather(weather: Weather, edition: Edition, on: date, zone: ZoneInfo, say: Words) -> str:
    head = f"<h2>{_text(say('날씨'))}</h2>"
    stations = _shown(weather, edition)
    if not stations:
        return f"{head}<p>{_text(say(weather.note or '오늘은 날씨를 싣지 못했습니다.'))}</p>"
    rows = "".join(f"<li>{_text(_station(s, weather, on, zone, say))}</li>" for s in stations)
    notes = [_text(note) for note in _sources(weather, stations, on, zone, say)]
    return f"{head}<ul>{rows}</ul>{_days_ahead(weather, say)}<p><small>{' · '.join(notes)}</small></p>"


def _days_ahead(weather: Weather, say: Words) -> str:
    """The medium range of each region, where the Issue tells it."""
    told = []
    for ahead in (cells.days_ahead(outlook, say) for outlook in weather.outlooks):
        rows = "".join(f"<li>{_text(line)}</li>" for line in ahead.lines)
        told.append(f"<p>{_text(say('앞으로의 날씨'))} · {_text(ahead.region)}</p><ul>{rows}</ul>")
    return "".join(told)


def _told(weather: Weather, edition: Edition) -> Weather:
    """The weather as the markup tells it, for dialects that carry it as values."""
    return replace(weather, stations=tuple(_shown(weather, edition)))


def _shown(weather: Weather, edition: Edition) -> Sequence[StationWeather]:
    """The Edition's stations in its order, else all that the Issue has."""
    there = {station.station: station for station in weather.stations}
    return [there[name] for name in edition.stations if name in there] or weather.stations


def _station(station: StationWeather, weather: Weather, on: date, zone: ZoneInfo, say: Words) -> str:
    """거제: 관측 없음, 0.8℃; 최저 -5℃, 최고 3℃, 오전 맑음, 오후 흐림, 강수확률 20%"""
    warned = [cells.alert_words(alert, station, say) for alert in station.alerts]
    told = [", ".join(_observed(station.observation, say))]
    observed = station.observation
    if observed is not None and observed.observed_at is not None and weather.observed_at is None:
        told[0] += f" ({_hour(observed.observed_at, on, zone, say)})"
    if station.forecast is not None:
        told.append(", ".join(_forecast(station.forecast, say)))
    told.append(", ".join(cells.air_words(station.air, say)))
    return f"{station.station}: " + "; ".join(part for part in (*warned, *told) if part)


def _observed(observation: Observation | None, say: Words) -> list[str]:
    """The sky as printed, or 관측 없음, and the temperature where it is known."""
    sky = observation.condition if observation is not None else None
    words = [say.sky(sky) if sky else say("관측 없음")]
    measured = _known(observation.temperature) if observation is not None else None
    if measured is not None:
        words.append(degrees(measured, 1))
    elif sky:
        words.append(say("기온 관측 없음"))
    return words


def _forecast(forecast: Forecast, say: Words) -> list[str]:
    words = []
    low, high = _known(forecast.low), _known(forecast.high)
    if low is not None:
        words.append(say("최저 {value}", value=degrees(low)))
    if high is not None:
        words.append(say("최고 {value}", value=degrees(high)))
    if forecast.morning:
        words.append(say("오전 {sky}", sky=say.sky(forecast.morning)))
    if forecast.afternoon:
        words.append(say("오후 {sky}", sky=say.sky(forecast.afternoon)))
    if forecast.rain_chance is not None:
        words.append(say("강수확률 {value}%", value=forecast.rain_chance))
    return words


def _known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def degrees(value: float, digits: int = 0) -> str:
    """-11.0℃; a forecast's whole degrees without a fraction. Never -0."""
    shown = f"{value:.{digits}f}" if digits or value == round(value) else f"{value:.1f}"
    return f"{shown.removeprefix('-') if float(shown) == 0 else shown}℃"


def _sources(
    weather: Weather, stations: Sequence[StationWeather], on: date, zone: ZoneInfo, say: Words
) -> Iterable[str]:
    """Whose values these are and of which hour: 기상청 제공 · 06:00 관측."""
    said = [weather.attribution] if weather.attribution else _attributions(stations)
    if said:
        yield say("{who} 제공", who=", ".join(said))
    if weather.observed_at is not None:
        yield _hour(weather.observed_at, on, zone, say)
    elif any(s.observation is not None and s.observation.observed_at is None for s in stations):
        yield say("관측 시각 미상")
    if weather.last_resort:
        yield say("신문 지면에 실린 값")
    if dust := cells.dust_note(stations, say):
        yield dust
    if weather.note:
        yield say(weather.note)


def _attributions(stations: Sequence[StationWeather]) -> list[str]:
    told = [part.attribution for s in stations for part in (s.observation, s.forecast) if part is not None]
    return list(dict.fromkeys(who for who in told if who))


def _hour(at: datetime, on: date, zone: ZoneInfo, say: Words) -> str:
    """06:00 관측; with its date when that is not the Issue's."""
    local = at.astimezone(zone)
    return say("{when} 관측", when=f"{local:%H:%M}" if local.date() == on else f"{local:%Y-%m-%d %H:%M}")


def _short(text: str) -> str:
    """A headline or summary at a length that leaves room for the others'."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _text(text: str) -> str:
    return html.escape(text, quote=False)
