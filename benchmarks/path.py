"""Measures the whole way of a mail beside `smtp-source`: claim, splice, sign, pipeline, journal, settle.

Run it as `.venv/bin/python benchmarks/path.py`; two workers send to `smtp-sink` from PostgreSQL, `smtp-source` sends
mails of the same size over as many connections. The ratio of the medians of five alternating runs counts.
`--readers 100000` (and 1000000 with `--small`) instead shows that seconds per thousand and memory stay flat.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import which

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from sqlalchemy import text  # noqa: E402 - the checkout must be on the path first

from syndication import assemble, bootstrap, dispatch  # noqa: E402
from syndication.bootstrap import House  # noqa: E402
from syndication.core import audience, timetable  # noqa: E402
from syndication.core.model import ArticleContent, Channel, Choices, Found, Issue  # noqa: E402
from syndication.press import Press  # noqa: E402
from tests import servers  # noqa: E402
from tests.render import mails  # noqa: E402

RUNS = 5
WORKERS = 2
MAILS = 4000  # of one measured run
STORIES = 44  # about 120 KB on the wire
SINK = which("smtp-sink") or "/usr/sbin/smtp-sink"
SOURCE = which("smtp-source") or "/usr/sbin/smtp-source"

PUBLISHER = """
mode = "rehearsal"
[outlet]
name = "가람일보 (표본)"
domain = "garam.example"
url = "https://morning.garam.example"
address = "(표본) 가람시 한빛로 1"
contact = "editor@garam.example"
sender = "가람 아침 <morning@garam.example>"
[[source]]
id = "garam"
kind = "feed"
url = "http://127.0.0.1:8999/feed.xml"
outlet = "garam"
loopback = true
[[edition]]
id = "daily"
title = "가람 아침"
hour = "06:30"
sections = ["사회", "경제", "문화", "생활"]
cap = {stories}
expires_after = "20h"
channels = ["email"]
[storage]
folder = "data"
database_from = "BENCH_DATABASE_URL"
[mail]
relay = "127.0.0.1"
port = {port}
{dkim}
[rehearsal]
allow = ["reader-1@example.com"]
"""
SUBSCRIBERS = """
INSERT INTO subscriber (address, key_id, digest, provider, created_at)
SELECT 'reader-' || n || '@example.com', :key, encode(sha256(n::text::bytea), 'hex'), 'example.com', :since
FROM generate_series(1, :readers) n
"""
SUPPRESSED = """
INSERT INTO suppression (key_id, digest, since, reason, event_id)
SELECT key_id, digest, :since, 'sample', 'sample' FROM subscriber WHERE id % 100 = 0
"""
SUBSCRIPTIONS = """
INSERT INTO subscription
  (subscriber_id, edition_id, state, cadence, choices, choices_hash, language, started_at)
