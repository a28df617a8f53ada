"""Moving an older feed of the publisher's into ours: nobody who followed it sees anything as new."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import Any

import feedparser
import feedparser_sgmllib
import pytest

from syndication import publish
from syndication.core.model import Appear
from syndication.ports import Permanent, Store
from syndication.publish.adopting import Adoption, adopt_feed, editions_of
from tests.story.paper import EDITION, FEED, GARAM, TUESDAY, Paper, at, make_paper, rss

# reader asks for sgmllib by the name that it had in Python 2
sys.modules.setdefault("sgmllib", feedparser_sgmllib)
reader = importlib.import_module("reader")

OLD = "https://www.garam.example/rss/all.xml"
COUNT = 200


def old_item(n: int, *, guid: str | None, title: str | None = None, text: str = "표본 소식을 전한다.") -> str:
    named = f"<guid isPermaLink='false'>{escape(guid)}</guid>" if guid is not None else ""
    when = at(date(2026, 1, 10), "12:00") - timedelta(hours=n)
    return (
        f"<item><title>{title or f'표본 기사 {n}'}</title>{named}"
        f"<link>https://www.garam.example/news/articleView.html?idxno={n}&amp;utm_source=rss</link>"
        f"<pubDate>{when:%a, %d %b %Y %H:%M:%S %z}</pubDate><description>{text} {n}번째.</description></item>"
    )


# How papers' systems name their items.
GUIDS: dict[str, Callable[[int], str | None]] = {
    "an address": lambda n: f"http://www.garam.example/news/articleView.html?idxno={n}",
    "a number": lambda n: f"{n}",
    "a word": lambda n: f"garam-기사-{n}",
    "a tag URI": lambda n: f"tag:garam.example,2019:{n}",
    "nothing": lambda n: None,
}


@pytest.fixture
def paper(store: Store) -> Paper:
    return make_paper(store, edition=replace(EDITION, appear=Appear.AT_ONCE))


def adopted(paper: Paper, body: bytes, **more: Any) -> Adoption:
    made = adopt_feed(paper.ports, paper.setup, GARAM, body, url=OLD, editions=editions_of(paper.setup, GARAM), **more)
    publish.refresh(paper.ports, paper.setup)
    return made


def unread(library: Any) -> list[str]:
    return [entry.id for entry in library.get_entries(read=False)]


@pytest.mark.parametrize("kind", GUIDS)
def test_a_reader_who_followed_an_old_feed_of_200_items_sees_none_as_new_after_the_move(
    kind: str, paper: Paper, tmp_path: Path
) -> None:
    old = rss(*(old_item(n, guid=GUIDS[kind](n)) for n in range(1, COUNT + 1)))
    (tmp_path / "old.rss").write_bytes(old)
    paper.go(TUESDAY, "09:00")
    made = adopted(paper, old)
    assert (made.items, made.kept, made.entered, dict(made.refused)) == (COUNT, COUNT, COUNT, {})
    (tmp_path / "new.rss").write_bytes(paper.publisher.read("feeds/daily/articles.rss") or b"")
    with reader.make_reader(":memory:", feed_root=str(tmp_path)) as library:
        library.add_feed("old.rss")
        library.update_feeds()
        followed = [entry.id for entry in library.get_entries()]
        assert len(followed) == COUNT
        for entry in library.get_entries():
            library.mark_entry_as_read(entry)
        library.change_feed_url("old.rss", "new.rss")
        library.update_feeds()
        assert library.get_feed("new.rss").last_exception is None
        assert unread(library) == []
        assert sorted(entry.id for entry in library.get_entries()) == sorted(followed)


def test_what_is_written_after_the_move_is_new_once_and_in_no_digest_is_anything_old(
    paper: Paper, tmp_path: Path
) -> None:
    old = [old_item(n, guid=GUIDS["an address"](n)) for n in range(1, 21)]
    paper.go(TUESDAY, "05:00")
    adopted(paper, rss(*old))
    before = {e.id for e in feedparser.parse(paper.publisher.read("feeds/daily/articles.rss")).entries}
    paper.serve(FEED, rss(old_item(21, guid=GUIDS["an address"](21)), *old))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    for minute in ("06:20", "06:25"):
        paper.go(TUESDAY, minute)
        paper.tick()
    publish.refresh(paper.ports, paper.setup)
    after = feedparser.parse(paper.publisher.read("feeds/daily/articles.rss")).entries
    (new,) = {e.id for e in after} - before
    assert new.startswith("tag:garam.example,2026-01-20:article/")
    assert before < {e.id for e in after}
    assert [i.article.content.title for i in paper.frozen_on().content.items] == ["표본 기사 21"]


def test_the_items_stand_in_our_feeds_in_the_order_and_with_the_dates_of_the_old_one(paper: Paper) -> None:
    paper.go(TUESDAY, "09:00")
    adopted(paper, rss(*(old_item(n, guid=f"garam-{n}") for n in range(1, 31))))
    entries = feedparser.parse(paper.publisher.read("feeds/daily/articles.rss")).entries
    assert [e.title for e in entries] == [f"표본 기사 {n}" for n in range(1, 31)]
    assert entries[0].published == "Sat, 10 Jan 2026 02:00:00 GMT"


def test_an_id_that_is_no_uri_stays_in_rss_and_json_and_atom_says_our_own(paper: Paper) -> None:
    paper.go(TUESDAY, "09:00")
    adopted(paper, rss(old_item(7, guid="7"), old_item(8, guid="tag:garam.example,2019:8")))
    in_rss = [e.id for e in feedparser.parse(paper.publisher.read("feeds/daily/articles.rss")).entries]
    in_atom = [e.id for e in feedparser.parse(paper.publisher.read("feeds/daily/articles.atom")).entries]
    assert in_rss == ["7", "tag:garam.example,2019:8"]
    assert in_atom[1] == "tag:garam.example,2019:8"
    assert in_atom[0].startswith("tag:garam.example,2026-01-20:article/")


def test_adopting_again_changes_nothing(paper: Paper) -> None:
    old = rss(*(old_item(n, guid=f"garam-{n}") for n in range(1, 4)))
    paper.go(TUESDAY, "09:00")
    adopted(paper, old)
    before = dict(paper.publisher.files)
    paper.go(TUESDAY, "10:00")
    again = adopted(paper, old)
    assert (again.new, again.kept, again.known, again.entered) == (0, 0, 3, 0)
    assert paper.publisher.files == before


def test_what_has_appeared_under_an_id_of_ours_keeps_it_and_is_named(paper: Paper) -> None:
    paper.serve(FEED, rss(old_item(1, guid="garam-1")))
    paper.go(TUESDAY, "09:00")
    paper.collect()
    publish.refresh(paper.ports, paper.setup)
    (before,) = feedparser.parse(paper.publisher.read("feeds/daily/articles.rss")).entries
    made = adopted(paper, rss(old_item(1, guid="garam-1"), old_item(2, guid="garam-2")))
    assert (made.kept, made.entered) == (1, 1)
    assert "has appeared" in made.refused["garam-1"]
    after = {e.title: e.id for e in feedparser.parse(paper.publisher.read("feeds/daily/articles.rss")).entries}
    assert after == {"표본 기사 1": before.id, "표본 기사 2": "garam-2"}


def test_a_rehearsal_stores_nothing(paper: Paper) -> None:
    paper.go(TUESDAY, "09:00")
    old = rss(*(old_item(n, guid=f"garam-{n}") for n in range(1, 4)))
    made = adopted(paper, old, rehearse=True)
    assert (made.items, made.new, made.kept) == (3, 3, 3)
    assert paper.store.feed_states() == []
    assert paper.store.articles_known({"garam:no:1"}) == {}


def test_an_id_that_readers_would_bend_is_refused_with_its_reason(paper: Paper) -> None:
    paper.go(TUESDAY, "09:00")
    made = adopted(paper, rss(old_item(1, guid="a&copy;b"), old_item(2, guid="garam-2")))
    assert dict(made.refused) == {"a&copy;b": "it is no id that feeds can carry"}
    assert made.entered == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"<rss><channel></channel></rss>"])
def test_what_is_no_feed_is_said_to_be_none(paper: Paper, body: bytes) -> None:
    with pytest.raises(Permanent, match="no item of the older feed"):
        adopted(paper, body)
