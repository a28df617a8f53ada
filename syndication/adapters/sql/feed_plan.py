"""Writes what comes of an appearance, a Revision or a retraction into the tables of Feeds.

It decides nothing: `core.appearing` has made the plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, and_, bindparam, case, exists, func, insert, select, update

from syndication.adapters.sql.base import insert_new
from syndication.adapters.sql.feed_shelf import in_pieces
from syndication.adapters.tables import (
    adopted_id,
    article,
    feed,
    feed_article,
    feed_entry,
    feed_issue,
    feed_page,
    issue,
    issue_item,
)
from syndication.core.appearing import Plan, Shown, Standing
from syndication.core.catalogue import Feed, edition_feed, page_named
from syndication.core.model import ArticleStatus, Issue

# --- writing a plan --------------------------------------------------------------------------


def write_plan(db: Connection, plan: Plan) -> None:
    _write_feeds(db, plan)
    _write_articles(db, plan)
    rows = [{"feed": key, "article_id": number, "at": at} for (key, number), at in plan.entries.items()]
    there = {(row["feed"], row["article_id"]) for row in rows_of(db, feed_entry, {row["article_id"] for row in rows})}
    fresh = [row for row in rows if (row["feed"], row["article_id"]) not in there]
    if fresh:
        places = insert(feed_entry).values(appeared_at=bindparam("at"), sorted_at=bindparam("at"))
        db.execute(places, fresh)
    moved = [row for row in rows if (row["feed"], row["article_id"]) in there]
    if moved:
        # one that was taken to the top of its Feed stays there
        place = case(
            (feed_entry.c.sorted_at == feed_entry.c.appeared_at, bindparam("at")), else_=feed_entry.c.sorted_at
        )
        db.execute(
            update(feed_entry)
            .where(feed_entry.c.feed == bindparam("_feed"), feed_entry.c.article_id == bindparam("_article"))
            .values(appeared_at=bindparam("at"), sorted_at=place, left_at=None),
            [{"_feed": row["feed"], "_article": row["article_id"], "at": row["at"]} for row in moved],
        )


def _write_feeds(db: Connection, plan: Plan) -> None:
    """Touch each Feed once; one that is new begins."""
    there = {row["key"]: row for row in rows_of(db, feed, plan.touched, by="key")}
    fresh = [_new_feed(plan.feeds[key], at) for key, at in plan.touched.items() if key not in there]
    if fresh:
        db.execute(insert(feed), fresh)
    touched = [
        {
            "_key": key,
            "_at": max(at, there[key]["touched_at"]),
            "_term": min(plan.feeds[key].term, there[key]["term"]) if key in plan.feeds else there[key]["term"],
        }
        for key, at in plan.touched.items()
        if key in there
    ]
    if touched:
        db.execute(
            update(feed)
            .where(feed.c.key == bindparam("_key"))
            .values(version=feed.c.version + 1, touched_at=bindparam("_at"), term=bindparam("_term")),
            touched,
        )


def _new_feed(one: Feed, at: datetime) -> dict[str, Any]:
    return {"key": one.key, "scope": one.scope, "term": one.term, "kind": one.kind, "version": 1, "touched_at": at}


def _write_articles(db: Connection, plan: Plan) -> None:
    uris = _public_ids(db, plan.fresh)
    fresh = [
        {
            "article_id": n,
            "uri": uris[n],
            "revision": revision,
            "stamp": 1,
            "status": ArticleStatus.USABLE,
            **_values(s),
        }
        for n, (s, revision) in plan.fresh.items()
    ]
    if fresh:
        db.execute(insert(feed_article), fresh)
    for number, words in plan.reworded.items():
        db.execute(
            update(feed_article)
            .where(feed_article.c.article_id == number)
            .values(stamp=feed_article.c.stamp + 1, **_values(words))
        )


def _values(shown: Shown) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in Shown.__slots__}


def _public_ids(db: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """The id that each Article gets: the adopted one where there is one, else its own."""
    found: dict[int, str] = {}
    for part in in_pieces(numbers):
        question = (
            select(article.c.id, func.coalesce(adopted_id.c.uri, article.c.uri))
            .outerjoin(adopted_id, adopted_id.c.identity == article.c.identity)
            .where(article.c.id.in_(part))
        )
        found |= dict(db.execute(question).tuples().all())
    return found


def note_issue(db: Connection, issue: Issue) -> None:
    fresh = insert_new(db, feed_issue).values(issue_id=issue.id, revision=issue.revision)
    if not db.execute(fresh).rowcount:
        db.execute(
            update(feed_issue)
            .where(feed_issue.c.issue_id == issue.id, feed_issue.c.revision < issue.revision)
            .values(revision=issue.revision)
        )


def tell_feeds(db: Connection, number: int, status: ArticleStatus, at: datetime) -> None:
    """Touch every Feed that an Article stands in, and the digests that tell it; mark the pages of archives."""
    mine = and_(feed_entry.c.article_id == number, feed_entry.c.left_at.is_(None))
    if status is not ArticleStatus.USABLE:
        db.execute(update(feed_entry).where(mine).values(sorted_at=at))
    told = select(issue.c.edition_id, issue.c.on).join(issue_item, issue_item.c.issue_id == issue.c.id)
    telling = db.execute(told.where(issue_item.c.article_id == number)).all()
    plan = Plan()
    for key in db.execute(select(feed_entry.c.feed).where(mine)).scalars():
        plan.touch(key, at)
    digests = {edition_feed(row.edition_id, "digest").key for row in telling}
    for known in rows_of(db, feed, digests, by="key"):
        plan.touch(known["key"], at)
    _write_feeds(db, plan)
    holds = and_(
        feed_entry.c.feed == feed_page.c.feed,
        feed_entry.c.article_id == number,
        feed_entry.c.appeared_at.between(feed_page.c.first_at, feed_page.c.last_at),
    )
    db.execute(update(feed_page).where(exists().where(holds)).values(stale=True))
    for row in telling:
        page = and_(
            feed_page.c.feed == edition_feed(row.edition_id, "digest").key, feed_page.c.name == page_named(row.on, 1)
        )
        db.execute(update(feed_page).where(page).values(stale=True))


# --- rows ------------------------------------------------------------------------------------


def rows_of(db: Connection, table: Table, values: Iterable[Any], *, by: str = "article_id") -> list[RowMapping]:
    found: list[RowMapping] = []
    for part in in_pieces(values):
        found += db.execute(select(table).where(table.c[by].in_(part))).mappings().all()
    return found


def closed_of(db: Connection, keys: Iterable[str]) -> dict[str, datetime | None]:
    return {row["key"]: row["closed_at"] for row in rows_of(db, feed, keys, by="key")}


def shown_of(row: RowMapping) -> Shown:
    return Shown(**{name: row[name] for name in Shown.__slots__})


def standing_of(row: RowMapping) -> Standing:
    return Standing(appeared_at=row["appeared_at"], left=row["left_at"] is not None)
