"""The same stored stories give the same bytes: in any process, zone, locale, hash seed and order of work."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ORDERS = ("forwards", "backwards", "by-two")


def built(folder: Path, order: str, **environ: str) -> dict[str, str]:
    """The files that a process makes of stored stories, by path, as hashes."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    made = subprocess.run(
        [sys.executable, "-W", "ignore", str(Path(__file__)), str(folder), order],
        env={**kept, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert made.returncode == 0, made.stderr.decode()[-3000:]
    answer: dict[str, str] = json.loads(made.stdout)
    return answer


def test_rebuilt_feeds_have_equal_bytes_whoever_builds_them_and_in_whatever_order(tmp_path: Path) -> None:
    here = built(tmp_path / "a", "forwards", PYTHONHASHSEED="1", TZ="Asia/Seoul", LC_ALL="C.UTF-8")
    assert {path.rpartition(".")[2] for path in here} >= {"rss", "atom", "json", "opml", "xml"}
    assert any("2026-01." in path for path in here)
    assert len(here) > 50
    there = built(tmp_path / "b", "backwards", PYTHONHASHSEED="2", TZ="America/New_York", LC_ALL="C")
    assert there == here
    again = built(tmp_path / "c", "by-two", PYTHONHASHSEED="3", TZ="Pacific/Chatham", LC_ALL="POSIX")
    assert again == here


@pytest.mark.parametrize("order", ORDERS)
def test_a_store_that_was_published_before_gives_the_same_files_anew(order: str, tmp_path: Path) -> None:
    first = built(tmp_path / "store", order, PYTHONHASHSEED="1")
    assert built(tmp_path / "store", f"again-{order}", PYTHONHASHSEED="7", TZ="UTC") == first


# --- what runs in the other process ----------------------------------------------------------


def _main(folder: Path, order: str) -> None:
    """Fill a Store, or take the one that is there; publish; print the files."""
    import structlog

    from syndication.adapters.sql import open_store

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    folder.mkdir(exist_ok=True)
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    files = _publish(store, order.removeprefix("again-"), fill=not order.startswith("again-"))
    print(json.dumps(dict(sorted(files.items()))))


def _publish(store: Any, order: str, *, fill: bool) -> dict[str, str]:
    from dataclasses import replace
    from datetime import date, timedelta

    from syndication import publish
    from syndication.core.model import ArticleStatus
    from syndication.publish.appear import enter_issue
    from tests.story.paper import EDITION, FEED, TUESDAY, at, item, make_paper, rss

    evening = replace(EDITION, id="evening", title="가람 저녁")
    paper = make_paper(store, edition=EDITION)
    paper.setup.editions["evening"] = evening  # type: ignore[index]
    days = [TUESDAY, TUESDAY + timedelta(days=1), date(2026, 2, 3)]
    if fill:
        store.register_editions([evening], paper.clock.now())
        for day, on in enumerate(days):
            more = "<category>가람시</category><category>예산</category>"
            part = range(day * 12, day * 12 + 12)
            paper.serve(
                FEED, rss(*(item(f"표본 소식 {n}번째 {n * 7}", f"{n}번 소식이다.", number=n, more=more) for n in part))
            )
            paper.go(on, "06:00")
            paper.collect()
            for minute in ("06:20", "06:25"):
                paper.go(on, minute)
                paper.tick()
    paper.go(days[-1], "07:00")
    issues = list(store.issues_to_enter(paper.setup.editions.keys()))
    if order == "by-two":
        issues = issues[1::2] + issues[::2]
    for issue in reversed(issues) if order == "backwards" else issues:
        enter_issue(paper.ports, paper.setup, issue)
    if fill:
        gone = store.issues("daily", 9)[-1].content.items[0].article
        store.restate(gone.id, ArticleStatus.CANCELED, notice="취소합니다.", at=at(days[-1], "06:50"))
    else:  # everything anew, with what was serialised and closed before
        now = paper.clock.now()
        for state in store.take_feeds(now, now, 10_000, keys=[s.feed.key for s in store.feed_states()]):
            store.settle_feed(replace(state, version=0), None)
        _all_pages(paper)
    publish.refresh(paper.ports, paper.setup)
    return {path: hashlib.sha256(body).hexdigest() for path, (body, _) in paper.publisher.files.items()}


def _all_pages(paper: Any) -> None:
    """Publish every page of the archives once more."""
    from sqlalchemy import text

    with paper.store._engine.begin() as db:
        db.execute(text("UPDATE feed_page SET stale = true"))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
