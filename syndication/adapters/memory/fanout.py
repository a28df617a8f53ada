"""From an Issue's audience to Deliveries in memory, and its amendments, by the same rules as the SQL Store.

A lock stands in for transactions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syndication.adapters.memory.newsroom import MemoryNewsroom
from syndication.adapters.memory.readership import MemoryReadership
from syndication.adapters.memory.rows import ChannelRow, DeliveryRow
from syndication.core import addresses
from syndication.core.audience import cadences_of, choices_hash, readers_key, recipe_hash
from syndication.core.model import (
    Block,
    Channel,
    Choices,
    Delivery,
    DeliveryState,
    Issue,
    IssueContent,
    IssueState,
    Recipe,
    Subscription,
    SubscriptionState,
)
from syndication.ports import Transient

_S = DeliveryState
NOT_IN_COHORT = "cut-over: not yet among the readers that are written to from here"
REHEARSAL = "rehearsal: address is not on the allow list"


class MemoryFanOut(MemoryNewsroom, MemoryReadership):
    def distinct_choices(self, issue: Issue, brought_by: Collection[int] = ()) -> Mapping[str, tuple[Choices, str]]:
        with self.rows.lock:
            return {self._key(s, brought_by): (s.choices, s.language) for s in self._audience(issue)}

    def _key(self, reader: Subscription, brought_by: Collection[int]) -> str:
        who = f"subscriber:{reader.subscriber_id}"
        keys = ((Channel.EMAIL, f"issue:{number}", who) for number in brought_by)
        there = (
            self.rows.deliveries[n].delivery for key in keys if (n := self.rows.delivery_keys.get(key)) is not None
        )
        return readers_key(
            choices_hash(reader.choices, reader.language),
            (
                (d.issue_id or 0, d.issue_revision or 1, d.recipe_hash or "")
                for d in there
                if d.state is DeliveryState.ACCEPTED
            ),
        )

    def _audience(self, issue: Issue) -> list[Subscription]:
        return [
            s
            for s in self.subscriptions(issue.edition_id)
            if s.state is SubscriptionState.ACTIVE
            and s.choices.cadence in cadences_of(issue.cadence)
            and s.started_at <= issue.frozen_at
        ]

    def readers_by_choices(self, issue: Issue, *, allowed: frozenset[str] | None) -> Sequence[tuple[Choices, int, int]]:
        with self.rows.lock:
            audience = self._audience(issue)
            every = Counter((s.choices, s.language) for s in audience)
            may = Counter(
                (s.choices, s.language)
                for s in audience
                if allowed is None or self.rows.key_of(s.subscriber_id).digest in allowed
            )
        return [(key[0], number, may[key]) for key, number in every.items()]

    def fan_out_email(
        self,
        issue: Issue,
        recipes: Mapping[str, tuple[Recipe | None, str | None]],
        now: datetime,
        *,
        after: int,
        limit: int,
        allowed: frozenset[str] | None,
        seeds: frozenset[str] = frozenset(),
        cohort: str | None = None,
        brought_by: Collection[int] = (),
    ) -> int | None:
        with self.rows.lock:
            there = self.rows.issues[issue.id]
            if there.state is not IssueState.FROZEN or there.revision != issue.revision:
                return None
            self._add_recipes(issue, recipes)
            channel = self.rows.channels.setdefault((issue.id, Channel.EMAIL), ChannelRow())
            chunk = [s for s in self._audience(issue) if s.id > after][:limit]
            known = {key for n, revision, key in self.rows.issue_recipes if (n, revision) == (issue.id, issue.revision)}
            keys = {s.id: self._key(s, brought_by) for s in chunk}
            if not known.issuperset(keys.values()):
                return after
            for reader in chunk:
                channel.audience += self._add_mail(issue, reader, now, allowed, seeds, cohort, keys[reader.id])
            if not chunk:
                channel.fanned_out_at = channel.fanned_out_at or now
                return None
            return chunk[-1].id

    def _add_recipes(self, issue: Issue, recipes: Mapping[str, tuple[Recipe | None, str | None]]) -> None:
        for key, (made, reason) in recipes.items():
            if made is not None:
                self.rows.recipes[recipe_hash(made)] = made
            which = None if made is None else recipe_hash(made)
            self.rows.issue_recipes.setdefault((issue.id, issue.revision, key), (which, reason))

    def issue_recipes(self, issue_id: int) -> Mapping[str, Recipe]:
        with self.rows.lock:
            theirs = {which for (n, _, _), (which, _) in self.rows.issue_recipes.items() if n == issue_id}
            return {which: self.rows.recipes[which] for which in theirs if which is not None}

    def amend(
        self,
        issue_id: int,
        content: IssueContent,
        blocks: Mapping[str, Sequence[Block]],
        recipes: Mapping[str, tuple[Recipe | None, str | None]],
        now: datetime,
    ) -> Issue | None:
        with self.rows.lock:
            issue = self.rows.issues[issue_id]
            if issue.state is not IssueState.FROZEN:
                return None
            if not self.issue_recipes(issue_id).keys() <= recipes.keys():
                raise Transient("somebody was just fanned out with a Recipe that was not amended")
            amended = replace(issue, revision=issue.revision + 1, content=content)
            self.rows.issues[issue_id] = amended
            self.rows.contents[issue_id, amended.revision] = content
            self.rows.feeds.amended[issue_id] = now
            for language, pieces in blocks.items():
                self.rows.blocks[issue_id, amended.revision, language] = {b.key: b for b in pieces}
            self._add_recipes(amended, {f"was:{old}": made for old, made in recipes.items()})
            return amended

    def _add_mail(
        self,
        issue: Issue,
        reader: Subscription,
        now: datetime,
        allowed: frozenset[str] | None,
        seeds: frozenset[str],
        cohort: str | None,
        key_of_choices: str,
    ) -> int:
        known = self.rows.issue_recipes.get((issue.id, issue.revision, key_of_choices))
        if known is None:
            return 0
        recipe, reason = known
        key = self.rows.key_of(reader.subscriber_id)
        state = _S.WAITING
        if key in self.rows.suppressions:
            state, reason = _S.SUPPRESSED, self.rows.suppressions[key]
        elif allowed is not None and key.digest not in allowed:
            state, reason = _S.EXCLUDED, REHEARSAL
        elif cohort is not None and key.digest >= cohort:
            state, reason = _S.EXCLUDED, NOT_IN_COHORT
        elif recipe is None:
            state = _S.EXCLUDED
        return self._add(
            Delivery(
                id=next(self.rows.numbers),
                channel=Channel.EMAIL,
                thing=f"issue:{issue.id}",
                recipient=f"subscriber:{reader.subscriber_id}",
                issue_id=issue.id,
                issue_revision=issue.revision,
                subscription_id=reader.id,
                recipe_hash=recipe,
                provider=addresses.provider(reader.address),
                state=state,
                reason=reason,
                next_at=now if key.digest in seeds else issue.publish_at,
                expires_at=issue.expires_at,
                settled_at=None if state is _S.WAITING else now,
            ),
            now,
            priority=1 if key.digest in seeds else 5,
        )

    def _add(self, delivery: Delivery, now: datetime, *, priority: int = 5) -> int:
        key = (delivery.channel, delivery.thing, delivery.recipient)
        if key in self.rows.delivery_keys:
            return 0
        self.rows.delivery_keys[key] = delivery.id
        self.rows.deliveries[delivery.id] = DeliveryRow(delivery, now, priority)
        return 1

    def fan_out_to(
        self,
        *,
        channel: Channel,
        things: Sequence[tuple[str, str]],
        issue: Issue,
        now: datetime,
        not_before: datetime,
        expires_at: datetime,
    ) -> int:
        with self.rows.lock:
            if self.rows.issues[issue.id].state is not IssueState.FROZEN:
                return 0
            row = self.rows.channels.setdefault((issue.id, channel), ChannelRow())
            added = 0
            for thing, recipient in dict.fromkeys(things):
                if (channel, thing, recipient) in self.rows.delivery_keys:
                    continue
                sequence = None
                if channel is Channel.PARTNER:
                    sequence = self.rows.sequences[recipient] = self.rows.sequences.get(recipient, 0) + 1
                added += self._add(
                    Delivery(
                        id=next(self.rows.numbers),
                        channel=channel,
                        thing=thing,
                        recipient=recipient,
                        issue_id=issue.id,
                        issue_revision=issue.revision,
                        recipe_hash=None,
                        state=_S.WAITING,
                        next_at=not_before,
                        expires_at=expires_at,
                        sequence=sequence,
                    ),
                    now,
                )
            row.audience += added
            row.fanned_out_at = row.fanned_out_at or now
            return added

    def fanned_out(self, issue_id: int) -> frozenset[Channel]:
        done = ((c, row) for (i, c), row in self.rows.channels.items() if i == issue_id)
        return frozenset(c for c, row in done if row.fanned_out_at is not None)

    def recipes(self, hashes: Collection[str]) -> Mapping[str, Recipe]:
        return {one: self.rows.recipes[one] for one in hashes if one in self.rows.recipes}
