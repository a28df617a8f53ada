"""What is wrong this morning: overdue Issues, open balances, silent Sources, uncertain mails, old heartbeats.

It fetches and repairs nothing: the command line and the web show what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from syndication.core import timetable
from syndication.core.catalogue import FeedState, Kept
from syndication.core.model import Balance, Cadence, Channel, Edition, Issue, IssueState, Proposal, Source, SourceState
from syndication.core.rhythm import span, trouble

_MOST_NAMED = 5  # items in quarantine


class FindingKind(StrEnum):
    DOUBT = "database-in-doubt"
    HELD = "issue-held"
    RESTS = "provider-rests"
    OVERDUE = "issue-overdue"
    BALANCE = "balance-open"
    SILENT = "source-silent"
    DECISION = "decision-wanted"
    UNCERTAIN = "uncertain"
    UNPUBLISHED = "feed-unpublished"
    QUARANTINED = "feed-item-quarantined"
    HEARTBEAT = "heartbeat-old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that an operator should look at. `subject` is the id of an Edition, a Source or a heartbeat."""

    kind: FindingKind
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionFacts:
    """What the store knows of one Edition. `issues` are the newest one in any state and all that are still open."""

    edition: Edition
    adopted_at: datetime
    last: Issue | None = None
    last_weekly: Issue | None = None
    issues: tuple[Issue, ...] = ()
    balances: Mapping[tuple[int, Channel], Balance] = field(default_factory=dict)  # by Issue id and Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long something may take before it counts as wrong."""

    issue: timedelta = timetable.OVERDUE_AFTER
    first_delivery: timedelta = timedelta(minutes=30)
    heartbeat: timedelta = timedelta(minutes=5)
    feed: timedelta = timedelta(minutes=15)


def report(
    now: datetime,
    *,
    editions: tuple[EditionFacts, ...] = (),
    sources: tuple[Source, ...] = (),
    states: tuple[SourceState, ...] = (),
    beats: Mapping[str, datetime] | None = None,
    patience: Patience | None = None,
    pauses: Mapping[str, tuple[datetime, str]] | None = None,
    arrivals: Mapping[str, Sequence[datetime]] | None = None,
    proposals: Sequence[Proposal] = (),
    doubt: str | None = None,
    feeds: Sequence[FeedState] = (),
    quarantined: Sequence[tuple[str, Kept]] = (),
) -> tuple[Finding, ...]:
    """Everything that is wrong at `now`, the most pressing kinds first; empty when all is well.

    `pauses`: mail providers that rest ("" is all mail), until when, and why. `arrivals`: when each Source brought
    something new, over core.rhythm.MEMORY. `proposals`: the open ones. `doubt`: why nothing may be sent.
    `quarantined`: what no Feed can show, as (article or issue, item)."""
    patience = patience or Patience()
    return (
        *_doubted(doubt),
        *(f for facts in editions for f in _held(facts)),
        *_resting(pauses or {}, now),
        *(f for facts in editions for f in _overdue(facts, now, patience)),
        *(f for facts in editions for f in _open_balances(facts)),
        *(f for facts in editions for f in _uncertain(facts)),
        *_unpublished(feeds, now, patience.feed),
        *_quarantined(quarantined),
        *_silent(sources, states, arrivals or {}, now),
        *_undecided(proposals, now),
        *_old_heartbeats(beats or {}, now, patience.heartbeat),
    )


def _doubted(doubt: str | None) -> Iterator[Finding]:
    if doubt is not None:
        sentence = f"Nothing is sent: {doubt}. `syndication recover` says what the journals here know."
        yield Finding(kind=FindingKind.DOUBT, subject="database", sentence=sentence)


def _held(facts: EditionFacts) -> Iterator[Finding]:
    for issue in facts.issues:
        if issue.held is not None and issue.state is IssueState.FROZEN:
            sentence = (
                f"Edition {issue.edition_id}, Issue of {issue.on}: its sending rests: {issue.held}. "
                "`syndication resume`, `amend` or `cancel` it."
            )
            yield Finding(kind=FindingKind.HELD, subject=issue.edition_id, sentence=sentence)


