"""A whole installation in a folder of its own, on free ports, for tests that break real workers and the world around.

What its workers do is counted elsewhere: by the sink's own log.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from syndication import assemble, bootstrap
from syndication.bootstrap import House
from syndication.core import links, timetable
from syndication.core.model import Choices, Consent, Found, Issue, IssueState
from syndication.sandbox.ses import Rule
from tests import sink as sinks
from tests.factories import content
from tests.servers import die_with_parent, free_port
from tests.sink import Fault, Sink
from tests.workers.amazon import QUEUE, Post, standing_in

PUBLISHER = """
mode = "rehearsal"

[outlet]
name = "가람일보 (표본)"
domain = "garam.example"
url = "http://127.0.0.1:{web}"
address = "(표본) 가람시 한빛로 1"
contact = "editor@garam.example"
sender = "가람 아침 <morning@garam.example>"

[[source]]
id = "garam"
kind = "feed"
url = "http://127.0.0.1:{nobody}/feed.xml"
outlet = "garam"
every = "12h"
loopback = true

[[edition]]
id = "daily"
title = "가람 아침"
hour = "06:30"
sections = ["사회", "경제"]
expires_after = "20h"
channels = ["email"]

[storage]
folder = "data"
{database}

[broker]
{broker}

[mail]
{mail}
timeout = "2s"

[schedule]
tick = "1s"
lease = "{lease}"

[web]
port = {web}

