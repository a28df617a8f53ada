"""Makes a Press that holds one frozen Issue in memory, with Deliveries and readers as values (표본)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from syndication.adapters.memory import (
    FixedClock,
    MemoryFetcher,
    MemoryMailer,
    MemoryPortal,
    MemoryPublisher,
    MemoryStore,
)
from syndication.adapters.memory.journals import MemoryJournals
from syndication.core.audience import recipe, recipe_hash
from syndication.core.links import Keys
from syndication.core.model import (
    Cadence,
    Channel,
    Choices,
    Delivery,
    DeliveryState,
    Edition,
    Issue,
    IssueContent,
    IssueState,
    Recipe,
    Subscription,
    SubscriptionState,
)
from syndication.ports import Frozen, Mail, Ports, Setup
from syndication.press import Press
from syndication.render.blocks import render_blocks
from tests.render import make

HOUR = datetime(2026, 1, 19, 21, 30, tzinfo=UTC)  # 06:30 in Seoul
FROZEN_AT = HOUR - timedelta(minutes=9, seconds=17, microseconds=43)
KEYS = Keys(current="k1234567890", secrets={"k1234567890": bytes(range(32))})


def setup(edition: Edition = make.EDITION, **changed: Any) -> Setup:
    values = Setup(
        outlet=make.OUTLET,
        sources={},
        editions={edition.id: edition},
        partners={},
        partner_secrets={},
        keys=KEYS,
        address_keys=KEYS,
        templates=make.templates(),
        reply_to="desk@garam.example",
    )
    return replace(values, **changed)


def press(
    content: IssueContent,
    *,
    edition: Edition = make.EDITION,
    languages: Sequence[str] = ("ko",),
    on: Setup | None = None,
    **changed: Any,
) -> tuple[Press, Issue]:
    """A Press and the Issue that its store has frozen; `changed` are values of the Setup."""
    made = on or setup(edition, **changed)
    store = MemoryStore()
    frozen = Frozen(
        edition_id=edition.id,
        cadence=Cadence.DAILY,
        on=make.ON,
        state=IssueState.FROZEN,
        cut_off_at=HOUR - timedelta(minutes=10),
        publish_at=HOUR,
        expires_at=HOUR + timedelta(hours=12),
        frozen_at=FROZEN_AT,
        content=content,
    )
    blocks = {
        language: render_blocks(
            content,
            outlet=make.OUTLET,
            edition=edition,
            on=make.ON,
            language=language,
            templates=make.templates(),
            own_pages=made.own_pages,
        )
        for language in languages
    }
    issue = store.freeze(frozen, blocks)
    return Press(ports=ports(store), setup=made), issue


def ports(store: MemoryStore) -> Ports:
    return Ports(
        store=store,
        clock=FixedClock(at=HOUR),
        fetcher=MemoryFetcher(),
        mailer=MemoryMailer(),
        portal=MemoryPortal(),
        publisher=MemoryPublisher(),
        folders={},
        journals=MemoryJournals(),
    )


def delivery(press: Press, issue: Issue, made: Recipe, number: int) -> Delivery:
    """The Delivery of a reader, its Recipe in the store."""
    store = press.ports.store
    assert isinstance(store, MemoryStore)
    store.rows.recipes[recipe_hash(made)] = made
    return Delivery(
        id=number,
        channel=Channel.EMAIL,
        thing=f"issue:{issue.id}",
        recipient=f"subscriber:{number}",
        issue_id=issue.id,
        issue_revision=issue.revision,
        subscription_id=number,
        recipe_hash=recipe_hash(made),
        state=DeliveryState.SENDING,
        next_at=issue.publish_at,
        expires_at=issue.expires_at,
    )


def reader(number: int, *, address: str = "reader-{n}@example.com", language: str = "ko") -> Subscription:
    return Subscription(
        id=number,
        subscriber_id=number,
        edition_id=make.EDITION.id,
        address=address.format(n=number),
        state=SubscriptionState.ACTIVE,
        choices=Choices(),
        language=language,
        started_at=HOUR,
    )


def mail(content: IssueContent, choices: Choices | None = None, **changed: Any) -> Mail:
    """The mail of one reader of an Issue."""
    made_press, issue = press(content, **changed)
    made = recipe(choices or Choices(), content, make.EDITION)
    assert made
    return made_press.mail(delivery(made_press, issue, made, 1), reader(1))
