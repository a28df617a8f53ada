"""Amends a frozen Issue while it goes out: whoever still waits gets the new revision; the ledger says who got which.

It sends nothing itself, and what readers already have stays as it was: a correction tells them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from syndication import assemble, dispatch
from syndication.core import audience, timetable
from syndication.core.model import ArticleStatus, Block, Issue, IssueContent, IssueItem, IssueState
from syndication.core.prose import summary
from syndication.ports import Permanent, Ports, Setup, Transient

TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What is to be different, by Article id."""

    dropped: frozenset[int] = frozenset()
    headlines: Mapping[int, str] = field(default_factory=dict)
    summaries: Mapping[int, str] = field(default_factory=dict)
    reread: bool = False  # take each Article as its Source has it now


def amend(ports: Ports, setup: Setup, issue: Issue, amendment: Amendment) -> Issue:
    """The Issue at its new revision. Raises Permanent when it is closed, or when nothing would be different."""
    if issue.state is not IssueState.FROZEN:
        raise Permanent(f"{issue.edition_id} {issue.on} is {issue.state}: only an open Issue can be amended")
    edition = setup.editions[issue.edition_id]
    content = amended(ports, issue.content, amendment)
    if content == issue.content:
        raise Permanent("nothing would be different")
    if not content.items and issue.content.items:
        raise Permanent("no story would be left: cancel the Issue instead")
    slot = timetable.slot(edition, issue.on)
    try:
        blocks = {lang: assemble.blocks_of(setup, edition, slot, content, lang) for lang in assemble.LANGUAGES}
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
            old: (made, None) if (made := audience.amended(had, content)) is not None else (None, audience.NO_STORY)
            for old, had in ports.store.issue_recipes(issue.id).items()
        }
        try:
            return ports.store.amend(issue.id, content, blocks, recipes, ports.clock.now())
        except Transient:
            if tried == TRIES - 1:
                raise
    return None


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
