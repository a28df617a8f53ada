"""`syndication adopt`, as whoever moves a feed meets it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Sample


def old_feed(tmp_path: Path) -> Path:
    items = "".join(
        f"<item><title>지난 기사 {n}</title><guid isPermaLink='false'>old-{n}</guid>"
        f"<link>https://garam.example/old/{n}</link><description>지난 소식 {n}이다.</description></item>"
        for n in range(3)
    )
    path = tmp_path / "old.xml"
    path.write_text(f"<rss version='2.0'><channel>{items}</channel></rss>", "utf-8")
    return path


def test_an_older_feeds_items_stand_in_our_feeds_under_the_ids_they_had(sample: Sample, tmp_path: Path) -> None:
    feed = old_feed(tmp_path)
    (plan,) = sample("adopt", feed, "--source", "garam-feed", "--rehearse", "--json").facts
    assert (plan["items"], plan["new"], plan["kept"], plan["feeds"]) == (3, 3, 3, 0)
    said = sample("adopt", feed, "--source", "garam-feed")
    assert said.code == 0
    assert "3 ids are carried on" in said.flat
    (public,) = tmp_path.rglob("feeds/daily/articles.rss")
    assert [f"old-{n}" in public.read_text("utf-8") for n in range(3)] == [True] * 3
    (again,) = sample("adopt", feed, "--source", "garam-feed", "--json").facts
    assert (again["new"], again["kept"], again["known"], again["entered"]) == (0, 0, 3, 0)


def test_a_source_or_edition_that_nobody_knows_and_a_file_without_items_are_said(
    sample: Sample, tmp_path: Path
) -> None:
    feed = old_feed(tmp_path)
    unknown = sample("adopt", feed, "--source", "nobody")
    assert unknown.code == 1
    assert "no Source 'nobody'" in unknown.flat
    assert "no Edition" in sample("adopt", feed, "--source", "garam-feed", "--edition", "weekly").flat
    empty = tmp_path / "empty.xml"
    empty.write_text("<rss/>", "utf-8")
    assert "no item of the older feed" in sample("adopt", empty, "--source", "garam-feed").flat
    assert sample("adopt", tmp_path / "nothing.xml", "--source", "garam-feed").code == 1
