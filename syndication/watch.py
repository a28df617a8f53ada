"""A look over the whole house from the store: one Survey, from which health, metrics and `status` are told.

It changes nothing and judges nothing itself: `core.health.report` says what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from syndication.core.health import EditionFacts, Finding, report
from syndication.core.model import Balance, Cadence, Channel, DeliveryState, Edition, Issue, Source, SourceState
from syndication.core.rhythm import MEMORY
from syndication.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the store says at one instant, and what is wrong about it."""

    at: datetime
    editions: tuple[EditionFacts, ...]
    sources: tuple[Source, ...]
    states: tuple[SourceState, ...]
    beats: Mapping[str, datetime]
    due: Mapping[Channel, int]
    deliveries: Mapping[tuple[Channel, DeliveryState], int]  # of the Issues looked at
    uncertain: int
    findings: tuple[Finding, ...]


def survey(
    store: Store,
    editions: Iterable[Edition],
    sources: Iterable[Source],
    now: datetime,
    *,
    doubt: str | None = None,
    namespace: str | None = None,
) -> Survey:
    """Reads the newest Issue of each Edition, every open one and every one with something uncertain.

    `doubt` is why nothing may be sent from this database, where somebody knows; `namespace` that of the items that
    feeds are made of (publish.namespace_of)."""
    doubtful = store.uncertain()
    looked_at = _issues(store, (u.delivery.issue_id for u in doubtful))
    facts = tuple(_edition(store, edition, looked_at) for edition in editions)
    sources, states, beats = tuple(sources), tuple(store.source_states()), dict(store.beats())
    return Survey(
        at=now,
        editions=facts,
        sources=sources,
        states=states,
        beats=beats,
        due={channel: store.due(channel, now) for channel in Channel},
        deliveries=_deliveries(store, (issue for f in facts for issue in f.issues)),
        uncertain=len(doubtful),
        findings=report(
            now,
            editions=facts,
            sources=sources,
            states=states,
            beats=beats,
            pauses=store.pauses(now),
            arrivals=store.arrivals(now - MEMORY),
            proposals=store.proposals(),
            doubt=doubt,
            feeds=store.feed_states(),
            quarantined=store.quarantined(namespace) if namespace is not None else (),
        ),
    )


def balances(store: Store, issue: Issue) -> dict[tuple[int, Channel], Balance]:
    """The balance of an Issue on every Channel."""
    return {(issue.id, channel): store.balance(issue.id, channel) for channel in Channel}


def _issues(store: Store, doubtful: Iterable[int | None]) -> dict[int, Issue]:
    found = {issue.id: issue for issue in store.open_issues()}
    for issue_id in {number for number in doubtful if number is not None} - found.keys():
        issue = store.issue(issue_id)
        if issue is not None:
            found[issue.id] = issue
    return found


def _edition(store: Store, edition: Edition, looked_at: Mapping[int, Issue]) -> EditionFacts:
    last = store.last_issue(edition.id, Cadence.DAILY)
    mine = {n: issue for n, issue in looked_at.items() if issue.edition_id == edition.id}
    if last is not None:
        mine[last.id] = last
    sums = {key: balance for issue in mine.values() for key, balance in balances(store, issue).items()}
    newest_first = sorted(mine.values(), key=lambda issue: (issue.on, issue.id), reverse=True)
    return EditionFacts(
        edition=edition,
        adopted_at=store.adopted_at(edition.id),
        last=last,
        last_weekly=None if edition.weekly is None else store.last_issue(edition.id, Cadence.WEEKLY),
        issues=tuple(newest_first),
        balances=sums,
    )


def _deliveries(store: Store, issues: Iterable[Issue]) -> dict[tuple[Channel, DeliveryState], int]:
    counts: Counter[tuple[Channel, DeliveryState]] = Counter()
    for issue in issues:
        for channel in Channel:
            for (state, _), number in store.outcomes(issue.id, channel).items():
                counts[channel, state] += number
    return dict(counts)
