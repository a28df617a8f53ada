"""Amends a frozen Issue while it goes out: whoever still waits gets the new revision; the ledger says who got which.

It sends nothing itself, and what readers already have stays as it was: a correction tells them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from syndication import assemble, dispatch, editing
from syndication.core import audience, curate, desk, timetable
from syndication.core.desk import Plan
from syndication.core.model import (
    Article,
    ArticleStatus,
    Block,
    Do,
    Issue,
    IssueContent,
    IssueItem,
    IssueState,
    Wished,
)
from syndication.core.prose import summary
from syndication.ports import Permanent, Ports, Setup, Transient
from syndication.publish.hanging import with_our_pictures

TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What is to be different, by Article id."""

    dropped: frozenset[int] = frozenset()
    headlines: Mapping[int, str] = field(default_factory=dict)
    summaries: Mapping[int, str] = field(default_factory=dict)
    reread: bool = False  # take each Article as its Source has it now
    desk: bool = False  # take up what the desk wishes now, and give up what it wishes no more


def amend(ports: Ports, setup: Setup, issue: Issue, amendment: Amendment) -> Issue:
    """The Issue at its new revision. Raises Permanent when it is closed, or when nothing would be different.

    Where the desk's wishes make no difference to readers, the Issue comes back as it is."""
    if issue.state is not IssueState.FROZEN:
        raise Permanent(f"{issue.edition_id} {issue.on} is {issue.state}: only an open Issue can be amended")
    edition = setup.editions[issue.edition_id]
    content = amended(ports, issue.content, amendment)
    content = replace(content, items=tuple(with_our_pictures(ports, setup, content.items)))
    if amendment.desk:
        plan = desk_plan(ports, setup, issue)
        content = by_desk(ports, content, plan, edition.zone)
        _hold_or_release(ports, issue, plan)
    if not _differs(content, issue.content):
        if amendment.desk:
            return ports.store.issue(issue.id) or issue
        raise Permanent("nothing would be different")
    if not content.items and issue.content.items:
        raise Permanent("no story would be left: cancel the Issue instead")
    slot = timetable.slot(edition, issue.on)
    try:
        blocks = {
            lang: assemble.blocks_of(setup, edition, slot, content, lang, issue.cadence) for lang in assemble.LANGUAGES
        }
    except ValueError as error:
        raise Permanent(f"the amended Issue cannot be rendered: {error}") from error
    new = _stored(ports, issue, content, blocks)
    if new is None:
        raise Permanent(f"{issue.edition_id} {issue.on} was closed meanwhile")
    dispatch.fan_out_amended(ports, setup, new)
    return new


def _stored(ports: Ports, issue: Issue, content: IssueContent, blocks: Mapping[str, Sequence[Block]]) -> Issue | None:
    """The Issue at its new revision; once more where a reader is fanned out with a new Recipe in the same moment."""
    for tried in range(TRIES):
        recipes = {
            old: (made, None)
            if (made := audience.amended(had, content, before=issue.content)) is not None
            else (None, audience.NO_STORY)
            for old, had in ports.store.issue_recipes(issue.id).items()
        }
        try:
            return ports.store.amend(issue.id, content, blocks, recipes, ports.clock.now())
        except Transient:
            if tried == TRIES - 1:
                raise
    return None


# --- the desk --------------------------------------------------------------------------------

_TOO_LATE = "이미 만든 호에는 새 기사를 넣을 수 없습니다. 호외나 다음 호에 실립니다."


def desk_plan(ports: Ports, setup: Setup, issue: Issue) -> Plan:
    """What the desk wishes now of an Issue that is frozen, by the stories that it has."""
    wanted = editing.wanted(ports, setup, setup.editions[issue.edition_id], issue.on)
    return desk.plan(wanted.wishes, [_as_sent(ports, item) for item in issue.content.items])


def _as_sent(ports: Ports, item: IssueItem) -> Article:
    """The Article of a story in its outlet's own words."""
    return ports.store.article_at(item.article.id, item.article.revision) or item.article


