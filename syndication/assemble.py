"""Freezes one Issue per Edition and local date from what has been collected.

It collects nothing and sends nothing; what is chosen, and why, is decided in core.curate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from syndication import editing, ingest
from syndication.core import curate, desk, links, timetable
from syndication.core.audience import all_block_keys
from syndication.core.model import (
    Article,
    Block,
    Cadence,
    Do,
    Edition,
    EmptyDay,
    Issue,
    IssueContent,
    IssueItem,
    IssueState,
    Origin,
    Untaken,
    Weather,
    Wish,
)
from syndication.core.timetable import Slot, Task
from syndication.core.weather import NONE, choose_weather
from syndication.ports import Frozen, Permanent, Ports, Setup
from syndication.publish.hanging import with_our_pictures
from syndication.render.email import render_blocks
from syndication.render.feed_items import public_uri

log = structlog.get_logger()

LANGUAGES = ("ko", "en")
REMEMBERED = 7  # Issues whose stories are not told again in other words
WEEK = timedelta(days=7)
KEPT = 200  # stories that were left out, kept with the Issue with their reasons
_BESIDE = {  # whose stories an Issue does not tell again: daily and extra ones go to the same readers
    Cadence.DAILY: (Cadence.DAILY, Cadence.EXTRA),
    Cadence.EXTRA: (Cadence.DAILY, Cadence.EXTRA),
    Cadence.WEEKLY: (Cadence.WEEKLY,),
}
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
    for edition, cadence in ((e, c) for e in setup.editions.values() for c in (Cadence.DAILY, Cadence.WEEKLY)):
        try:
            made += _edition_due(ports, setup, edition, cadence)
        except Exception as error:  # one Edition's trouble must not stop the next; `status` calls it overdue
            log.exception("edition not assembled", edition=edition.id, cadence=cadence.value, error=str(error))
    return tuple(issue for issue in made if issue.state is IssueState.FROZEN)


def _edition_due(ports: Ports, setup: Setup, edition: Edition, cadence: Cadence) -> Sequence[Issue]:
    if cadence is Cadence.WEEKLY and edition.weekly is None:
        return ()
    now = ports.clock.now()
    last = ports.store.last_issue(edition.id, cadence)
    duties = timetable.due(
        edition,
        now,
        last_on=last.on if last else None,
        adopted_at=ports.store.adopted_at(edition.id),
        cadence=cadence,
    )
    made: list[Issue] = []
    for duty in duties:
        if duty.kind is Task.MISSED:
            made.append(_missed(ports, edition, duty.slot, cadence))
        elif (issue := assemble(ports, setup, edition, duty.slot, cadence)) is not None:
            made.append(issue)
    return made


def out_of_turn(ports: Ports, setup: Setup, edition: Edition, *, articles: Iterable[int] = (), by: str) -> Issue:
    """An extra Issue, frozen now and sent at once: of these Articles, else of all that came since the last Issue.

    There is one a day: asked again, the Issue that is there. Raises Permanent where there is nothing to bring."""
    now = ports.clock.now()
    slot = timetable.slot_at(edition, now)
    there = ports.store.issue_on(edition.id, Cadence.EXTRA, slot.on)
    if there is not None:
        return there
    pins = [Wish(do=Do.PIN, edition_id=edition.id, article=str(n), on=slot.on, by=by, at=now) for n in articles]
    draft = compose(ports, setup, edition, slot, cadence=Cadence.EXTRA, only=pins)
    if draft.frozen.state is not IssueState.FROZEN:
        raise Permanent(f"{edition.id} {slot.on}: there is nothing for an extra Issue: {draft.frozen.reason}")
    return _frozen(ports, edition, draft)


def assemble(
    ports: Ports, setup: Setup, edition: Edition, slot: Slot, cadence: Cadence = Cadence.DAILY
) -> Issue | None:
    """The frozen Issue of a slot, made now unless it is there; None while the weather's grace still runs."""
    there = ports.store.issue_on(edition.id, cadence, slot.on)
    if there is not None:
        return there
    now = ports.clock.now()
    weather = weather_for(ports, setup, edition, slot, now, cadence)
    if edition.stations and now < slot.cut_off_at + edition.weather_grace and _may_come(setup, weather):
        return None
    return _frozen(ports, edition, compose(ports, setup, edition, slot, cadence=cadence, weather=weather))


def _frozen(ports: Ports, edition: Edition, draft: Draft) -> Issue:
    issue = ports.store.freeze(draft.frozen, draft.blocks)
    log.info(
        "issue frozen",
        issue=issue.id,
        edition=edition.id,
        cadence=issue.cadence.value,
        on=str(issue.on),
        held=issue.held,
        state=issue.state.value,
        articles=len(issue.content.items),
        left_out=len(draft.left_out),
    )
    return issue


