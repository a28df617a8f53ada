"""Collecting as it happens: real servers on loopback, a real drop folder, and a Store that remembers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndication import ingest
from syndication.adapters.folder import DropFolder
from syndication.adapters.http import HttpFetcher
from syndication.adapters.memory import FixedClock, MemoryMailer, MemoryPortal, MemoryPublisher, MemoryStore
from syndication.adapters.memory.journals import MemoryJournals
from syndication.core.model import Article, Cadence, Edition, FirstPoll, Rights, Source, SourceKind, SourceState
from syndication.ingest import Polled, Polling
from syndication.ports import Ports
from tests.contract.origin import Origin, origin

NOW = datetime(2026, 1, 19, 21, 0, tzinfo=UTC)  # 2026-01-20 06:00 KST
DOMAIN = "garam.example"


@dataclass
class Desk:
    """A publisher's collecting side on loopback, with a clock that moves when told."""

    ports: Ports
    clock: FixedClock
    site: Origin

    def source(self, name: str = "garam", path: str = "/feed.xml", **values: object) -> Source:
        settings = {
            "id": name,
            "kind": SourceKind.FEED,
            "location": self.site.url + path,
            "outlet": "garam",
            "first_poll": FirstPoll.TAKE,
            "loopback": True,
            **values,
        }
        source = Source(**settings)  # type: ignore[arg-type]
        self.ports.store.register_sources([source], self.clock.now())
        return source

    def poll(self, source: Source) -> Polled:
        """Poll as soon as the Source is due."""
        self.clock.at = max(self.clock.at, self.state(source).next_check_at)
        return ingest.fetch(self.ports, source, outlet_domain=DOMAIN)

    def state(self, source: Source) -> SourceState:
        return next(s for s in self.ports.store.source_states() if s.source_id == source.id)

    def eligible(self) -> dict[str, Article]:
        found = self.ports.store.eligible(
            Edition(id="daily", title="표본"),
            Cadence.DAILY,
            cut_off_at=self.clock.now() + timedelta(seconds=1),
            since=NOW - timedelta(days=2),
        )
        return {article.content.title: article for article in found}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = FixedClock(at=NOW)
    with origin() as site:
        ports = Ports(
            store=MemoryStore(),
            clock=clock,
            fetcher=HttpFetcher(
                user_agent="test/1",
                timeout=timedelta(seconds=5),
                max_bytes=1_000_000,
                per_host_delay=timedelta(0),
            ),
            mailer=MemoryMailer(),
            portal=MemoryPortal(),
            publisher=MemoryPublisher(),
            folders={"desk": DropFolder(tmp_path / "in")},
            journals=MemoryJournals(),
        )
        yield Desk(ports=ports, clock=clock, site=site)


