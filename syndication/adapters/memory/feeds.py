"""Articles and Issues in Feeds, in memory: the same rules as in SQL.

It decides nothing about words and bytes: what an Article says in Feeds is told to it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from syndication.adapters.memory.feed_rows import ArticleRow, EntryRow, FeedRow
from syndication.adapters.memory.rows import Rows
from syndication.core.appearing import Plan, Standing, appearing, moving
from syndication.core.catalogue import (
    MAY_LEAVE,
    SHOWN,
    Appearance,
    Feed,
    FeedState,
    Kept,
    Page,
    Place,
    Restatement,
    Scope,
    Story,
    Version,
    edition_feed,
    page_named,
)
from syndication.core.model import Article, ArticleStatus, Edition, Issue, IssueState
from syndication.ports import Adopted

_PUBLISHED = (IssueState.FROZEN, IssueState.CLOSED)


class MemoryFeeds:
    rows: Rows

    # --- ids ---

    def adopt(self, ids: Mapping[str, str], now: datetime) -> Adopted:
        with self.rows.lock:
            refused: dict[str, str] = {}
            kept = 0
            for identity, uri in ids.items():
                known, owner = self._known_as(identity), self._bearer(uri)
                if owner not in (None, identity):
                    refused[identity] = "the id names another article"
                elif known is None:
                    self.rows.feeds.adopted[identity] = uri
                    kept += 1
                elif known != uri:
                    appeared = self.rows.identities.get(identity) in self.rows.feeds.articles
                    refused[identity] = f"the article {'has appeared' if appeared else 'was adopted'} under another id"
        return Adopted(kept=kept, known=len(ids) - kept - len(refused), refused=refused)

    def _known_as(self, identity: str) -> str | None:
        row = self.rows.feeds.articles.get(self.rows.identities.get(identity, 0))
        return row.uri if row is not None else self.rows.feeds.adopted.get(identity)

    def _bearer(self, uri: str) -> str | None:
        adopted = next((i for i, u in self.rows.feeds.adopted.items() if u == uri), None)
        shown = (self._at(n).identity for n, row in self.rows.feeds.articles.items() if row.uri == uri)
        return adopted or next(shown, None)

    # --- what is to be entered ---

    def issues_to_enter(self, editions: Collection[str]) -> Sequence[Issue]:
        with self.rows.lock:
            waiting = [
                i
                for i in self.rows.issues.values()
                if i.edition_id in editions
                and i.state in _PUBLISHED
                and self.rows.feeds.issues.get(i.id, 0) < i.revision
            ]
            return sorted(waiting, key=lambda i: (i.publish_at, i.id))

    def articles_to_enter(self, edition: Edition, since: datetime, limit: int) -> Sequence[Article]:
        with self.rows.lock:
            key = edition_feed(edition.id).key
            found = [
                a
                for a in map(self._at, self.rows.revisions)
                if a.status in SHOWN
                and not a.baseline
                and a.first_seen_at >= max(self.rows.editions[edition.id], since)
                and (key, a.id) not in self.rows.feeds.entries
                and (not edition.sources or a.source_id in edition.sources)
            ]
            return sorted(found, key=lambda a: (a.first_seen_at, a.id))[:limit]

    def articles_known(self, identities: Collection[str]) -> Mapping[str, Article]:
        with self.rows.lock:
            return {i: self._at(self.rows.identities[i]) for i in identities if i in self.rows.identities}

    def _at(self, number: int, revision: int | None = None) -> Article:
        """An Article at a Revision, else at its newest."""
        revisions = self.rows.revisions[number]
        return revisions[-1] if revision is None else next(a for a in revisions if a.revision == revision)

    # --- entering ---

    def enter(self, appearances: Sequence[Appearance], *, issue: Issue | None = None) -> None:
        with self.rows.lock:
            feeds = self.rows.feeds
            plan = appearing(
                appearances,
                shown={number: row.shown for number, row in feeds.articles.items()},
                standing={
                    place: Standing(appeared_at=row.appeared_at, left=row.left_at is not None)
                    for place, row in feeds.entries.items()
                },
                closed={key: row.closed_at for key, row in feeds.feeds.items()},
            )
            if issue is not None:
                digest = edition_feed(issue.edition_id, "digest")
                plan.touch(digest.key, issue.publish_at, digest)
                feeds.issues[issue.id] = max(issue.revision, feeds.issues.get(issue.id, 0))
            self._write(plan)

    def revised(self, since: datetime) -> Sequence[Story]:
        with self.rows.lock:
            newer = [
                a
                for a in map(self._at, sorted(self.rows.feeds.articles))
                if a.revised_at >= since and self.rows.feeds.articles[a.id].revision < a.revision
            ]
            return [self._story(a) for a in newer]

    def revise(self, story: Story, feeds: Sequence[Feed]) -> None:
        number, at = story.article.id, story.article.revised_at
        with self.rows.lock:
            row = self.rows.feeds.articles[number]
            if row.revision >= story.article.revision:
                return
            row.revision = story.article.revision
            here = [k for (k, n), entry in self.rows.feeds.entries.items() if n == number and entry.left_at is None]
            plan, left = moving(
                at,
                feeds,
                number=number,
                standing={key: self.rows.feeds.feeds[key].feed.scope in MAY_LEAVE for key in here},
                closed={key: known.closed_at for key, known in self.rows.feeds.feeds.items()},
            )
            for key in left:
                self.rows.feeds.entries[key, number].left_at = at
                feed = self.rows.feeds.feeds[key]
                feed.left_at = max(at, feed.left_at or at)
            self._write(plan)

    def _write(self, plan: Plan) -> None:
        feeds = self.rows.feeds
        for key, at in plan.touched.items():
            row = feeds.feeds.get(key)
            if row is None:
                feeds.feeds[key] = FeedRow(feed=plan.feeds[key], version=1, touched_at=at)
                continue
            row.version, row.touched_at = row.version + 1, max(row.touched_at, at)
            named = plan.feeds.get(key)
            row.feed = replace(row.feed, term=min(row.feed.term, named.term)) if named is not None else row.feed
        for number, (shown, revision) in plan.fresh.items():
            article = self._at(number)
            uri = feeds.adopted.get(article.identity, article.uri)
            feeds.articles[number] = ArticleRow(uri=uri, revision=revision, shown=shown)
        for number, shown in plan.reworded.items():
            feeds.articles[number].shown = shown
            feeds.articles[number].stamp += 1
        for place, at in plan.entries.items():
            known = feeds.entries.get(place)
            # one that was taken to the top of its Feed stays there
            top = known.sorted_at if known is not None and known.sorted_at != known.appeared_at else at
            feeds.entries[place] = EntryRow(appeared_at=at, sorted_at=top)

    # --- taking back ---

    def restate(self, article_id: int, status: ArticleStatus, *, notice: str | None, at: datetime) -> bool:
        with self.rows.lock:
            revisions = self.rows.revisions.get(article_id, [])
            if not revisions or self._status(article_id) is status:
                return False
            newest = revisions[-1]
            revisions.append(replace(newest, revision=newest.revision + 1, status=status, revised_at=at))
            row = self.rows.feeds.articles.get(article_id)
            if row is not None:
                row.revision, row.stamp = newest.revision + 1, row.stamp + 1
                row.status, row.notice, row.restated_at = status, notice, at
                self._tell_feeds(article_id, status, at)
            return True

    def _status(self, number: int) -> ArticleStatus:
        row = self.rows.feeds.articles.get(number)
        return row.status if row is not None else self._at(number).status

    def _tell_feeds(self, number: int, status: ArticleStatus, at: datetime) -> None:
        feeds, plan = self.rows.feeds, Plan()
        for (key, article_id), entry in feeds.entries.items():
            if article_id != number or entry.left_at is not None:
                continue
            entry.sorted_at = at if status is not ArticleStatus.USABLE else entry.sorted_at
            plan.touch(key, at)
        for issue in self.rows.issues.values():
            digest = edition_feed(issue.edition_id, "digest").key
            if digest in feeds.feeds and number in {item.article.id for item in issue.content.items}:
                plan.touch(digest, at)
                feeds.stale |= {(digest, page_named(issue.on, 1))} & feeds.pages.keys()
        feeds.stale |= {place for place, page in feeds.pages.items() if self._in_page(page, number)}
        self._write(plan)

    def _in_page(self, page: Page, number: int) -> bool:
        entry = self.rows.feeds.entries.get((page.key, number))
        return entry is not None and page.first_at <= entry.appeared_at <= page.last_at

    def retractions(self, limit: int) -> Sequence[Restatement]:
        with self.rows.lock:
            gone = (one for one in self.restated(self.rows.feeds.articles).values() if one.gone)
            return sorted(gone, key=lambda one: (one.at, one.article_id), reverse=True)[:limit]

    def restated(self, numbers: Collection[int]) -> Mapping[int, Restatement]:
        with self.rows.lock:
            rows = {n: self.rows.feeds.articles[n] for n in numbers if n in self.rows.feeds.articles}
            return {n: self._restatement(n, row) for n, row in rows.items() if row.restated_at is not None}

    def _restatement(self, number: int, row: ArticleRow) -> Restatement:
        article = self._at(number, row.revision)
        return Restatement(
            article_id=number,
            uri=row.uri,
            article_uri=article.uri,
            at=row.restated_at or article.revised_at,
            title=article.content.title,
            notice=row.notice,
            language=row.shown.language,
            status=row.status,
        )

    # --- publishing ---

    def feed_states(self, keys: Collection[str] | None = None) -> Sequence[FeedState]:
        with self.rows.lock:
            every = sorted(self.rows.feeds.feeds.items())
            return [row.state() for key, row in every if keys is None or key in keys]

    def publish_anew(self) -> int:
        with self.rows.lock:
            for row in self.rows.feeds.feeds.values():
                row.version, row.published, row.taken_until = row.version + 1, 0, None
            self.rows.feeds.stale |= self.rows.feeds.pages.keys()
            return len(self.rows.feeds.feeds)

    def take_feeds(
        self, now: datetime, until: datetime, limit: int, *, keys: Collection[str] | None = None
    ) -> Sequence[FeedState]:
        def wanted(row: FeedRow) -> bool:
            if row.taken_until is not None and row.taken_until > now:
                return False
            return row.state().is_stale(now) if keys is None else row.feed.key in keys

        with self.rows.lock:
            by_key = sorted(filter(wanted, self.rows.feeds.feeds.values()), key=lambda row: row.feed.key)
            newest = sorted(by_key, key=lambda row: row.touched_at, reverse=True)
            taken = sorted(newest, key=lambda row: row.feed.scope is not Scope.EDITION)[:limit]
            for row in taken:
                row.taken_until = until
            return [row.state() for row in taken]

    def settle_feed(self, state: FeedState, due_at: datetime | None) -> None:
        with self.rows.lock:
            row = self.rows.feeds.feeds[state.feed.key]
            row.published, row.due_at, row.taken_until = state.version, due_at, None

    # --- entries and stories ---

    def entries(self, key: str, now: datetime, limit: int) -> Sequence[Place]:
        with self.rows.lock:
            mine = [(e.sorted_at, n) for (k, n), e in self.rows.feeds.entries.items() if k == key and e.left_at is None]
            appeared = sorted(place for place in mine if place[0] <= now)
            newest = sorted(appeared, key=lambda place: place[0], reverse=True)[:limit]
            return [self._place(number, at) for at, number in newest]

    def _place(self, number: int, came: datetime) -> Place:
        row = self.rows.feeds.articles[number]
        seen = self._at(number, row.revision).revised_at
        version = Version(number=number, revision=row.revision, stamp=row.stamp)
        return Place(version=version, changed_at=max(came, seen, row.restated_at or seen))

    def next_entry_at(self, key: str, now: datetime) -> datetime | None:
        with self.rows.lock:
            waiting = (e for (k, _), e in self.rows.feeds.entries.items() if k == key and e.left_at is None)
            return min((e.sorted_at for e in waiting if e.sorted_at > now), default=None)

    def stories(self, numbers: Collection[int]) -> Mapping[int, Story]:
        with self.rows.lock:
            there = [n for n in numbers if n in self.rows.feeds.articles]
            return {n: self._story(self._at(n, self.rows.feeds.articles[n].revision)) for n in there}

    def newest_stories(self, since: datetime, limit: int) -> Sequence[Story]:
        with self.rows.lock:
            newest = sorted(((row.shown.appeared_at, n) for n, row in self.rows.feeds.articles.items()), reverse=True)
            numbers = [n for at, n in newest if at >= since][:limit]
            return list(self.stories(numbers).values())

    def _story(self, article: Article) -> Story:
        row = self.rows.feeds.articles[article.id]
        shown = row.shown
        return Story(
            article=replace(article, status=row.status),
            uri=row.uri,
            stamp=row.stamp,
            appeared_at=shown.appeared_at,
            edition_id=shown.edition_id,
            language=shown.language,
            section=shown.section,
            link=shown.link,
            summary=shown.summary if shown.summary_revision == article.revision else None,
            notice=row.notice,
            restated_at=row.restated_at,
        )

    # --- archives ---

    def unarchived(self, state: FeedState, now: datetime, limit: int) -> Sequence[tuple[datetime, int]]:
        with self.rows.lock:
            # a Feed's own order, read from its end
            mine = sorted(
                (entry.appeared_at, -n)
                for (key, n), entry in self.rows.feeds.entries.items()
                if key == state.feed.key and entry.left_at is None and entry.sorted_at <= now
            )
            reach = state.closed_at
            behind = (place for place in mine if reach is None or place > (reach, -state.closed_number))
            return [(at, -n) for at, n in islice(behind, limit)]

    def close_page(self, page: Page) -> FeedState:
        with self.rows.lock:
            self.rows.feeds.pages.setdefault((page.key, page.name), page)
            row = self.rows.feeds.feeds[page.key]
            row.closed_at, row.closed_number = page.last_at, page.last_number
            row.page, row.open_page = page.name, page.after
            return row.state()

    def page_stories(self, page: Page) -> Sequence[Story]:
        first, last = (page.first_at, -page.first_number), (page.last_at, -page.last_number)
        with self.rows.lock:
            mine = sorted(
                (entry.appeared_at, n)
                for (key, n), entry in self.rows.feeds.entries.items()
                if key == page.key
                and first <= (entry.appeared_at, -n) <= last
                and (entry.left_at is None or entry.left_at > page.closed_at)
            )
            newest = sorted(mine, key=lambda place: place[0], reverse=True)
            return [self._story(self._then(n, page.closed_at)) for _, n in newest]

    def _then(self, number: int, at: datetime) -> Article:
        return max((a for a in self.rows.revisions[number] if a.revised_at <= at), key=lambda a: a.revision)

    def stale_pages(self) -> Sequence[Page]:
        with self.rows.lock:
            return [self.rows.feeds.pages[place] for place in sorted(self.rows.feeds.stale)]

    def settle_page(self, page: Page) -> None:
        with self.rows.lock:
            self.rows.feeds.stale.discard((page.key, page.name))

    def amended_at(self, issue_ids: Collection[int]) -> Mapping[int, datetime]:
        with self.rows.lock:
            there = {n: self.rows.issues[n].frozen_at for n in issue_ids if n in self.rows.issues}
            return {n: self.rows.feeds.amended.get(n, at) for n, at in there.items()}

    # --- serialised items ---

    def kept(self, namespace: str, dialect: str, kind: str, numbers: Collection[int]) -> Mapping[int, Kept]:
        with self.rows.lock:
            places = {n: (namespace, dialect, kind, n) for n in numbers}
            pieces = self.rows.feeds.pieces
            return {n: pieces[place] for n, place in places.items() if place in pieces}

    def keep(self, namespace: str, dialect: str, kind: str, kept: Sequence[Kept]) -> None:
        with self.rows.lock:
            self.rows.feeds.pieces.update({(namespace, dialect, kind, one.version.number): one for one in kept})

    def forget_kept(self, namespace: str, before: datetime) -> int:
        with self.rows.lock:
            feeds = self.rows.feeds
            old = {n for n, row in feeds.articles.items() if row.shown.appeared_at < before}
            gone = [
                place for place in feeds.pieces if place[0] != namespace or (place[2] == "article" and place[3] in old)
            ]
            for place in gone:
                del feeds.pieces[place]
            return len(gone)

    def quarantined(self, namespace: str) -> Sequence[tuple[str, Kept]]:
        with self.rows.lock:
            bad = {
                (kind, n): one
                for (space, _, kind, n), one in sorted(self.rows.feeds.pieces.items(), reverse=True)
                if space == namespace and one.reason is not None
            }
            return [(kind, kept) for (kind, _), kept in sorted(bad.items(), key=lambda pair: pair[0])]