def _resting(pauses: Mapping[str, tuple[datetime, str]], now: datetime) -> Iterator[Finding]:
    for name, (until, reason) in sorted(pauses.items()):
        whose = f"Mail to {name}" if name else "All mail"
        seconds = int((until - now).total_seconds())
        sentence = f"{whose} rests for another {seconds} s: {reason}."
        yield Finding(kind=FindingKind.RESTS, subject=name or "mail", sentence=sentence)


def _overdue(facts: EditionFacts, now: datetime, patience: Patience) -> Iterator[Finding]:
    there = (_not_there(facts, now, patience, c) for c in (Cadence.DAILY, Cadence.WEEKLY))
    sentences = (*there, _missed(facts), *_not_delivered(facts, now, patience))
    for sentence in filter(None, sentences):
        yield Finding(kind=FindingKind.OVERDUE, subject=facts.edition.id, sentence=sentence)


def _not_there(facts: EditionFacts, now: datetime, patience: Patience, cadence: Cadence) -> str | None:
    edition = facts.edition
    last = facts.last if cadence is Cadence.DAILY else facts.last_weekly
    last_on = last.on if last else None
    slot = timetable.overdue(edition, now, last_on, adopted_at=facts.adopted_at, grace=patience.issue, cadence=cadence)
    if slot is None:
        return None
    hour = slot.publish_at.astimezone(ZoneInfo(edition.zone))
    weekly = "weekly " if cadence is Cadence.WEEKLY else ""
    return (
        f"Edition {edition.id}: the {weekly}Issue of {slot.on} was due at {hour:%H:%M} and does not exist,"
        f" {span(now - slot.publish_at)} later."
    )


def _missed(facts: EditionFacts) -> str | None:
    if facts.last is None or facts.last.state is not IssueState.MISSED:
        return None
    reason = facts.last.reason or "its time had passed"
    return f"Edition {facts.edition.id}: the Issue of {facts.last.on} was missed: {reason}."


def _not_delivered(facts: EditionFacts, now: datetime, patience: Patience) -> Iterator[str]:
    for issue, channel, balance in _balances(facts):
        late = now - issue.publish_at
        if not balance.waiting or issue.state is not IssueState.FROZEN:
            continue
        if now > issue.expires_at + patience.issue:
            yield f"{_name(issue, channel)}: {balance.waiting} still waiting though the Issue has expired."
        elif not balance.accepted and late > patience.first_delivery:
            yield f"{_name(issue, channel)}: nothing accepted {span(late)} after the hour, {balance.waiting} waiting."


def _open_balances(facts: EditionFacts) -> Iterator[Finding]:
    for issue, channel, balance in _balances(facts):
        if not balance.closes:
            settled = sum(value for _, value in terms(balance))
            sentence = (
                f"{_name(issue, channel)}: the balance does not close: audience {balance.audience}, found {settled}."
            )
            yield Finding(kind=FindingKind.BALANCE, subject=facts.edition.id, sentence=sentence)


def _uncertain(facts: EditionFacts) -> Iterator[Finding]:
    for issue, channel, balance in _balances(facts):
        if balance.uncertain:
            sentence = f"{_name(issue, channel)}: {balance.uncertain} uncertain, nobody knows whether they arrived."
            yield Finding(kind=FindingKind.UNCERTAIN, subject=facts.edition.id, sentence=sentence)


def _unpublished(feeds: Sequence[FeedState], now: datetime, patience: timedelta) -> Iterator[Finding]:
    waiting = [(since, state.feed.key) for state in feeds if (since := _stale_since(state, now)) < now - patience]
    if waiting:
        since, key = min(waiting)
        sentence = (
            f"{len(waiting)} feeds wait to be published, {key} for {span(now - since)}: `syndication check` tries "
            "whether that can be done."
        )
        yield Finding(kind=FindingKind.UNPUBLISHED, subject=key, sentence=sentence)


