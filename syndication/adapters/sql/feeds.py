"""Articles and Issues in Feeds, in SQL: what stands where since when, and under which id.

It decides nothing about words and bytes: what an Article says in Feeds is told to it. Archives and serialised items
are in `feed_shelf`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, insert, or_, select, update

from syndication.adapters.sql.feed_plan import (
    closed_of,
    note_issue,
    rows_of,
    shown_of,
    standing_of,
    tell_feeds,
    write_plan,
)
from syndication.adapters.sql.feed_shelf import FeedShelf, in_pieces, state_of, stories, story_of
from syndication.adapters.sql.intake import ARTICLE_COLUMNS, article_of
from syndication.adapters.sql.newsroom import issue_of, issues
from syndication.adapters.tables import (
    adopted_id,
    article,
    article_revision,
    feed,
    feed_article,
    feed_entry,
    feed_issue,
    feed_page,
    issue,
)
from syndication.adapters.tables import edition as editions
from syndication.core.appearing import appearing, moving
from syndication.core.catalogue import (
    MAY_LEAVE,
    SHOWN,
    Appearance,
    Feed,
    FeedState,
    Restatement,
    Scope,
    Story,
    edition_feed,
)
from syndication.core.model import Article, ArticleStatus, Edition, Issue, IssueState
from syndication.ports import Adopted

_PUBLISHED = (IssueState.FROZEN, IssueState.CLOSED)
_ENTERING = 7305818842173  # an advisory lock of PostgreSQL


class Feeds(FeedShelf):
    # --- ids ---

    def adopt(self, ids: Mapping[str, str], now: datetime) -> Adopted:
        with self._writes() as db:
            self._in_turn(db)
            fresh, refused = _judged(db, ids)
            rows = [{"identity": identity, "uri": uri, "adopted_at": now} for identity, uri in fresh.items()]
            if rows:
                db.execute(insert(adopted_id), rows)
        return Adopted(kept=len(fresh), known=len(ids) - len(fresh) - len(refused), refused=refused)

    # --- what is to be entered ---

    def issues_to_enter(self, editions: Collection[str]) -> Sequence[Issue]:
        entered = exists().where(feed_issue.c.issue_id == issue.c.id, feed_issue.c.revision >= issue.c.revision)
        question = (
            issues()
            .where(issue.c.edition_id.in_(sorted(editions)), issue.c.state.in_(_PUBLISHED), ~entered)
            .order_by(issue.c.publish_at, issue.c.id)
        )
        with self._reads() as db:
            return [issue_of(row) for row in db.execute(question)]

    def articles_to_enter(self, edition: Edition, since: datetime, limit: int) -> Sequence[Article]:
        there = exists().where(
            feed_entry.c.feed == edition_feed(edition.id).key, feed_entry.c.article_id == article.c.id
        )
        known = select(editions.c.adopted_at).where(editions.c.id == edition.id).scalar_subquery()
        seen = and_(article.c.first_seen_at >= known, article.c.first_seen_at >= since)
        question = _newest_articles().where(article.c.status.in_(SHOWN), article.c.baseline.is_(False), seen, ~there)
        if edition.sources:
            question = question.where(article.c.source_id.in_(edition.sources))
        question = question.order_by(article.c.first_seen_at, article.c.id).limit(limit)
        with self._reads() as db:
            return [article_of(row) for row in db.execute(question)]

    def articles_known(self, identities: Collection[str]) -> Mapping[str, Article]:
        found: dict[str, Article] = {}
        with self._reads() as db:
            for part in in_pieces(identities):
                for row in db.execute(_newest_articles().where(article.c.identity.in_(part))):
                    found[row.identity] = article_of(row)
        return found

    # --- entering ---

    def enter(self, appearances: Sequence[Appearance], *, issue: Issue | None = None) -> None:
        numbers = sorted({one.article_id for one in appearances})
        with self._writes() as db:
            self._in_turn(db)
            plan = appearing(
                appearances,
                shown={row["article_id"]: shown_of(row) for row in rows_of(db, feed_article, numbers)},
                standing={
                    (row["feed"], row["article_id"]): standing_of(row) for row in rows_of(db, feed_entry, numbers)
                },
                closed=closed_of(db, {feed.key for one in appearances for feed in one.feeds}),
            )
            if issue is not None:
                digest = edition_feed(issue.edition_id, "digest")
                plan.touch(digest.key, issue.publish_at, digest)
                note_issue(db, issue)
            write_plan(db, plan)

    def revised(self, since: datetime) -> Sequence[Story]:
        question = stories(revision=article.c.revision).where(
            article.c.revised_at >= since, feed_article.c.revision < article.c.revision
        )
        with self._reads() as db:
            return [story_of(row) for row in db.execute(question.order_by(article.c.id))]

    def revise(self, story: Story, feeds: Sequence[Feed]) -> None:
        number, revision, at = story.article.id, story.article.revision, story.article.revised_at
        newer = and_(feed_article.c.article_id == number, feed_article.c.revision < revision)
        with self._writes() as db:
            self._in_turn(db)
            if not db.execute(update(feed_article).where(newer).values(revision=revision)).rowcount:
                return
            here = select(feed.c.key, feed.c.scope).join(feed_entry, feed_entry.c.feed == feed.c.key)
            rows = db.execute(here.where(feed_entry.c.article_id == number, feed_entry.c.left_at.is_(None))).all()
            plan, left = moving(
                at,
                feeds,
                number=number,
                standing={row.key: row.scope in MAY_LEAVE for row in rows},
                closed=closed_of(db, {one.key for one in feeds}),
            )
            gone = and_(feed_entry.c.article_id == number, feed_entry.c.feed.in_(left))
            db.execute(update(feed_entry).where(gone).values(left_at=at))
            last = or_(feed.c.left_at.is_(None), feed.c.left_at < at)
            db.execute(update(feed).where(feed.c.key.in_(left), last).values(left_at=at))
            write_plan(db, plan)

    # --- taking back ---

    def restate(self, article_id: int, status: ArticleStatus, *, notice: str | None, at: datetime) -> bool:
        with self._writes() as db:
            self._in_turn(db)
            row = db.execute(
                _newest_articles().add_columns(article.c.status.label("now")).where(article.c.id == article_id)
            ).one_or_none()
            if row is None or row.now == status:
                return False
            values = {"revision": row.number + 1, "status": status, "revised_at": at}
            db.execute(update(article).where(article.c.id == article_id).values(**values))
            db.execute(
                insert(article_revision).values(
                    article_id=article_id,
                    number=row.number + 1,
                    seen_at=at,
                    status=status,
                    content_hash=row.revision_hash,
                    content=row.content,
                )
            )
            shown = update(feed_article).where(feed_article.c.article_id == article_id)
            told = {"revision": row.number + 1, "status": status, "notice": notice, "restated_at": at}
            if db.execute(shown.values(**told, stamp=feed_article.c.stamp + 1)).rowcount:
                tell_feeds(db, article_id, status, at)
        return True

    def retractions(self, limit: int) -> Sequence[Restatement]:
        question = stories().where(feed_article.c.restated_at.is_not(None), feed_article.c.status.not_in(SHOWN))
        question = question.order_by(feed_article.c.restated_at.desc(), feed_article.c.article_id.desc()).limit(limit)
        with self._reads() as db:
            return [_restatement(story_of(row)) for row in db.execute(question)]

    def restated(self, numbers: Collection[int]) -> Mapping[int, Restatement]:
        found: dict[int, Restatement] = {}
        question = stories().where(feed_article.c.restated_at.is_not(None))
        with self._reads() as db:
            for part in in_pieces(numbers):
                rows = db.execute(question.where(feed_article.c.article_id.in_(part)))
                found |= {row.id: _restatement(story_of(row)) for row in rows}
        return found

    # --- publishing ---

    def feed_states(self, keys: Collection[str] | None = None) -> Sequence[FeedState]:
        question = select(feed).order_by(feed.c.key)
        question = question if keys is None else question.where(feed.c.key.in_(sorted(keys)))
        with self._reads() as db:
            return [state_of(row) for row in db.execute(question)]

    def publish_anew(self) -> int:
        stale = {"version": feed.c.version + 1, "published": 0, "taken_until": None}
        with self._writes() as db:
            db.execute(update(feed_page).values(stale=True))
            return db.execute(update(feed).values(**stale)).rowcount

    def take_feeds(
        self, now: datetime, until: datetime, limit: int, *, keys: Collection[str] | None = None
    ) -> Sequence[FeedState]:
        free = or_(feed.c.taken_until.is_(None), feed.c.taken_until <= now)
        wanted = (
            feed.c.key.in_(sorted(keys))
            if keys is not None
            else or_(feed.c.version > feed.c.published, feed.c.due_at <= now)
        )
        chosen = (
            select(feed.c.key)
            .where(free, wanted)
            .order_by((feed.c.scope != Scope.EDITION), feed.c.touched_at.desc(), feed.c.key)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._writes() as db:
            taken = db.execute(chosen).scalars().all()
            rows = db.execute(update(feed).where(feed.c.key.in_(taken)).values(taken_until=until).returning(feed)).all()
        by_key = {row.key: state_of(row) for row in rows}
        return [by_key[key] for key in taken]

    def settle_feed(self, state: FeedState, due_at: datetime | None) -> None:
        # a higher number that another worker left there was overwritten by what this one published: it is stale again
        with self._writes() as db:
            db.execute(
                update(feed)
                .where(feed.c.key == state.feed.key)
                .values(published=state.version, due_at=due_at, taken_until=None)
            )

    def _in_turn(self, db: Connection) -> None:
        """Those who enter take turns, as on SQLite: each sees what the one before has entered."""
        if self._postgresql:
            db.execute(select(func.pg_advisory_xact_lock(_ENTERING)))


# --- rows ----------------------------------------------------------------------------------


def _newest_articles() -> Select[Any]:
    newest = and_(article_revision.c.article_id == article.c.id, article_revision.c.number == article.c.revision)
    return select(*ARTICLE_COLUMNS).join(article_revision, newest)


def _restatement(story: Story) -> Restatement:
    return Restatement(
        article_id=story.article.id,
        uri=story.uri,
        article_uri=story.article.uri,
        at=story.restated_at or story.article.revised_at,
        title=story.article.content.title,
        notice=story.notice,
        language=story.language,
        status=story.article.status,
    )


# --- adopting --------------------------------------------------------------------------------


def _judged(db: Connection, ids: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What is to be kept of these ids, and why the others are not."""
    kept = {row["identity"]: row["uri"] for row in rows_of(db, adopted_id, ids, by="identity")}
    owners = {row["uri"]: row["identity"] for row in rows_of(db, adopted_id, ids.values(), by="uri")}
    shown, bearers = _appeared(db, article.c.identity, ids), _appeared(db, feed_article.c.uri, ids.values())
    shown_as, borne_by = {row.identity: row.uri for row in shown}, {row.uri: row.identity for row in bearers}
    fresh: dict[str, str] = {}
    refused: dict[str, str] = {}
    for identity, uri in ids.items():
        known = shown_as.get(identity, kept.get(identity))
        owner = owners.get(uri, borne_by.get(uri, identity))
        if owner != identity:
            refused[identity] = "the id names another article"
        elif known is None:
            fresh[identity], owners[uri] = uri, identity
        elif known != uri:
            refused[identity] = (
                f"the article {'has appeared' if identity in shown_as else 'was adopted'} under another id"
            )
    return fresh, refused


def _appeared(db: Connection, column: ColumnElement[str], values: Iterable[str]) -> list[Row[str, str]]:
    found: list[Row[str, str]] = []
    question = select(article.c.identity, feed_article.c.uri).join(article, article.c.id == feed_article.c.article_id)
    for part in in_pieces(values):
        found += db.execute(question.where(column.in_(part))).all()
    return found