def by_desk(ports: Ports, content: IssueContent, plan: Plan, zone: str) -> IssueContent:
    """The content as the desk wants it: a wish that was undone is undone here as well, but for the order of stories."""
    had = {(w.wish.do, w.article_id) for w in content.wished if w.refused is None}
    items = [_by_desk(ports, item, plan, had, zone) for item in content.items if item.article.id not in plan.dropped]
    return replace(
        content,
        items=tuple(_led(items, plan)),
        subject=plan.subject.words if plan.subject else None,
        note=plan.note.words if plan.note else None,
        wished=tuple(replace(w, refused=_TOO_LATE) if _is_late(w) else w for w in plan.wished),
    )


def _is_late(wished: Wished) -> bool:
    return wished.refused is not None and wished.wish.do in (Do.PIN, Do.LEAD)


def _by_desk(ports: Ports, item: IssueItem, plan: Plan, had: Collection[tuple[Do, int | None]], zone: str) -> IssueItem:
    number, own = item.article.id, _as_sent(ports, item)
    article, words = item.article, item.summary
    if number in plan.headlines or (Do.HEADLINE, number) in had:
        wish = plan.headlines.get(number)
        title = wish.words if wish and wish.words else own.content.title
        article = replace(article, content=replace(article.content, title=title))
    if number in plan.summaries or (Do.SUMMARY, number) in had:
        wish = plan.summaries.get(number)
        words = wish.words if wish and wish.words else summary(own.content.paragraphs)
    why = " ".join((item.why, *(said for said in curate.by_hand(article, plan, zone) if said not in item.why)))
    return replace(item, article=article, summary=words, why=why)


def _led(items: Sequence[IssueItem], plan: Plan) -> list[IssueItem]:
    """The stories with the section of the editor's lead in front, and the lead in front of it."""
    front = {item.section for item in items if item.article.id == plan.lead}
    return sorted(items, key=lambda item: (item.section not in front, item.article.id != plan.lead and bool(front)))


def _hold_or_release(ports: Ports, issue: Issue, plan: Plan) -> None:
    held = editing.held(plan)
    if held is None:
        ports.store.release_issue(issue.id, ports.clock.now())
    elif issue.held is None:
        ports.store.hold_issue(issue.id, held, ports.clock.now())


def _differs(one: IssueContent, other: IssueContent) -> bool:
    """Whether readers would see it: what the editors know of it alone makes no new revision."""
    return replace(one, wished=(), items=_unexplained(one)) != replace(other, wished=(), items=_unexplained(other))


def _unexplained(content: IssueContent) -> tuple[IssueItem, ...]:
    return tuple(replace(item, why="") for item in content.items)


# --- by command ------------------------------------------------------------------------------


def amended(ports: Ports, content: IssueContent, amendment: Amendment) -> IssueContent:
    """The content of an Issue with an Amendment. Raises Permanent for an Article that is not in it."""
    there = {item.article.id for item in content.items}
    named = amendment.dropped | amendment.headlines.keys() | amendment.summaries.keys()
    strange = sorted(named - there)
    if strange:
        raise Permanent(f"Article {strange[0]} is not in this Issue; it has {', '.join(map(str, sorted(there)))}")
    kept = (item for item in content.items if item.article.id not in amendment.dropped)
    items = [_item(ports, item, amendment) for item in kept]
    return replace(content, items=tuple(item for item in items if item is not None))


def _item(ports: Ports, item: IssueItem, amendment: Amendment) -> IssueItem | None:
    """One story, amended; None when its Source has taken it back."""
    number = item.article.id
    if amendment.reread:
        newest = ports.store.article_at(number)
        if newest is None or newest.status in (ArticleStatus.WITHHELD, ArticleStatus.CANCELED):
            return None
        if newest.revision != item.article.revision:
            item = replace(item, article=newest, summary=summary(newest.content.paragraphs))
    article = item.article
    if number in amendment.headlines:
        article = replace(article, content=replace(article.content, title=amendment.headlines[number]))
    return replace(item, article=article, summary=amendment.summaries.get(number, item.summary))
