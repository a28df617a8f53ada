"""Laws of the editor's wishes in the Store, and of the file in which they may stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from syndication.adapters.desk import DeskFile
from syndication.core.desk import HELD
from syndication.core.model import Cadence, Do, Wish
from syndication.ports import Permanent, Store
from tests import factories
from tests.factories import EDITION, MORNING, ON

DAY = timedelta(days=1)
WISH = Wish(do=Do.NOTE, edition_id="daily", words="눈길 조심하세요.", on=ON, by="desk", at=MORNING)


def test_a_wish_is_kept_with_who_and_when(store: Store) -> None:
    kept = store.add_wish(WISH)
    assert kept == replace(WISH, id=kept.id)
    assert store.wishes("daily", since=ON) == [kept]
    assert store.wishes("weekly", since=ON) == []


def test_a_wish_of_a_date_that_has_passed_is_not_looked_at_and_a_standing_one_is(store: Store) -> None:
    standing = store.add_wish(replace(WISH, on=None))
    store.add_wish(WISH)
    assert list(store.wishes("daily", since=ON + DAY)) == [standing]


def test_a_wish_is_undone_once_and_stays_on_record(store: Store) -> None:
    kept = store.add_wish(WISH)
    assert store.undo_wish(kept.id, "editor", MORNING)
    assert not store.undo_wish(kept.id, "somebody", MORNING + DAY)
    assert not store.undo_wish(kept.id + 1, "somebody", MORNING)
    (undone,) = store.wishes("daily", since=ON)
    assert (undone.undone_by, undone.undone_at) == ("editor", MORNING)


def test_an_issue_frozen_on_hold_rests_until_the_desk_releases_it(store: Store) -> None:
    (article,) = factories.stored(store, 1)
    issue = store.freeze(replace(factories.frozen(article), held=f"{HELD}: proof reading"), {})
    assert issue.held == f"{HELD}: proof reading"
    assert store.release_issue(issue.id, MORNING)
    released = store.issue(issue.id)
    assert released is not None
    assert (released.held, released.resumed) == (None, False), "refusals may still stop it"
    assert not store.release_issue(issue.id, MORNING)


def test_the_desk_releases_only_what_it_held(store: Store) -> None:
    (article,) = factories.stored(store, 1)
    issue = store.freeze(factories.frozen(article), {})
    assert store.hold_issue(issue.id, "too many refusals", MORNING)
    assert not store.release_issue(issue.id, MORNING)


def test_an_article_that_was_asked_for_is_found_however_old_it_is(store: Store) -> None:
    old = factories.stored(store, 1, at=MORNING - 90 * DAY)[0]
    store.store_articles(factories.SOURCE, [factories.found(2)], MORNING - DAY, domain="garam.example", baseline=True)
    since = MORNING - 2 * DAY
    assert store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=since) == []
    everything = range(old.id, old.id + 9)
    asked = store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=since, among=everything)
    assert [a.identity for a in asked] == ["garam/1", "garam/2"]
    store.freeze(factories.frozen(old), {})
    left = store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=since, among=everything)
    assert [a.identity for a in left] == ["garam/2"], "what was in an Issue comes in no other"


def test_issues_are_found_by_what_they_hold(store: Store) -> None:
    one, two = factories.stored(store, 1, 2)
    issue = store.freeze(factories.frozen(one), {})
    assert store.issues_with([one.id, two.id]) == {issue.id}
    assert store.issues_with([two.id]) == frozenset()
    assert store.issues_with([]) == frozenset()


class TestFile:
    def test_where_there_is_none_nothing_is_wished(self, tmp_path: Path) -> None:
        assert DeskFile(tmp_path / "desk.toml").read() is None

    def test_it_comes_with_its_owner_and_its_time(self, tmp_path: Path) -> None:
        (tmp_path / "desk.toml").write_text('[[wish]]\nnote = "안녕하세요"\n', encoding="utf-8")
        found = DeskFile(tmp_path / "desk.toml").read()
        assert found is not None
        assert found.text == '[[wish]]\nnote = "안녕하세요"\n'
        assert found.by.startswith("desk.toml, ")
        assert abs(found.at - datetime.now(UTC)) < timedelta(hours=1)

    @pytest.mark.parametrize(
        ("body", "said"),
        [("메모".encode("cp949"), "line 1"), (b"a\nb\xff", "line 2"), (b"#" * (1 << 20) + b"#", "1 MB")],
    )
    def test_what_is_no_text_is_refused_with_its_line(self, tmp_path: Path, body: bytes, said: str) -> None:
        (tmp_path / "desk.toml").write_bytes(body)
        with pytest.raises(Permanent, match=said):
            DeskFile(tmp_path / "desk.toml").read()

    def test_a_folder_of_that_name_is_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "desk.toml").mkdir()
        with pytest.raises(Permanent):
            DeskFile(tmp_path / "desk.toml").read()


def test_a_date_is_a_date(store: Store) -> None:
    kept = store.add_wish(replace(WISH, on=date(2028, 2, 29)))
    assert store.wishes("daily", since=date(2028, 2, 29)) == [kept]