SELECT id, 'daily', 'active', 'daily', :words, :hash, 'ko', :since FROM subscriber WHERE id % :all = :number
"""
SECTIONS = ("사회", "경제", "문화", "생활")
SENTENCE = "가람시가 올겨울 안전 점검을 한 달 동안 마치고 그 결과를 시민에게 알렸다고 밝혔다. "


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--worker", type=Path)
    asked.add_argument("--go", type=Path)
    asked.add_argument("--readers", type=int, default=0, help="show growth instead: so many readers, once")
    asked.add_argument("--small", action="store_true", help="with --readers: a body of about 4 KB")
    asked.add_argument("--unsigned", action="store_true")
    options = asked.parse_args()
    if options.worker:
        return work(options.worker, options.go)
    with tempfile.TemporaryDirectory() as folder, servers.postgres() as url:
        os.environ["BENCH_DATABASE_URL"] = url
        if options.readers:
            return growth(Path(folder), options.readers, small=options.small, signed=not options.unsigned)
        return compare(Path(folder))


# --- beside smtp-source ----------------------------------------------------------------------


def compare(folder: Path) -> int:
    results = {}
    for signed in (False, True):
        place = folder / ("signed" if signed else "unsigned")
        port = servers.free_port()
        house, issue = installation(place, port, stories=STORIES, signed=signed)
        add_readers(house, MAILS)
        fan_out(house, issue)
        size = len(example(house, issue))
        ours, theirs = [], []
        with sink(port):
            send(place, house, issue)  # warms up
            for _ in range(RUNS):
                ours.append(MAILS / send(place, house, issue).seconds)
                theirs.append(MAILS / source(port, size))
        results[signed] = (statistics.median(ours), statistics.median(theirs), size)
        house.close()
        reset(house)
    for signed, (ours_, theirs_, size) in results.items():
        kind = "signed" if signed else "unsigned"
        least = 0.6 if signed else 0.9
        print(
            f"{kind:9} {size:,} octets: {ours_:7,.0f}/s, smtp-source {theirs_:7,.0f}/s: {ours_ / theirs_:.2f} x", end=""
        )
        print(f"  (at least {least})")
    print(
        f"{WORKERS} workers and {WORKERS} connections each side, medians of {RUNS} alternating runs of {MAILS:,} mails"
    )
    return 0


def source(port: int, size: int) -> float:
    """Seconds that smtp-source takes for as many mails of the same size."""
    began = time.perf_counter()
    words = [SOURCE, "-s", str(WORKERS), "-l", str(size), "-m", str(MAILS), "-f", "a@garam.example"]
    subprocess.run([*words, "-t", "b@example.com", f"inet:127.0.0.1:{port}"], check=True)
    return time.perf_counter() - began


@contextmanager
def sink(port: int) -> Iterator[None]:
    words = [SINK, *(["-u", "nobody"] if os.getuid() == 0 else []), f"inet:127.0.0.1:{port}", "1000"]
    program = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield
    finally:
        program.kill()
        program.wait()


# --- growth ----------------------------------------------------------------------------------


def growth(folder: Path, readers: int, *, small: bool, signed: bool) -> int:
    port = servers.free_port()
    house, issue = installation(folder / "growth", port, stories=1 if small else STORIES, signed=signed)
    began = time.perf_counter()
    add_readers(house, readers)
    print(f"{readers:,} readers added in {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    longest = fan_out(house, issue)
    print(f"fanned out in {time.perf_counter() - began:.1f} s, longest transaction {longest:.2f} s")
    with sink(port):
        sent = send(folder / "growth", house, issue)
    balance = house.store.balance(issue.id, Channel.EMAIL)
    print(f"{balance.accepted:,} accepted of {balance.audience:,}, {len(example(house, issue)):,} octets each")
    print(f"{sent.seconds:.1f} s, {1000 * sent.seconds / readers:.3f} s per thousand, {readers / sent.seconds:,.0f}/s")
    print(f"largest worker: {sent.megabytes:.0f} MB resident at its end, {sent.early:.0f} MB after its first slices")
    house.close()
    return 0 if balance.accepted + balance.suppressed == readers else 1


# --- an installation -------------------------------------------------------------------------


def installation(folder: Path, port: int, *, stories: int, signed: bool) -> tuple[House, Issue]:
    folder.mkdir(parents=True)
    os.environ["BENCH_DKIM"] = mails.pem().decode()
    dkim = 'dkim = [{ selector = "s2026", key_from = "BENCH_DKIM" }]' if signed else ""
    (folder / "publisher.toml").write_text(PUBLISHER.format(port=port, stories=stories, dkim=dkim))
    house = open_house(folder / "publisher.toml")
    now = house.ports.clock.now()
    found = [Found(identity=f"garam/{n}", content=story(n)) for n in range(stories)]
    store = house.store
    store.store_articles(
        house.settings.sources[0], found, now - timedelta(minutes=5), domain="garam.example", baseline=False
    )
    edition = house.settings.editions[0]
    slot = timetable.slot(edition, timetable.local_date(edition, now))
    slot = replace(slot, cut_off_at=now, publish_at=now, expires_at=now + timedelta(hours=6))
    draft = assemble.compose(house.ports, house.setup, edition, slot)
    return house, store.freeze(draft.frozen, draft.blocks)


def open_house(publisher: Path) -> House:
    """The installation as if it were live: only the sink is written to."""
    house = bootstrap.open_house(bootstrap.load(publisher, os.environ))
    return replace(house, setup=replace(house.setup, allowed=None))


def story(number: int) -> ArticleContent:
    """A composed story (표본)."""
    words = " ".join(f"{chr(0xAC00 + (number * 997 + k * 131) % 11172)}{chr(0xAC00 + k * 57)}" for k in range(6))
    return ArticleContent(
        title=f"{words} 표본 기사 {number}",
        paragraphs=tuple(f"{number}-{k} {SENTENCE * 3}" for k in range(8)),
        section=SECTIONS[number % len(SECTIONS)],
        url=f"https://www.garam.example/news/{number}",
    )


def add_readers(house: House, readers: int) -> None:
    """Readers of 24 different choices, in one statement; their digests are samples too."""
    from itertools import permutations

    from syndication.adapters.sql.codec import CHOICES, dump

    chosen = [Choices(sections=order) for order in permutations(SECTIONS)]
    now = house.ports.clock.now() - timedelta(days=1)
    since = int(now.timestamp() * 1_000_000)
    with house.store._engine.begin() as db:
        key = house.setup.address_keys.current
        db.execute(text(SUBSCRIBERS), {"readers": readers, "key": key, "since": since})
        db.execute(text(SUPPRESSED), {"since": since})
        for number, choices in enumerate(chosen):
            told = {"words": dump(CHOICES, choices), "hash": audience.choices_hash(choices, "ko"), "since": since}
            db.execute(text(SUBSCRIPTIONS), {**told, "all": len(chosen), "number": number})
    with house.store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE"))  # as autovacuum does by the next morning


def fan_out(house: House, issue: Issue) -> float:
    """Fan the Issue out as workers do; the longest transaction in seconds."""
    longest = 0.0
    real = house.store.fan_out_email

    def timed(*args: object, **more: object) -> object:
        nonlocal longest
        began = time.perf_counter()
        done = real(*args, **more)  # type: ignore[arg-type]
        longest = max(longest, time.perf_counter() - began)
        return done

    house.store.fan_out_email = timed  # type: ignore[method-assign, assignment]
    dispatch.fan_out(house.ports, house.setup, issue)
    del house.store.fan_out_email  # type: ignore[attr-defined]
    with house.store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("ANALYZE"))
    return longest


def example(house: House, issue: Issue) -> bytes:
    (mail, *_) = house.store.waiting_mails(issue.id, 0, 1) or [(1, None)]
    delivery = house.store.delivery(mail[0])
    assert delivery
    reader = house.store.subscription(delivery.subscription_id or 0)
    assert reader
    return Press(ports=house.ports, setup=house.setup).mail(delivery, reader).message


def reset(house: House) -> None:
    with house.store._engine.begin() as db:
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))
    house.store.close()


# --- workers ---------------------------------------------------------------------------------


class Sent:
    def __init__(self, seconds: float, reports: list[dict[str, float]]) -> None:
        self.seconds = seconds
        self.megabytes = max(report["megabytes"] for report in reports)
        self.early = max(report["early"] for report in reports)


def send(folder: Path, house: House, issue: Issue) -> Sent:
    """Everything waiting, by worker processes that are ready before the clock starts."""
    with house.store._engine.begin() as db:
        db.execute(
            text("UPDATE delivery SET state = 'waiting', settled_at = NULL, next_at = 0 WHERE state = 'accepted'")
        )
    with house.store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("VACUUM ANALYZE delivery"))
    go = folder / "go"
    go.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--worker", str(folder / "publisher.toml"), "--go", str(go)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(WORKERS)]
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()  # it is ready
    began = time.perf_counter()
    go.touch()
    reports = [json.loads(worker.communicate()[0]) for worker in workers]
    seconds = max(report["ended"] for report in reports) - began
    return Sent(seconds, reports)


def work(publisher: Path, go: Path) -> int:
    quiet()
    house = open_house(publisher)
    press = Press(ports=house.ports, setup=house.setup)
    print("ready", flush=True)
    while not go.exists():
        time.sleep(0.001)
    early = 0.0
    while sent := dispatch.drain(
        house.ports, house.setup, Channel.EMAIL, owner=house.owner, budget=timedelta(seconds=5), press=press
    ):
        early = early or resident()
        if not sent.get("accepted"):
            break
    ended = time.perf_counter()  # one clock for all processes of this machine
    house.close()
    print(json.dumps({"ended": ended, "early": early, "megabytes": resident()}))
    return 0


def quiet() -> None:
    from syndication.cli.house import quiet_logs

    quiet_logs()


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
