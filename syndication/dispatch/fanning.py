"""From an Issue's audience to Deliveries: who gets it, and what each one's Recipe is.

It sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from syndication import publish
from syndication.core import audience, partners
from syndication.core.model import (
    Channel,
    Choices,
    Issue,
    Partner,
    Recipe,
    What,
)
from syndication.ports import Ports, Setup

log = structlog.get_logger()


CHUNK = 5000


def fan_out(ports: Ports, setup: Setup, issue: Issue) -> None:
    """Make every Delivery of an Issue that is not there yet. Repeatable at any time.

    What goes wrong on one Channel is logged and stops neither the other Channels nor the next Issue."""
    edition = setup.editions.get(issue.edition_id)
    if edition is None:  # taken out of publisher.toml since: the others' Issues must still go out
        log.warning("issue not fanned out", issue=issue.id, edition=issue.edition_id, reason="no such Edition now")
        return
    done = ports.store.fanned_out(issue.id)
    for channel in edition.channels:
        if channel not in done:
            _fan_out_channel(ports, setup, issue, channel)


def _fan_out_channel(ports: Ports, setup: Setup, issue: Issue, channel: Channel) -> None:
    ways = {Channel.EMAIL: _fan_out_email, Channel.FEED: _fan_out_feeds, Channel.PARTNER: _fan_out_partners}
    try:
        ways[channel](ports, setup, issue)
    except Exception:  # it stays open and is tried again with the next tick
        log.exception("issue not fanned out", issue=issue.id, channel=channel.value)
    else:
        log.info("issue fanned out", issue=issue.id, channel=channel.value)


def _fan_out_email(ports: Ports, setup: Setup, issue: Issue) -> None:
    brought_by = _brought_by(ports, issue)
    after, recipes = 0, _recipes(ports, setup, issue, brought_by)
    while True:
        reached = ports.store.fan_out_email(
            issue,
            recipes,
            ports.clock.now(),
            after=after,
            limit=CHUNK,
            allowed=setup.allowed,
            seeds=setup.seeds,
            cohort=setup.cohort,
            brought_by=brought_by,
        )
        if reached is None:
            return
        # a reader may have chosen differently in between
        recipes = _recipes(ports, setup, issue, brought_by) if reached == after else {}
        after = reached


def _brought_by(ports: Ports, issue: Issue) -> frozenset[int]:
    """The Issues that may have brought a reader a story of this one; none unless stories are blocks of their own."""
    if not issue.content.by_story:
        return frozenset()
    return ports.store.issues_with([item.article.id for item in issue.content.items]) - {issue.id}


def _recipes(
    ports: Ports, setup: Setup, issue: Issue, brought_by: frozenset[int]
) -> dict[str, tuple[Recipe | None, str | None]]:
    """What the readers of an Issue get, by what they chose and what came to them before."""
    chosen = ports.store.distinct_choices(issue, brought_by)
    before = _brought(ports, chosen)
    return {key: _recipe(setup, issue, choices, before.get(key, frozenset())) for key, (choices, _) in chosen.items()}


def _brought(ports: Ports, keys: Iterable[str]) -> dict[str, frozenset[int]]:
    """The Articles that the readers of a key had from Issues before."""
    told = {key: past for key in keys if (past := audience.history(key))}
    every = {piece for past in told.values() for piece in past}
    recipes = ports.store.recipes({made for _, _, made in every}) if every else {}
    issues = {(number, revision): ports.store.issue(number, revision) for number, revision, _ in every}
    had = {
        (number, revision, made): audience.brought(recipes[made], there.content)
        for number, revision, made in every
        if made in recipes and (there := issues[number, revision]) is not None
    }
    return {key: frozenset().union(*(had.get(piece, frozenset()) for piece in past)) for key, past in told.items()}


def _recipe(setup: Setup, issue: Issue, choices: Choices, before: frozenset[int]) -> tuple[Recipe | None, str | None]:
    made = audience.recipe(choices, issue.content, setup.editions[issue.edition_id], without=before)
    if made is not None:
        return made, None
    there = audience.chosen_sections(choices, issue.content)
    return None, audience.ALL_BROUGHT if there and before else audience.NO_STORY


def fan_out_amended(ports: Ports, setup: Setup, issue: Issue) -> None:
    """Bring a new revision of an Issue to the Feeds and to the Partners that take whole digests.

    Mails need nothing: whoever still waits gets it when claimed."""
    edition = setup.editions[issue.edition_id]
    if Channel.FEED in edition.channels:
        _fan_out_feeds(ports, setup, issue)
    if Channel.PARTNER in edition.channels:
        _fan_out_partners(ports, setup, issue)


def _fan_out_feeds(ports: Ports, setup: Setup, issue: Issue) -> None:
    thing = issue_thing(issue)
    things = [(thing, feed) for feed in publish.feed_recipients(setup.editions[issue.edition_id])]
    _fan_out_to(ports, issue, Channel.FEED, things)


def _fan_out_partners(ports: Ports, setup: Setup, issue: Issue) -> None:
    things = [pair for partner in setup.partners.values() for pair in partner_things(setup, partner, issue)]
    _fan_out_to(ports, issue, Channel.PARTNER, things)


def _fan_out_to(ports: Ports, issue: Issue, channel: Channel, things: list[tuple[str, str]]) -> None:
    ports.store.fan_out_to(
        channel=channel,
        things=things,
        issue=issue,
        now=ports.clock.now(),
        not_before=issue.publish_at,
        expires_at=issue.expires_at,
    )


def partner_things(setup: Setup, partner: Partner, issue: Issue) -> list[tuple[str, str]]:
    """What one Partner gets of an Issue: (thing, recipient) pairs; each refusal is logged with its reason."""
    if partner.edition != issue.edition_id or not (setup.live or partner.rehearsed_with):
        return []
    recipient = f"partner:{partner.id}"
    if partner.what is What.DIGEST:
        return [(issue_thing(issue), recipient)]
    things = []
    for item in issue.content.items:
        reason = partners.wanted(partner, item.article, at=issue.publish_at)
        if reason is None:
            things.append((f"article:{item.article.id}/{item.article.revision}", recipient))
        else:
            log.info("article withheld from partner", partner=partner.id, article=item.article.id, reason=reason)
    return things


def issue_thing(issue: Issue) -> str:
    """What Feeds and Partners get of an Issue: each revision is a thing of its own."""
    return f"issue:{issue.id}" if issue.revision == 1 else f"issue:{issue.id}/{issue.revision}"
