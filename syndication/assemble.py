"""Freezes one Issue per Edition and local date from what has been collected.

It collects nothing and sends nothing; what is chosen, and why, is decided in core.curate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from syndication import ingest
from syndication.core import curate, links, timetable
from syndication.core.audience import all_block_keys
from syndication.core.model import (
    Article,
    Block,
    Cadence,
    Edition,
    EmptyDay,
    Issue,
    IssueContent,
    IssueItem,
    IssueState,
    Weather,
)
from syndication.core.timetable import Slot, Task
from syndication.core.weather import NONE, choose_weather
from syndication.ports import Frozen, Ports, Setup
from syndication.render.email import render_blocks
from syndication.render.feed_items import public_uri

log = structlog.get_logger()

LANGUAGES = ("ko", "en")
REMEMBERED = 7  # Issues whose stories are not told again in other words
_WEATHER_MEMORY = timedelta(hours=30)  # readings older than this say nothing about the morning


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An Issue before it is frozen, with its rendered blocks by language and what was left out and why."""

    frozen: Frozen
    blocks: Mapping[str, Sequence[Block]]
    left_out: tuple[tuple[Article, str], ...] = ()


def publish_due(ports: Ports, setup: Setup) -> tuple[Issue, ...]:
    """Assemble whatever Editions are due now and record what was missed; returns the Issues that may go out."""
    made: list[Issue] = []
    for edition in setup.editions.values():
        try:
            made += _edition_due(ports, setup, edition)
        except Exception as error:  # one Edition's trouble must not stop the next; `status` calls it overdue
            log.exception("edition not assembled", edition=edition.id, error=str(error))
    return tuple(issue for issue in made if issue.state is IssueState.FROZEN)


def _edition_due(ports: Ports, setup: Setup, edition: Edition) -> Sequence[Issue]:
    now = ports.clock.now()
    last = ports.store.last_issue(edition.id, Cadence.DAILY)
    duties = timetable.due(
        edition, now, last_on=last.on if last else None, adopted_at=ports.store.adopted_at(edition.id)
    )
    made: list[Issue] = []
    for duty in duties:
        if duty.kind is Task.MISSED:
            made.append(_record(ports, edition, duty.slot, IssueState.MISSED, "its time had passed before it was made"))
        elif (issue := assemble(ports, setup, edition, duty.slot)) is not None:
            made.append(issue)
    return made


def assemble(ports: Ports, setup: Setup, edition: Edition, slot: Slot) -> Issue | None:
    """The frozen Issue of a slot, made now unless it is there; None while the weather's grace still runs."""
    there = ports.store.issue_on(edition.id, Cadence.DAILY, slot.on)
    if there is not None:
        return there
    now = ports.clock.now()
    weather = weather_for(ports, setup, edition, slot, now)
    if not weather.stations and edition.stations and now < slot.cut_off_at + edition.weather_grace and _may_come(setup):
        return None
    draft = compose(ports, setup, edition, slot, weather=weather)
    issue = ports.store.freeze(draft.frozen, draft.blocks)
    log.info(
        "issue frozen",
        issue=issue.id,
        edition=edition.id,
        on=str(issue.on),
        state=issue.state.value,
        articles=len(issue.content.items),
        left_out=len(draft.left_out),
    )
    return issue


def compose(ports: Ports, setup: Setup, edition: Edition, slot: Slot, *, weather: Weather | None = None) -> Draft:
    """An Issue as it would be frozen now, from stored data alone; nothing is stored.

    A date that has passed is told as it stood on its own morning."""
    now = ports.clock.now()
    moment = now if now < slot.expires_at else slot.cut_off_at + edition.weather_grace
    weather = weather or weather_for(ports, setup, edition, slot, moment)
    last = ports.store.last_cut_off(edition.id, Cadence.DAILY)
    since = min(last or slot.cut_off_at, slot.cut_off_at) - edition.horizon
    articles = ports.store.eligible(edition, Cadence.DAILY, cut_off_at=slot.cut_off_at, since=since)
    earlier = [i for i in ports.store.issues(edition.id, REMEMBERED) if i.on < slot.on]
    sent = (item.article for issue in earlier for item in issue.content.items)
    curated = curate.curate(articles, edition=edition, now=slot.cut_off_at, sent=sent)
    items = curate.issue_items(curated, lambda article: link_for(setup, edition, slot, article))
    content = IssueContent(items=items, weather=weather, degraded=_degraded(ports, setup, edition, moment))
    return _draft(setup, edition, slot, content, now, curated.left_out)


def _degraded(ports: Ports, setup: Setup, edition: Edition, now: datetime) -> tuple[str, ...]:
    """What is wrong with the Edition's Sources."""
    sources = [s for s in setup.sources.values() if not edition.sources or s.id in edition.sources]
    return tuple(f"{source_id}: {why}" for source_id, why in ingest.troubled(ports, sources, now).items())


