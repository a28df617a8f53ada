"""Lets Articles appear in Feeds: with their Issue, or at once; and brings their Revisions there.

It publishes nothing: what it touches is published by `feeds`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from syndication.core.catalogue import Appearance, Feed, Story, feeds_of
from syndication.core.curate import section_names
from syndication.core.model import Appear, Article, Channel, Edition, Issue, IssueItem
from syndication.core.prose import summary
from syndication.ports import Ports, Setup
from syndication.render.feed_items import public_uri

log = structlog.get_logger()

AT_A_TIME = 500
LOOK_BACK = timedelta(days=40)  # what was read or revised meanwhile is looked for so far back, also after an outage


def let_appear(ports: Ports, setup: Setup) -> None:
    """Enter every Issue and Article whose time has come, and every Revision. Repeatable, by any number of workers.

    An Issue that is held waits until the operator lets it go on."""
    editions = {e.id: e for e in setup.editions.values() if Channel.FEED in e.channels}
    for issue in ports.store.issues_to_enter(editions.keys()):
        if issue.held is None:
            enter_issue(ports, setup, issue)
    for edition in editions.values():
        if edition.appear is Appear.AT_ONCE:
            _enter_articles(ports, setup, edition)
    for story in ports.store.revised(ports.clock.now() - LOOK_BACK):
        ports.store.revise(story, _feeds_of(setup, story))


def enter_issue(ports: Ports, setup: Setup, issue: Issue) -> None:
    """Let an Issue and its Articles appear: the Articles as it freezes, under embargo when that ends."""
    edition = setup.editions[issue.edition_id]
    appearances = [_of_item(setup, edition, issue, item, n) for n, item in enumerate(issue.content.items)]
    ports.store.enter(appearances, issue=issue)
    log.info("issue entered into feeds", issue=issue.id, articles=len(appearances))


def _of_item(setup: Setup, edition: Edition, issue: Issue, item: IssueItem, place: int) -> Appearance:
    """In Feeds the stories of an Issue stand in its reading order: the first came last, by a microsecond each."""
    content = item.article.content
    return Appearance(
        article_id=item.article.id,
        revision=item.article.revision,
        feeds=tuple(
            feeds_of(content, outlet=outlet_of(setup, item.article), sections=[item.section], edition=edition.id)
        ),
        appears_at=_after_embargo(issue.frozen_at - place * timedelta(microseconds=1), item.article),
        edition_id=edition.id,
        language=edition.language,
        section=item.section,
        link=item.link,
        summary=item.summary,
    )


def _enter_articles(ports: Ports, setup: Setup, edition: Edition) -> None:
    since = ports.clock.now() - LOOK_BACK
    while articles := ports.store.articles_to_enter(edition, since, AT_A_TIME):
        ports.store.enter([of_article(setup, edition, article) for article in articles])
        log.info("articles entered into feeds", edition=edition.id, articles=len(articles))


def of_article(setup: Setup, edition: Edition, article: Article, *, at: datetime | None = None) -> Appearance:
    """An Article's appearance without an Issue: when it was first seen, or at an instant that is known better."""
    content = article.content
    section = section_names([content.section], edition.sections)[content.section]
    return Appearance(
        article_id=article.id,
        revision=article.revision,
        feeds=tuple(feeds_of(content, outlet=outlet_of(setup, article), sections=[section], edition=edition.id)),
        appears_at=_after_embargo(at or article.first_seen_at, article),
        edition_id=edition.id,
        language=edition.language,
        section=section,
        link=content.url if content.url and public_uri(content.url) else None,
        summary=summary(content.paragraphs),
    )


def _feeds_of(setup: Setup, story: Story) -> list[Feed]:
    """Where a Revision belongs. Its section stays the one it appeared in."""
    content = story.article.content
    return feeds_of(content, outlet=outlet_of(setup, story.article), sections=[story.section], edition="")


def outlet_of(setup: Setup, article: Article) -> str:
    """The key of the outlet whose story it is; of a Source that is gone, as the identity has it."""
    source = setup.sources.get(article.source_id)
    return source.outlet if source is not None else article.identity.partition(":")[0]


def _after_embargo(at: datetime, article: Article) -> datetime:
    until = article.content.embargo_until
    return at if until is None else max(at, until)
