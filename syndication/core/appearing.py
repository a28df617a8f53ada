"""What comes of Articles appearing in Feeds, the same in any order and any number of times.

It stores nothing: rows in, what is to be written out. Both Stores follow it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syndication.core.catalogue import Appearance, Feed

_NEXT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The words under which an Article has appeared."""

    appeared_at: datetime
    edition_id: str
    language: str
    section: str
    link: str | None
    summary: str | None
    summary_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An Article's entry in a Feed."""

    appeared_at: datetime
    left: bool = False


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is to be written. Touched Feeds by key, each with when something last changed in it."""

    fresh: dict[int, tuple[Shown, int]] = field(default_factory=dict)  # Article -> its words and Revision
    reworded: dict[int, Shown] = field(default_factory=dict)
    entries: dict[tuple[str, int], datetime] = field(default_factory=dict)  # (Feed, Article) -> appeared_at
    touched: dict[str, datetime] = field(default_factory=dict)
    feeds: dict[str, Feed] = field(default_factory=dict)  # those that are touched by what came into them

    def touch(self, key: str, at: datetime, feed: Feed | None = None) -> None:
        self.touched[key] = max(at, self.touched.get(key, at))
        if feed is not None:
            known = self.feeds.get(key)
            # of several spellings of a word always the same one names its Feed
            self.feeds[key] = feed if known is None or feed.term < known.term else known


def appearing(
    appearances: Sequence[Appearance],
    *,
    shown: Mapping[int, Shown],
    standing: Mapping[tuple[str, int], Standing],
    closed: Mapping[str, datetime | None],
) -> Plan:
    """What is to be written when these appear.

    `shown` and `standing` are what is there already for these Articles, `closed` tells for each Feed up to when its
    archive reaches: nothing comes into it any more. An Article keeps the words of its earliest appearance; the same
    appearance told again with other words is an amended Issue, and its newest words count."""
    plan, words, places = Plan(), dict(shown), dict(standing)
    for one in sorted(appearances, key=lambda a: (a.appears_at, a.edition_id, a.article_id)):
        _reword(plan, one, words, places)
        for feed in one.feeds:
            _place(plan, one, feed, places, closed.get(feed.key))
    return plan


def _reword(plan: Plan, one: Appearance, words: dict[int, Shown], places: Mapping[tuple[str, int], Standing]) -> None:
    known = words.get(one.article_id)
    told = _shown(one) if known is None else _words_after(known, _shown(one))
    if known is None:
        plan.fresh[one.article_id] = (told, one.revision)
    elif told != known:
        _reworded(plan, one, told, places)
    words[one.article_id] = told


def _words_after(known: Shown, told: Shown) -> Shown:
    """Of two appearances the earlier one's words; a later one may only give a page to read to what had none."""
    if (told.appeared_at, told.edition_id) <= (known.appeared_at, known.edition_id):
        return told
    return replace(known, link=told.link) if known.link is None else known


def _reworded(plan: Plan, one: Appearance, told: Shown, places: Mapping[tuple[str, int], Standing]) -> None:
    if one.article_id in plan.fresh:
        plan.fresh[one.article_id] = (told, plan.fresh[one.article_id][1])
    else:
        plan.reworded[one.article_id] = told
    for (key, number), place in places.items():
        if number == one.article_id and not place.left:
            plan.touch(key, one.appears_at)


def _place(
    plan: Plan, one: Appearance, feed: Feed, places: dict[tuple[str, int], Standing], closed: datetime | None
) -> None:
    at = one.appears_at if closed is None else max(one.appears_at, closed + _NEXT)
    place = places.get((feed.key, one.article_id))
    if place is None or place.left or at < place.appeared_at:
        places[feed.key, one.article_id] = Standing(appeared_at=at)
        plan.entries[feed.key, one.article_id] = at
        plan.touch(feed.key, at, feed)


def _shown(one: Appearance) -> Shown:
    return Shown(
        appeared_at=one.appears_at,
        edition_id=one.edition_id,
        language=one.language,
        section=one.section,
        link=one.link,
        summary=one.summary,
        summary_revision=one.revision,
    )


def moving(
    at: datetime,
    feeds: Sequence[Feed],
    *,
    number: int,
    standing: Mapping[str, bool],
    closed: Mapping[str, datetime | None],
) -> tuple[Plan, list[str]]:
    """What is to be written when an Article's Revision belongs into these Feeds, and the Feeds that it leaves.

    `standing`: the Feeds it stands in -> whether it may leave them. All of them are touched: it is another one now."""
    plan, wanted = Plan(), {feed.key: feed for feed in feeds}
    for key in standing:
        plan.touch(key, at)
    for key, feed in wanted.items():
        if key not in standing:
            reach = closed.get(key)
            plan.entries[key, number] = at if reach is None else max(at, reach + _NEXT)
            plan.touch(key, at, feed)
    return plan, [key for key, may_leave in standing.items() if may_leave and key not in wanted]