def _draft(
    setup: Setup,
    edition: Edition,
    slot: Slot,
    content: IssueContent,
    now: datetime,
    left_out: Sequence[tuple[Article, str]],
) -> Draft:
    content, unfit = _renderable(setup, edition, slot, content)
    has_news = content.items or (edition.empty_day is EmptyDay.WEATHER and content.weather.stations)
    frozen = Frozen(
        edition_id=edition.id,
        cadence=Cadence.DAILY,
        on=slot.on,
        state=IssueState.FROZEN if has_news else IssueState.EMPTY,
        cut_off_at=slot.cut_off_at,
        publish_at=slot.publish_at,
        expires_at=slot.expires_at,
        frozen_at=now,
        content=content if has_news else IssueContent(degraded=content.degraded),
        reason=None if has_news else "nothing eligible",
    )
    blocks = {lang: blocks_of(setup, edition, slot, content, lang) for lang in LANGUAGES} if has_news else {}
    return Draft(frozen=frozen, blocks=blocks, left_out=(*left_out, *unfit))


def blocks_of(setup: Setup, edition: Edition, slot: Slot, content: IssueContent, language: str) -> Sequence[Block]:
    """Every block of an Issue in one language, from one rendering."""
    blocks = render_blocks(
        content,
        outlet=setup.outlet,
        edition=edition,
        on=slot.on,
        language=language,
        templates=setup.templates,
        own_pages=setup.own_pages,
    )
    missing = set(all_block_keys(content)) - {b.key for b in blocks}
    if missing:
        raise ValueError(f"the rendering lacks the blocks {sorted(missing)}")
    return blocks


def _renderable(
    setup: Setup, edition: Edition, slot: Slot, content: IssueContent
) -> tuple[IssueContent, tuple[tuple[Article, str], ...]]:
    """The content without what cannot be rendered: neither one bad article nor bad weather stops an Issue."""

    def refusal(items: Sequence[IssueItem], weather: Weather) -> str | None:
        return _refusal(setup, edition, slot, IssueContent(items=tuple(items), weather=weather))

    if refusal(content.items, content.weather) is None:
        return content, ()
    no_weather = refusal((), content.weather)
    weather = content.weather if no_weather is None else Weather(note=NONE)
    judged = [(item, refusal((item,), Weather())) for item in content.items]
    fit = [item for item, reason in judged if reason is None]
    room = len(fit)
    while room and refusal(fit[:room], weather) is not None:
        room = room * 3 // 4
    unfit = (
        *((item.article, f"cannot be rendered: {reason}") for item, reason in judged if reason is not None),
        *((item.article, "there is no room for it: all stories together are too large") for item in fit[room:]),
    )
    notes = [f"article {article.id} set aside: {reason}" for article, reason in unfit]
    notes += [] if no_weather is None else [f"weather set aside: {no_weather}"]
    for note in notes:
        log.warning("not rendered", edition=edition.id, on=str(slot.on), what=note)
    kept = IssueContent(items=tuple(fit[:room]), weather=weather, degraded=(*content.degraded, *notes))
    return kept, unfit


def _refusal(setup: Setup, edition: Edition, slot: Slot, content: IssueContent) -> str | None:
    try:
        for language in LANGUAGES:
            blocks_of(setup, edition, slot, content, language)
    except ValueError as error:
        return str(error)
    return None


def weather_for(ports: Ports, setup: Setup, edition: Edition, slot: Slot, now: datetime) -> Weather:
    """The weather of a slot from stored readings; the judgement is core.weather's."""
    readings = ports.store.weather_since(now - _WEATHER_MEMORY)
    return choose_weather(
        readings,
        stations=(),  # every one there is: each reader's Recipe takes its own
        on=slot.on,
        now=now,
        zone=ZoneInfo(edition.zone),
        other_dates=ports.store.widget_dates,
    )


def link_for(setup: Setup, edition: Edition, slot: Slot, article: Article) -> str:
    """The story's own page, else its place on our Issue page."""
    url = article.content.url
    public = public_uri(url) if url else None  # what is none can stand in no feed
    if url and public:
        return url if url.split() == [url] else public
    page = links.issue_url(setup.outlet, edition.id, slot.on)
    return f"{page}#{links.article_anchor(article.id)}"


def _may_come(setup: Setup) -> bool:
    return bool(setup.weather_stations) or any(s.weather for s in setup.sources.values())


def _record(ports: Ports, edition: Edition, slot: Slot, state: IssueState, reason: str) -> Issue:
    frozen = Frozen(
        edition_id=edition.id,
        cadence=Cadence.DAILY,
        on=slot.on,
        state=state,
        cut_off_at=slot.cut_off_at,
        publish_at=slot.publish_at,
        expires_at=slot.expires_at,
        frozen_at=ports.clock.now(),
        content=IssueContent(),
        reason=reason,
    )
    issue = ports.store.freeze(frozen, {})
    log.warning("issue recorded", issue=issue.id, edition=edition.id, on=str(slot.on), state=state.value)
    return issue
