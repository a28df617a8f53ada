"""Every Publisher keeps the same promises: in memory, in a folder, in a bucket."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from syndication.adapters.files import FilePublisher
from syndication.adapters.memory import MemoryPublisher
from syndication.adapters.s3 import S3Publisher
from syndication.ports import Outrun, Permanent, Publisher
from syndication.publish import publish_picture
from tests.bucket import SeaweedFS

FEED = "feeds/section/사회/articles.rss"
RSS = "application/rss+xml; charset=utf-8"

Open = Callable[[], Publisher]  # another process's view of the same place


@pytest.fixture(scope="module")
def seaweed() -> Iterator[SeaweedFS]:
    with SeaweedFS() as server:
        yield server


@pytest.fixture(params=["memory", "folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """An empty place that files are published to."""
    if request.param == "memory":
        publisher = MemoryPublisher(now=lambda: datetime.now(UTC))
        return lambda: publisher
    if request.param == "folder":
        return lambda: FilePublisher(tmp_path / "published")
    server: SeaweedFS = request.getfixturevalue("seaweed")
    bucket = server.bucket()
    return lambda: S3Publisher(bucket)


def outcomes(calls: list[Callable[[], bool]]) -> list[bool | None]:
    """What calls at once came to; None is Outrun."""
    found: list[bool | None] = []
    ready = threading.Barrier(len(calls))

    def attempt(call: Callable[[], bool]) -> None:
        ready.wait()
        try:
            found.append(call())
        except Outrun:
            found.append(None)

    threads = [threading.Thread(target=attempt, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_what_is_published_is_read_back_and_known_by_its_digest(place: Open) -> None:
    publisher = place()
    assert (publisher.read(FEED), publisher.mark(FEED), publisher.digest(FEED)) == (None, "", None)
    assert publisher.changed_at(FEED) is None
    body = "<rss>가람</rss>".encode() * 1000
    assert publisher.publish(FEED, body, RSS)
    assert place().read(FEED) == body
    assert place().digest(FEED) == hashlib.sha256(body).hexdigest()
    changed_at = place().changed_at(FEED)
    assert changed_at is not None
    assert changed_at.tzinfo is not None


def test_the_same_bytes_change_nothing_not_even_the_mark(place: Open) -> None:
    publisher = place()
    publisher.publish(FEED, b"one", RSS)
    mark, changed_at = publisher.mark(FEED), publisher.changed_at(FEED)
    assert mark
    assert not place().publish(FEED, b"one", RSS)
    assert not place().publish(FEED, b"one", RSS, over="")
    assert (publisher.mark(FEED), publisher.changed_at(FEED)) == (mark, changed_at)
    assert place().publish(FEED, b"two", RSS)
    assert publisher.mark(FEED) not in ("", mark)


def test_empty_bytes_are_a_file(place: Open) -> None:
    assert place().publish("feeds/a.rss", b"", RSS)
    assert place().read("feeds/a.rss") == b""
    assert not place().publish("feeds/a.rss", b"", RSS)


def test_who_knows_what_stands_there_may_replace_it_and_nobody_else(place: Open) -> None:
    publisher = place()
    assert publisher.publish(FEED, b"one", RSS, over="")
    with pytest.raises(Outrun):
        publisher.publish(FEED, b"other", RSS, over="")
    first = publisher.mark(FEED)
    assert publisher.publish(FEED, b"two", RSS, over=first)
    with pytest.raises(Outrun):
        publisher.publish(FEED, b"late", RSS, over=first)
    assert publisher.read(FEED) == b"two"
    with pytest.raises(Outrun):
        publisher.publish("feeds/never.rss", b"x", RSS, over=first)
    assert publisher.read("feeds/never.rss") is None


def test_of_24_who_create_one_file_one_does(place: Open) -> None:
    publishers = [place() for _ in range(24)]
    bodies = [f"{n} ".encode() * 5000 for n in range(24)]
    found = outcomes(
        [lambda p=p, b=b: p.publish(FEED, b, RSS, over="") for p, b in zip(publishers, bodies, strict=True)]  # type: ignore[misc]
    )
    assert sorted(found, key=str) == [None] * 23 + [True]
    assert place().read(FEED) in bodies


def test_of_24_who_replace_one_file_one_does(place: Open) -> None:
    place().publish(FEED, b"old", RSS)
    mark = place().mark(FEED)
    publishers = [place() for _ in range(24)]
    bodies = [f"{n} ".encode() * 5000 for n in range(24)]
    found = outcomes(
        [lambda p=p, b=b: p.publish(FEED, b, RSS, over=mark) for p, b in zip(publishers, bodies, strict=True)]  # type: ignore[misc]
    )
    assert sorted(found, key=str) == [None] * 23 + [True]
    assert place().read(FEED) in bodies


def test_counting_up_under_the_mark_loses_no_step(place: Open) -> None:
    place().publish("feeds/count.rss", b"0", RSS)

    def count() -> bool:
        publisher, left, me = place(), 5, uuid4().hex.encode()  # nobody else writes the same bytes
        while left:
            mark = publisher.mark("feeds/count.rss")
            try:
                number = int((publisher.read("feeds/count.rss") or b"0").split()[0])
                left -= publisher.publish("feeds/count.rss", b"%d %s" % (number + 1, me), RSS, over=mark)
            except Outrun:
                continue
        return True

    outcomes([count] * 6)
    assert (place().read("feeds/count.rss") or b"").split()[0] == b"30"


def test_a_place_where_files_can_be_published_says_nothing_when_tried_out(place: Open) -> None:
    place().try_out()
    place().try_out()


@pytest.mark.parametrize("path", ["", "/", "../x", "a/../b", "a//b", "a/", ".hidden", "a\\b", "a\x00b", "\ud800"])
def test_a_path_that_could_lead_elsewhere_is_refused_with_a_sentence(place: Open, path: str) -> None:
    publisher = place()
    if isinstance(publisher, MemoryPublisher):
        return
    with pytest.raises(Permanent, match="no path inside"):
        publisher.publish(path, b"x", RSS)


def test_a_picture_stands_under_the_hash_of_its_bytes_once_and_for_ever(place: Open) -> None:
    picture = b"\x89PNG\r\n" + b"sample" * 100
    path = publish_picture(place(), picture, "image/png")
    assert path == f"pictures/{path[9:11]}/{hashlib.sha256(picture).hexdigest()}.png"
    mark = place().mark(path)
    assert publish_picture(place(), picture, "image/png") == path
    assert place().mark(path) == mark
    assert place().read(path) == picture
    with pytest.raises(Permanent, match="no kind of picture"):
        publish_picture(place(), b"<svg/>", "image/svg+xml")