def feed(*titles: str, text: str = "글.") -> bytes:
    items = "".join(
        f"<item><title>{t}</title><guid isPermaLink='false'>{t}</guid><description>{text}</description></item>"
        for t in titles
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


# --- feeds -----------------------------------------------------------------------------------


def test_new_items_become_articles_once_and_a_changed_one_a_revision(desk: Desk) -> None:
    source = desk.source(section="종합", region="가람시", rights=Rights.LICENSED, rights_holder="나루통신 (표본)")
    desk.site.says("/feed.xml", body=feed("하나", "둘"))
    assert (desk.poll(source).new, desk.poll(source).known) == (2, 2)
    desk.site.says("/feed.xml", body=feed("하나", "둘", text="고친 글."))
    third = desk.poll(source)
    assert (third.new, third.revised) == (0, 2)
    article = desk.eligible()["하나"]
    assert (article.revision, article.content.paragraphs) == (2, ("고친 글.",))
    assert (article.content.section, article.content.region) == ("종합", "가람시")
    assert (article.content.rights, article.content.rights_holder) == (Rights.LICENSED, "나루통신 (표본)")
    assert article.first_seen_at == NOW


def test_what_stands_there_at_the_first_poll_of_a_baseline_source_is_never_eligible(desk: Desk) -> None:
    source = desk.source(first_poll=FirstPoll.BASELINE)
    desk.site.says("/feed.xml", status=503)
    desk.poll(source)  # a failure is no first poll
    desk.site.says("/feed.xml", body=feed("옛것"))
    assert desk.poll(source).new == 1
    assert desk.eligible() == {}
    desk.site.says("/feed.xml", body=feed("옛것", "새것"))
    assert desk.poll(source).new == 1
    assert list(desk.eligible()) == ["새것"]


def test_an_unchanged_feed_is_not_sent_again(desk: Desk) -> None:
    source = desk.source()
    desk.site.says("/feed.xml", body=feed("하나"), headers={"ETag": '"1"'})
    desk.poll(source)
    desk.site.says("/feed.xml", status=304)
    assert desk.poll(source).result is Polling.UNCHANGED
    assert desk.site.asked[-1][1]["if-none-match"] == '"1"'
    assert desk.state(source).etag == '"1"'
    assert desk.state(source).last_ok_at == desk.clock.now()


def test_one_bad_source_never_stops_the_next(desk: Desk) -> None:
    answers = {
        "down": {"status": 500},
        "gone": {"status": 404},
        "page-of-nothing": {"body": b""},
        "too-large": {"body": b"x" * 1_000_001},
        "too-deep": {"body": b"<html>" + b"<div>" * 190_000},
        "bomb": {"body": b"<rss>" + b"<a>" * 300_000},
        "sound": {"body": feed("하나")},
    }
    sources = []
    for name, answer in answers.items():
        desk.site.says(f"/{name}", **answer)  # type: ignore[arg-type]
        sources.append(desk.source(name, f"/{name}", kind=SourceKind.PAGE))
    results = {s.id: ingest.fetch(desk.ports, s, outlet_domain=DOMAIN) for s in sources}
    assert results.pop("sound").new == 1
    for name in ("down", "gone", "page-of-nothing", "too-large", "too-deep"):
        assert results[name].result is Polling.FAILED, name
        assert results[name].error, name
    assert all(len(result.row()) == len(Polled.COLUMNS) for result in results.values())
    assert ingest.due(desk.ports, sources) == []


def test_gone_for_good_is_never_asked_again(desk: Desk) -> None:
    source = desk.source()
    desk.site.says("/feed.xml", status=410)
    assert desk.poll(source).result is Polling.ENDED
    desk.clock.move(timedelta(days=30))
    assert ingest.due(desk.ports, [source]) == []
    assert ingest.fetch(desk.ports, source, outlet_domain=DOMAIN).result is Polling.NOT_DUE
    assert ingest.silent([source], [desk.state(source)], desk.clock.now()) == ["garam"]


# --- when ------------------------------------------------------------------------------------


def test_a_source_is_due_when_its_rhythm_says_so_and_only_one_looks(desk: Desk) -> None:
    source = desk.source(every=timedelta(minutes=30))
    desk.site.says("/feed.xml", body=feed("하나"))
    assert ingest.due(desk.ports, [source]) == ["garam"]
    assert ingest.due(desk.ports, []) == []
    assert desk.ports.store.take_source("garam", NOW, NOW + timedelta(minutes=1)) is not None
    assert ingest.fetch(desk.ports, source, outlet_domain=DOMAIN).result is Polling.NOT_DUE
    assert desk.site.asked == []
    desk.clock.move(timedelta(minutes=2))
    polled = ingest.fetch(desk.ports, source, outlet_domain=DOMAIN)
    assert polled.next_check_at is not None
    assert timedelta(minutes=30) <= polled.next_check_at - desk.clock.now() <= timedelta(minutes=33)
    assert ingest.due(desk.ports, [source]) == []


def test_failures_are_asked_again_later_and_later_but_before_the_morning(desk: Desk) -> None:
    source = desk.source(every=timedelta(minutes=30))
    desk.site.says("/feed.xml", status=503)
    waits = []
    for _ in range(12):
        polled = desk.poll(source)
        assert polled.next_check_at is not None
        waits.append(polled.next_check_at - desk.clock.now())
    assert waits == sorted(waits)
    assert waits[0] < timedelta(minutes=5)
    assert timedelta(minutes=30) < waits[-1] < timedelta(hours=1, minutes=5)
    assert desk.state(source).failures == 12
    desk.site.says("/feed.xml", body=feed("하나"))
    desk.poll(source)
    assert (desk.state(source).failures, desk.state(source).last_error) == (0, None)


def test_retry_after_is_honoured(desk: Desk) -> None:
    source = desk.source()
    desk.site.says("/feed.xml", status=429, headers={"Retry-After": "7200"})
    polled = desk.poll(source)
    assert polled.next_check_at is not None
    assert polled.next_check_at - desk.clock.now() >= timedelta(hours=2)


def test_a_source_without_anything_new_is_silent(desk: Desk) -> None:
    source = desk.source(silent_after=timedelta(hours=36), every=timedelta(hours=12))
    desk.site.says("/feed.xml", body=feed("하나"))
    desk.poll(source)
    assert ingest.silent([source], [desk.state(source)], desk.clock.now()) == []
    for _ in range(4):
        desk.poll(source)
    assert ingest.silent([source], [desk.state(source)], desk.clock.now()) == ["garam"]


# --- pages and their weather -----------------------------------------------------------------


@pytest.mark.parametrize("wanted", [True, False])
def test_the_weather_of_a_page_is_stored_where_the_source_may_serve_as_weather(
    desk: Desk, samples: Path, wanted: bool
) -> None:
    source = desk.source("page", "/page", kind=SourceKind.PAGE, weather=wanted)
    body = (samples / "pages" / "local-paper-2026-01-20.txt").read_bytes()
    desk.site.says("/page", body=body, headers={"Content-Type": "text/plain; charset=utf-8"})
    polled = desk.poll(source)
    assert (polled.new, polled.observations) == (1, 16)
    readings = desk.ports.store.weather_since(NOW)
    assert len(readings) == (1 if wanted else 0)
    if wanted:
        assert (str(readings[0].on), len(readings[0].observations)) == ("2026-01-20", 16)
    (article,) = desk.eligible().values()
    assert (article.content.published_at, article.content.published_on) == (None, None)
    assert desk.poll(source).known == 1


# --- the drop folder -------------------------------------------------------------------------


def test_a_dropped_file_becomes_an_article_and_the_same_name_again_a_revision(desk: Desk, tmp_path: Path) -> None:
    source = desk.source("desk", kind=SourceKind.FOLDER, location=str(tmp_path / "in"))
    folder = tmp_path / "in"
    folder.mkdir()
    for turn, text in enumerate(("처음 글.", "고친 글.")):
        (folder / "도서관.txt").write_text(f"도서관 문 열어\n\n{text}")
        assert desk.poll(source).new == 0  # seen once only
        polled = desk.poll(source)
        assert (polled.new, polled.revised) == ((1, 0) if turn == 0 else (0, 1))
    article = desk.eligible()["도서관 문 열어"]
    assert (article.revision, article.content.paragraphs) == (2, ("고친 글.",))
    assert sorted(f.name for f in (folder / "done").iterdir()) == ["도서관.2.txt", "도서관.txt"]


def test_a_file_that_cannot_be_read_is_set_aside_and_the_others_are_taken(desk: Desk, tmp_path: Path) -> None:
    source = desk.source("desk", kind=SourceKind.FOLDER, location=str(tmp_path / "in"))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.hwp").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "b.html").write_bytes(b"<html>" + b"<div>" * 200_000)
    (folder / "c.txt").write_text("제목\n\n글.")
    desk.poll(source)
    polled = desk.poll(source)
    assert (polled.result, polled.new) == (Polling.READ, 1)
    assert {a.what for a in polled.set_aside} >= {"a.hwp"}
    assert len(polled.set_aside) == 2
    assert {f.name for f in (folder / "set-aside").iterdir()} == {
        "a.hwp",
        "a.hwp.reason.txt",
        "b.html",
        "b.html.reason.txt",
    }


def test_a_death_between_storing_and_moving_repeats_nothing(desk: Desk, tmp_path: Path) -> None:
    source = desk.source("desk", kind=SourceKind.FOLDER, location=str(tmp_path / "in"))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("제목\n\n글.")
    desk.poll(source)
    desk.poll(source)
    (folder / "done" / "a.txt").rename(folder / "a.txt")  # as if the move had never happened
    looks = [desk.poll(source) for _ in range(2)]
    assert [sum(counts) for counts in zip(*((p.new, p.revised, p.known) for p in looks), strict=True)] == [0, 0, 1]
    assert not (folder / "a.txt").exists()


def test_a_folder_nobody_set_up_is_a_failure_that_says_so(desk: Desk) -> None:
    polled = desk.poll(desk.source("other", kind=SourceKind.FOLDER, location="/nowhere"))
    assert polled.result is Polling.FAILED
    assert "drop folder" in (polled.error or "")


# --- laws of the rhythm ----------------------------------------------------------------------


def test_spread_is_small_and_the_same_for_ever() -> None:
    source = Source(id="garam", kind=SourceKind.FEED, location="x", outlet="garam", every=timedelta(minutes=30))
    others = [replace(source, id=f"garam-{n}") for n in range(50)]
    assert ingest.spread(source) == ingest.spread(source)
    assert all(timedelta(0) <= ingest.spread(s) <= timedelta(minutes=3) for s in others)
    assert len({ingest.spread(s) for s in others}) > 40


@pytest.mark.parametrize("lasting", [True, False])
def test_waits_grow_and_have_an_end(lasting: bool) -> None:
    source = Source(id="garam", kind=SourceKind.FEED, location="x", outlet="garam", every=timedelta(minutes=5))
    waits = [ingest.retry_wait(source, n, lasting=lasting) for n in range(1, 200)]
    assert waits == sorted(waits)
    assert waits[-1] == (timedelta(hours=6) if lasting else timedelta(hours=1))
