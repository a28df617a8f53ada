"""Sources, Articles, weather and Issues in memory.

It decides nothing about eligibility or trust.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from syndication.adapters.memory.proposals import GONE, propose, supersede
from syndication.adapters.memory.rows import Rows
from syndication.adapters.memory.weather import MemoryWeatherStates
from syndication.core.changes import WHY, is_rewrite, may_revise, moved, moved_away, place
from syndication.core.identity import content_hash
from syndication.core.links import article_uri
from syndication.core.model import (
    Article,
    ArticleStatus,
    Block,
    Cadence,
    DeliveryState,
    Edition,
    Found,
    Issue,
    IssueState,
    Origin,
    ProposalKind,
    Source,
    SourceState,
    WeatherReading,
)
from syndication.ports import Frozen, Stored

_PUBLISHED = (IssueState.FROZEN, IssueState.CLOSED)
OPEN_STATES = (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.SENDING)


class MemoryNewsroom(MemoryWeatherStates):
    rows: Rows

    # --- sources and articles ---

    def register_sources(self, sources: Iterable[Source], now: datetime) -> None:
        with self.rows.lock:
            self.rows.places = {name: (None, where) for name, (_, where) in self.rows.places.items()}
            for n, source in enumerate(sources):
                fresh = SourceState(source_id=source.id, next_check_at=now)
                state, _ = self.rows.sources.setdefault(source.id, (fresh, None))
                old, new = self.rows.places.get(source.id, (None, place(source)))[1], place(source)
                if moved(old, new):
                    kept = ["last_new_at", "last_ok_at", "last_checked_at"]
                    kept += [] if moved_away(old or "", new) else ["first_polled_at"]
                    learnt = {name: getattr(state, name) for name in kept}
                    self.rows.sources[source.id] = (replace(fresh, **learnt), None)
                self.rows.places[source.id] = (n, new)

    def source_states(self) -> Sequence[SourceState]:
        with self.rows.lock:
            return [state for _, (state, _) in sorted(self.rows.sources.items())]

    def take_source(self, source_id: str, now: datetime, until: datetime) -> SourceState | None:
        with self.rows.lock:
            state, taken = self.rows.sources.get(source_id, (None, None))
            if state is None or state.ended or state.next_check_at > now or (taken is not None and taken > now):
                return None
            self.rows.sources[source_id] = (state, until)
            return state

    def settle_source(self, state: SourceState) -> None:
        with self.rows.lock:
            self.rows.sources[state.source_id] = (state, None)

    def store_articles(
        self, source: Source, found: Sequence[Found], now: datetime, *, domain: str, baseline: bool
    ) -> Stored:
        latest = {f.identity: f for f in found}
        with self.rows.lock:
            results = [self._store_one(source, f, now, domain, baseline) for f in latest.values()]
        return Stored(**{name: results.count(name) for name in ("new", "revised", "known", "held")})

    def _store_one(self, source: Source, found: Found, now: datetime, domain: str, baseline: bool) -> str:
        number = self.rows.identities.get(found.identity)
        if number is None:
            number = next(self.rows.numbers)
            self.rows.identities[found.identity] = number
            self.rows.revisions[number] = [
                Article(
                    id=number,
                    uri=article_uri(domain, now, number),
                    source_id=source.id,
                    identity=found.identity,
                    revision=1,
                    content=found.content,
                    content_hash=content_hash(found.content),
                    first_seen_at=now,
                    revised_at=now,
                    baseline=baseline,
                )
            ]
            return "new"
        newest = self.rows.revisions[number][-1]
        if newest.content_hash == content_hash(found.content):
            if newest.source_id == source.id:
                supersede(self.rows, number, now)
            return "known"
        if newest.status in GONE or not may_revise(source.id, newest.source_id, self._ranks()):
            return "known"
        supersede(self.rows, number, now, but=content_hash(found.content))
        if is_rewrite(newest.content, found.content):
            opened = propose(self.rows, number, source.id, ProposalKind.REWRITE, WHY, found.content, now)
            return "held" if opened else "known"
        revised = replace(
            newest,
            source_id=source.id,
            revision=newest.revision + 1,
            content=found.content,
            content_hash=content_hash(found.content),
            revised_at=now,
        )
        self.rows.revisions[number].append(revised)
        return "revised"

    def _ranks(self) -> dict[str, int | None]:
        ended = {name for name, (state, _) in self.rows.sources.items() if state.ended}
        return {name: None if name in ended else rank for name, (rank, _) in self.rows.places.items()}

    def article_at(self, article_id: int, revision: int | None = None) -> Article | None:
        with self.rows.lock:
            revisions = self.rows.revisions.get(article_id, [])
            return next((a for a in reversed(revisions) if revision in (None, a.revision)), None)

    def articles_by_source(self) -> Mapping[str, int]:
        with self.rows.lock:
            return Counter(revisions[-1].source_id for revisions in self.rows.revisions.values())

    # --- weather ---

    def store_weather(self, reading: WeatherReading) -> None:
        def same(other: WeatherReading) -> bool:
            return (other.origin, other.source_id, other.on, other.fingerprint) == (
                reading.origin,
                reading.source_id,
                reading.on,
                reading.fingerprint,
            )

        with self.rows.lock:
            self.rows.readings[:] = [r for r in self.rows.readings if not same(r)] + [reading]

    def weather_since(self, since: datetime) -> Sequence[WeatherReading]:
        with self.rows.lock:
            return sorted(
                (r for r in reversed(self.rows.readings) if r.fetched_at >= since),
                key=lambda r: r.fetched_at,
                reverse=True,
            )

    def widget_dates(self, reading: WeatherReading) -> Sequence[date]:
        with self.rows.lock:
            return sorted(
                {
                    r.on
                    for r in self.rows.readings
                    if r.origin is Origin.WIDGET
                    and r.fingerprint == reading.fingerprint
                    and r.on is not None
                    and r.on != reading.on
                }
            )

    # --- issues ---

    def register_editions(self, editions: Iterable[Edition], now: datetime) -> None:
        with self.rows.lock:
            for edition in editions:
                self.rows.editions.setdefault(edition.id, now)

    def adopted_at(self, edition_id: str) -> datetime:
        return self.rows.editions[edition_id]

    def _of(self, edition_id: str, cadence: Cadence) -> list[Issue]:
        return [i for i in self.rows.issues.values() if (i.edition_id, i.cadence) == (edition_id, cadence)]

    def last_issue(self, edition_id: str, cadence: Cadence) -> Issue | None:
        with self.rows.lock:
            return max(self._of(edition_id, cadence), key=lambda i: i.on, default=None)

    def last_cut_off(self, edition_id: str, cadence: Cadence) -> datetime | None:
        with self.rows.lock:
            return max((i.cut_off_at for i in self._of(edition_id, cadence) if i.state in _PUBLISHED), default=None)

    def issue_on(self, edition_id: str, cadence: Cadence, on: date) -> Issue | None:
        with self.rows.lock:
            return next((i for i in self._of(edition_id, cadence) if i.on == on), None)

    def issue(self, issue_id: int, revision: int | None = None) -> Issue | None:
        issue = self.rows.issues.get(issue_id)
        if issue is None or revision is None:
            return issue
        content = self.rows.contents.get((issue_id, revision))
        return None if content is None else replace(issue, revision=revision, content=content)

    def issues(self, edition_id: str, limit: int) -> Sequence[Issue]:
        with self.rows.lock:
            theirs = [i for i in self.rows.issues.values() if i.edition_id == edition_id and i.state in _PUBLISHED]
            return sorted(theirs, key=lambda i: (i.on, i.id), reverse=True)[:limit]

    def open_issues(self) -> Sequence[Issue]:
        with self.rows.lock:
            return [i for i in self.rows.issues.values() if i.state is IssueState.FROZEN]

    def eligible(
        self,
        edition: Edition,
        cadence: Cadence,
        *,
        cut_off_at: datetime,
        since: datetime,
        among: Collection[int] | None = None,
    ) -> Sequence[Article]:
        with self.rows.lock:
            newest = (
                max((a for a in revisions if a.revised_at < cut_off_at), key=lambda a: a.revision, default=None)
                for revisions in self.rows.revisions.values()
            )
            usable = [a for a in newest if a is not None and self._usable(a, edition, cadence, cut_off_at)]
            chosen = [
                a for a in usable if (a.first_seen_at >= since and not a.baseline if among is None else a.id in among)
            ]
            return sorted(chosen, key=lambda a: (a.first_seen_at, a.id))

    def _usable(self, a: Article, edition: Edition, cadence: Cadence, cut_off_at: datetime) -> bool:
        current = self.rows.revisions[a.id][-1].status
        return (
            current in (ArticleStatus.USABLE, ArticleStatus.CORRECTED)
            and a.first_seen_at < cut_off_at
            and (edition.id, cadence.value, a.id) not in self.rows.used
            and (not edition.sources or a.source_id in edition.sources)
        )

    def freeze(self, frozen: Frozen, blocks: Mapping[str, Sequence[Block]]) -> Issue:
        with self.rows.lock:
            there = self.issue_on(frozen.edition_id, frozen.cadence, frozen.on)
            if there is not None:
                return there
            keys = [(frozen.edition_id, frozen.cadence.value, item.article.id) for item in frozen.content.items]
            if len(set(keys)) != len(keys) or self.rows.used & set(keys):
                raise ValueError("an Article is in one Issue of an Edition and cadence only")
            number = next(self.rows.numbers)
            values = {name: getattr(frozen, name) for name in Frozen.__slots__}
            issue = Issue(id=number, revision=1, **values)
            self.rows.issues[number] = issue
            self.rows.contents[number, 1] = frozen.content
            self.rows.used |= set(keys)
            for language, pieces in blocks.items():
                self.rows.blocks[number, 1, language] = {b.key: b for b in pieces}
            return issue

    def blocks(self, issue_id: int, revision: int, language: str) -> Mapping[str, Block]:
        return self.rows.blocks.get((issue_id, revision, language), {})

    def close_settled(self, now: datetime, *, among: Collection[int] | None = None) -> Sequence[int]:
        with self.rows.lock:
            over = (i for i in self.open_issues() if i.expires_at <= now and (among is None or i.id in among))
            done = [i for i in over if self._all_settled(i.id)]
            for issue in done:
                self.rows.issues[issue.id] = replace(issue, state=IssueState.CLOSED)
                self.rows.closed_at[issue.id] = now
            return [issue.id for issue in done]

    def _all_settled(self, issue_id: int) -> bool:
        fanning = any(row.fanned_out_at is None for (i, _), row in self.rows.channels.items() if i == issue_id)
        mine = (r.delivery for r in self.rows.deliveries.values() if r.delivery.issue_id == issue_id)
        return not fanning and all(d.state not in OPEN_STATES for d in mine)