def compose(
    ports: Ports,
    setup: Setup,
    edition: Edition,
    slot: Slot,
    *,
    cadence: Cadence = Cadence.DAILY,
    weather: Weather | None = None,
    only: Sequence[Wish] = (),
) -> Draft:
    """An Issue as it would be frozen now, from stored data and the desk's wishes alone; nothing is stored.

    A date that has passed is told as it stood on its own morning. With `only` it holds nothing but what these ask."""
    now = ports.clock.now()
    moment = now if now < slot.expires_at else slot.cut_off_at + edition.weather_grace
    weather = weather or weather_for(ports, setup, edition, slot, moment, cadence)
    wanted = editing.wanted(ports, setup, edition, slot.on, more=only)
    articles = _articles(ports, edition, slot, cadence, wanted.articles, only=bool(only))
    plan = desk.plan(wanted.wishes, articles)
    issues = [i for i in ports.store.issues(edition.id, 3 * REMEMBERED) if i.publish_at <= slot.publish_at]
    curated = curate.curate(
        articles,
        edition=edition,
        now=slot.cut_off_at,
        sent=_sent(issues, slot, cadence),
        plan=plan,
        places=_places(issues, slot) if cadence is Cadence.WEEKLY else None,
    )
    items = curate.issue_items(curated, lambda article: link_for(setup, edition, slot, article, cadence))
    content = IssueContent(
        items=tuple(with_our_pictures(ports, setup, items)),
        weather=weather,
        degraded=(*_degraded(ports, setup, edition, moment), *editing.told(wanted.problems)),
        subject=plan.subject.words if plan.subject else None,
        note=plan.note.words if plan.note else None,
        wished=plan.wished,
        by_story=cadence is Cadence.WEEKLY,
    )
    return _draft(setup, edition, slot, content, now, curated.left_out, cadence=cadence, held=editing.held(plan))


def _articles(
    ports: Ports, edition: Edition, slot: Slot, cadence: Cadence, asked: frozenset[int], *, only: bool
) -> list[Article]:
    """What an Issue may be made of: what came lately, and what the desk asks for by its number."""
    cut_off = slot.cut_off_at
    since = cut_off - WEEK
    if cadence is not Cadence.WEEKLY:
        last = ports.store.last_cut_off(edition.id, Cadence.DAILY)
        rest = timetable.rest_before(edition, slot.on) if last is None else timedelta(0)
        since = min(last or cut_off, cut_off) - edition.horizon - rest
        since = last if last and cadence is Cadence.EXTRA else since
    lately = [] if only else ports.store.eligible(edition, cadence, cut_off_at=cut_off, since=since)
    missing = asked - {a.id for a in lately}
    if not missing:
        return list(lately)
    return [*lately, *ports.store.eligible(edition, cadence, cut_off_at=cut_off, since=since, among=missing)]


def _sent(issues: Sequence[Issue], slot: Slot, cadence: Cadence) -> list[Article]:
    """What the same readers got in the last Issues before a slot."""
    earlier = [i for i in issues if i.cadence in _BESIDE[cadence] and i.publish_at < slot.publish_at]
    return [item.article for issue in earlier[:REMEMBERED] for item in issue.content.items]


def _places(issues: Sequence[Issue], slot: Slot) -> dict[int, int]:
    """Where stories stood in the Issues of the week that ends with a slot: 0 led one, 1 led a section, 2 was in one."""
    places: dict[int, int] = {}
    for issue in issues:
        if issue.cadence is not Cadence.WEEKLY and issue.publish_at > slot.publish_at - WEEK:
            seen: set[str] = set()
            for n, item in enumerate(issue.content.items):
                place = 0 if n == 0 else 2 if item.section in seen else 1
                seen.add(item.section)
                places[item.article.id] = min(place, places.get(item.article.id, place))
    return places


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
    left_out: Sequence[curate.LeftOut],
    *,
    cadence: Cadence,
    held: str | None,
) -> Draft:
    content, unfit = _renderable(setup, edition, slot, content, cadence)
    content = _with_left_out(content, [*left_out, *unfit])
    has_news = content.items or (edition.empty_day is EmptyDay.WEATHER and content.weather.stations)
    frozen = Frozen(
        edition_id=edition.id,
        cadence=cadence,
        on=slot.on,
        state=IssueState.FROZEN if has_news else IssueState.EMPTY,
        cut_off_at=slot.cut_off_at,
        publish_at=slot.publish_at,
        expires_at=slot.expires_at,
        frozen_at=now,
        content=content if has_news else replace(content, items=(), weather=Weather()),
        reason=None if has_news else "nothing eligible",
        held=held if has_news else None,
    )
    languages = LANGUAGES if has_news else ()
    blocks = {lang: blocks_of(setup, edition, slot, content, lang, cadence) for lang in languages}
    reasons = tuple((left.article, left.reason) for left in [*left_out, *unfit])
    return Draft(frozen=frozen, blocks=blocks, left_out=reasons)