def _stale_since(state: FeedState, now: datetime) -> datetime:
    """Since when a Feed waits to be published; `now` for one that does not."""
    if not state.is_stale(now):
        return now
    return min(now, state.touched_at if state.version > state.published else state.due_at or now)


def _quarantined(items: Sequence[tuple[str, Kept]]) -> Iterator[Finding]:
    for kind, item in items[:_MOST_NAMED]:
        number, reason = item.version.number, (item.reason or "")[:300]
        sentence = f"No feed can show {kind} {number}: {reason}. It is tried again when it is revised."
        yield Finding(kind=FindingKind.QUARANTINED, subject=f"{kind}:{number}", sentence=sentence)
    if len(items) > _MOST_NAMED:
        sentence = f"Nor can any feed show {len(items) - _MOST_NAMED} others."
        yield Finding(kind=FindingKind.QUARANTINED, subject="others", sentence=sentence)


def _silent(
    sources: Iterable[Source], states: Iterable[SourceState], arrivals: Mapping[str, Sequence[datetime]], now: datetime
) -> Iterator[Finding]:
    for name, why in troubles(sources, states, arrivals, now).items():
        yield Finding(kind=FindingKind.SILENT, subject=name, sentence=f"Source {name}: {why}.")


def troubles(
    sources: Iterable[Source], states: Iterable[SourceState], arrivals: Mapping[str, Sequence[datetime]], now: datetime
) -> dict[str, str]:
    """Why a morning is degraded, by the id of the Source that has ended, cannot be read or is abnormally silent."""
    known = {state.source_id: state for state in states}
    told = {s.id: trouble(s, known[s.id], arrivals.get(s.id, ()), now) for s in sources if s.id in known}
    return {name: why for name, why in told.items() if why is not None}


def _undecided(proposals: Sequence[Proposal], now: datetime) -> Iterator[Finding]:
    if proposals:
        oldest = min(p.proposed_at for p in proposals)
        what = "a change of an article waits" if len(proposals) == 1 else f"{len(proposals)} changes of articles wait"
        sentence = f"For {span(now - oldest)} {what} for somebody to decide: `syndication proposals`."
        yield Finding(kind=FindingKind.DECISION, subject="proposals", sentence=sentence)


def _old_heartbeats(beats: Mapping[str, datetime], now: datetime, patience: timedelta) -> Iterator[Finding]:
    for role, at in sorted(newest_beats(beats).items()):
        if now - at > patience:
            sentence = f"{role}: no sign of life for {span(now - at)}: is it running?"
            yield Finding(kind=FindingKind.HEARTBEAT, subject=role, sentence=sentence)


def newest_beats(beats: Mapping[str, datetime]) -> dict[str, datetime]:
    """The newest sign of life by role: of worker@host-1 and worker@host-2 one living is enough."""
    newest: dict[str, datetime] = {}
    for name, at in beats.items():
        role = name.partition("@")[0]
        newest[role] = max(at, newest.get(role, at))
    return newest


def terms(balance: Balance) -> tuple[tuple[str, int], ...]:
    """The right side of the balance, term by term, in the order in which it is promised."""
    names = ("accepted", "suppressed", "excluded", "failed", "expired", "cancelled", "uncertain", "waiting")
    return tuple((name, getattr(balance, name)) for name in names)


def _balances(facts: EditionFacts) -> Iterator[tuple[Issue, Channel, Balance]]:
    for issue in facts.issues:
        for channel in Channel:
            balance = facts.balances.get((issue.id, channel))
            if balance is not None:
                yield issue, channel, balance


def _name(issue: Issue, channel: Channel) -> str:
    return f"Edition {issue.edition_id}, Issue of {issue.on}, {channel}"