[rehearsal]
allow = [{allow}]
"""
RELAY = """
relay = "127.0.0.1"
port = {smtp}
connections = {connections}
"""
AMAZON = """
transport = "ses"
ses = {{ region = "ap-northeast-2", configuration_set = "digest", endpoint = "http://127.0.0.1:{smtp}", \
event_queue = "http://127.0.0.1:{smtp}{queue}", concurrency = {connections}, \
access_key_from = "TEST_ACCESS_KEY", secret_key_from = "TEST_SECRET_KEY" }}
"""
FALSE_CLOCK = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))  # of Debian's package faketime
OTHER_HOST = "import socket; socket.gethostname = lambda: {name!r}\n"


@dataclass(kw_only=True)
class Installation:
    folder: Path
    readers: int
    database_url: str | None = None
    broker_url: str | None = None
    lease: timedelta = timedelta(seconds=6)
    connections: int = 1  # of each worker process
    processes: int = 2  # of each worker
    amazon: bool = False
    smtp: int = field(default_factory=free_port)
    web: int = field(default_factory=free_port)

    @property
    def environ(self) -> dict[str, str]:
        told = {
            bootstrap.PUBLISHER: str(self.folder / "publisher.toml"),
            "TEST_ACCESS_KEY": "AKIAIOSFODNN7EXAMPLE",
            "TEST_SECRET_KEY": "sample",
        }
        if self.database_url:
            told["TEST_DATABASE_URL"] = self.database_url
        if self.broker_url:
            told["TEST_BROKER_URL"] = self.broker_url
        return {**os.environ, **told}

    @property
    def journals(self) -> Path:
        return self.folder / "data" / "journals"

    def write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        publisher = PUBLISHER.format(
            web=self.web,
            nobody=free_port(),
            mail=(AMAZON if self.amazon else RELAY).format(smtp=self.smtp, connections=self.connections, queue=QUEUE),
            allow=", ".join(f'"{address(n)}"' for n in range(self.readers)),
            lease=f"{self.lease.total_seconds():.0f}s",
            database='database_from = "TEST_DATABASE_URL"' if self.database_url else "",
            broker='url_from = "TEST_BROKER_URL"' if self.broker_url else "",
        )
        (self.folder / "publisher.toml").write_text(publisher, encoding="utf-8")

    def open(self) -> House:
        return bootstrap.open_house(bootstrap.load(self.folder / "publisher.toml", self.environ))

    def fill(self, house: House) -> Issue:
        """Readers and one frozen Issue that may go out now."""
        now = house.ports.clock.now()
        consent = Consent(at=now - timedelta(days=1), how="sample", text_version="sample")
        for n in range(self.readers):
            house.store.subscribe(
                address=address(n),
                key=links.address_key(address(n), house.setup.address_keys),
                edition_id="daily",
                choices=Choices(),
                consent=consent,
                language="ko",
            )
        return freeze(house, now)

    @contextmanager
    def sink(
        self, delay: float = 0.0, faults: Iterable[Fault] = (), rules: Iterable[Rule] = ()
    ) -> Iterator[Sink | Post]:
        """The server that counts: its own log says what was taken."""
        if self.amazon:
            with standing_in(self.folder / "sink", self.smtp, *rules) as post:
                yield post
            return
        with sinks.running(self.folder / "sink", port=self.smtp, delay=delay, faults=faults) as sink:
            yield sink

    def elsewhere(self, host: str) -> Installation:
        """The same installation on another machine: same database and broker, same keys, another storage folder."""
        other = replace(self, folder=self.folder / host)
        other.write()
        shutil.copytree(self.folder / "data" / "keys", other.folder / "data" / "keys")
        return other

    def worker(
        self, *, beat: bool = True, host: str | None = None, ahead: timedelta | None = None
    ) -> subprocess.Popen[bytes]:
        """A real worker group of its own session: one signal reaches all of it.

        `host` is the name of another machine that it takes itself to be on; `ahead` how wrong its clock is."""
        command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "--loglevel", "INFO"]
        command += ["--concurrency", str(self.processes), "-n", f"w{os.urandom(3).hex()}@%h", *(["-B"] if beat else [])]
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**self.environ, **self._elsewhere(host), **_later(ahead)},
                preexec_fn=die_with_parent,
            )

    def _elsewhere(self, host: str | None) -> dict[str, str]:
        if host is None:
            return {}
        folder = self.folder / host
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(OTHER_HOST.format(name=host))
        return {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))}

    def lose_journals(self, *, witness: bool = False) -> None:
        """Delete what was written down outside the database; with the witness nothing is sent until somebody looks."""
        for journal in self.journals.glob("*.journal"):
            journal.unlink()
        if witness:
            shutil.rmtree(self.journals)


def address(number: int) -> str:
    return f"reader-{number}@example.com"


def _later(ahead: timedelta | None) -> dict[str, str]:
    """libfaketime's variables; clocks that only count go on being right."""
    if ahead is None:
        return {}
    return {
        "LD_PRELOAD": str(FALSE_CLOCK[0]),
        "FAKETIME": f"+{ahead.total_seconds():.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def let_time_pass(house: House) -> None:
    """As if hours had gone by for what waits and for what rests: nobody wants to wait for a retry in a test."""
    with house.store._engine.begin() as db:
        db.execute(text("UPDATE delivery SET next_at = 0 WHERE state = 'waiting'"))
        db.execute(text("UPDATE way SET paused_until = 0"))


def freeze(house: House, now: datetime) -> Issue:
    source = house.settings.sources[0]
    found = [Found(identity=f"garam/{n}", content=content(n)) for n in range(1, 4)]
    house.store.store_articles(source, found, now - timedelta(minutes=5), domain="garam.example", baseline=False)
    edition = house.settings.editions[0]
    slot = timetable.slot(edition, timetable.local_date(edition, now))
    slot = replace(slot, cut_off_at=now, publish_at=now, expires_at=now + timedelta(hours=6))
    draft = assemble.compose(house.ports, house.setup, edition, slot)
    assert draft.frozen.state is IssueState.FROZEN
    return house.store.freeze(draft.frozen, draft.blocks)


def kill_group(program: subprocess.Popen[bytes]) -> None:
    os.killpg(program.pid, signal.SIGKILL)
    program.wait(20)


def wait_until(true: Callable[[], bool], patience: float, every: float = 0.2) -> bool:
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(every)
    return False