def _with_left_out(content: IssueContent, left_out: Sequence[curate.LeftOut]) -> IssueContent:
    """The content with what was left out of it and why: the newest, and how many more."""
    newest = sorted(left_out, key=lambda left: (left.article.first_seen_at, left.article.id), reverse=True)
    kept: tuple[Untaken, ...] = tuple(curate.untaken(left) for left in newest[:KEPT])
    return replace(content, left_out=kept, more_left_out=len(newest) - len(kept))


def blocks_of(
    setup: Setup,
    edition: Edition,
    slot: Slot,
    content: IssueContent,
    language: str,
    cadence: Cadence = Cadence.DAILY,
) -> Sequence[Block]:
    """Every block of an Issue in one language, from one rendering."""
    blocks = render_blocks(
        content,
        outlet=setup.outlet,
        edition=edition,
        on=slot.on,
        language=language,
        templates=setup.templates,
        cadence=cadence,
        own_pages=setup.own_pages,
    )
    missing = set(all_block_keys(content)) - {b.key for b in blocks}
    if missing:
        raise ValueError(f"the rendering lacks the blocks {sorted(missing)}")
    return blocks


def _renderable(
    setup: Setup, edition: Edition, slot: Slot, content: IssueContent, cadence: Cadence
) -> tuple[IssueContent, tuple[curate.LeftOut, ...]]:
    """The content without what cannot be rendered: neither one bad article nor bad weather stops an Issue."""

    def refusal(items: Sequence[IssueItem], weather: Weather) -> str | None:
        return _refusal(setup, edition, slot, replace(content, items=tuple(items), weather=weather), cadence)

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
        *(curate.LeftOut(i.article, f"cannot be rendered: {reason}") for i, reason in judged if reason is not None),
        *(curate.LeftOut(i.article, "there is no room for it: all stories together are too large") for i in fit[room:]),
    )
    notes = [f"article {left.article.id} set aside: {left.reason}" for left in unfit]
    notes += [] if no_weather is None else [f"weather set aside: {no_weather}"]
    for note in notes:
        log.warning("not rendered", edition=edition.id, on=str(slot.on), what=note)
    kept = replace(content, items=tuple(fit[:room]), weather=weather, degraded=(*content.degraded, *notes))
    return kept, unfit


def _refusal(setup: Setup, edition: Edition, slot: Slot, content: IssueContent, cadence: Cadence) -> str | None:
    try:
        for language in LANGUAGES:
            blocks_of(setup, edition, slot, content, language, cadence)
    except ValueError as error:
        return str(error)
    return None


def weather_for(
    ports: Ports, setup: Setup, edition: Edition, slot: Slot, now: datetime, cadence: Cadence = Cadence.DAILY
) -> Weather:
    """The weather of a slot from stored readings; the judgement is core.weather's."""
    readings = ports.store.weather_since(now - _WEATHER_MEMORY)
    return choose_weather(
        readings,
        stations=(),  # every one there is: each reader's Recipe takes its own
        on=slot.on,
        now=now,
        zone=ZoneInfo(edition.zone),
        other_dates=ports.store.widget_dates,
        outlook_at=edition.stations if cadence is Cadence.WEEKLY else (),
    )


def link_for(setup: Setup, edition: Edition, slot: Slot, article: Article, cadence: Cadence = Cadence.DAILY) -> str:
    """The story's own page, else its place on our Issue page."""
    url = article.content.url
    public = public_uri(url) if url else None  # what is none can stand in no feed
    if url and public:
        return url if url.split() == [url] else public
    page = links.issue_url(setup.outlet, edition.id, slot.on, cadence)
    return f"{page}#{links.article_anchor(article.id)}"


def _may_come(setup: Setup, weather: Weather) -> bool:
    """Whether better weather may come: any where there is none, a service's where a page alone tells some."""
    asked = bool(setup.weather_stations)
    if weather.stations:
        seen = [s.observation.origin for s in weather.stations if s.observation]
        return asked and bool(seen) and set(seen) == {Origin.WIDGET}
    return asked or any(s.weather for s in setup.sources.values())


def _missed(ports: Ports, edition: Edition, slot: Slot, cadence: Cadence) -> Issue:
    frozen = Frozen(
        edition_id=edition.id,
        cadence=cadence,
        on=slot.on,
        state=IssueState.MISSED,
        cut_off_at=slot.cut_off_at,
        publish_at=slot.publish_at,
        expires_at=slot.expires_at,
        frozen_at=ports.clock.now(),
        content=IssueContent(),
        reason="its time had passed before it was made",
    )
    issue = ports.store.freeze(frozen, {})
    log.warning("issue recorded", issue=issue.id, edition=edition.id, on=str(slot.on), state=issue.state.value)
    return issue
