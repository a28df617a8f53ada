"""A whole installation in a folder of its own, on free ports, for tests that kill and restart real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from syndication import bootstrap
from syndication.bootstrap import House
from syndication.core import links
from syndication.core.model import Choices, Consent, Found, Issue, IssueState
from tests.factories import content
from tests.servers import die_with_parent, free_port

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

[storage]
folder = "data"
{database}

[broker]
{broker}

[mail]
relay = "127.0.0.1"
port = {smtp}
timeout = "2s"

[schedule]
tick = "1s"
lease = "{lease}"

[web]
port = {web}

[rehearsal]
allow = [{allow}]
"""


@dataclass(kw_only=True)
class Installation:
    folder: Path
    readers: int
    database_url: str | None = None
    broker_url: str | None = None
    lease: timedelta = timedelta(seconds=6)
    smtp: int = field(default_factory=free_port)
    web: int = field(default_factory=free_port)

    @property
    def environ(self) -> dict[str, str]:
        told = {bootstrap.PUBLISHER: str(self.folder / "publisher.toml")}
        if self.database_url:
            told["TEST_DATABASE_URL"] = self.database_url
        if self.broker_url:
            told["TEST_BROKER_URL"] = self.broker_url
        return {**os.environ, **told}

    def write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        allow = ", ".join(f'"reader-{n}@example.com"' for n in range(self.readers))
        text = PUBLISHER.format(
            web=self.web,
            nobody=free_port(),
            smtp=self.smtp,
            allow=allow,
            lease=f"{self.lease.total_seconds():.0f}s",
            database='database_from = "TEST_DATABASE_URL"' if self.database_url else "",
            broker='url_from = "TEST_BROKER_URL"' if self.broker_url else "",
        )
        (self.folder / "publisher.toml").write_text(text, encoding="utf-8")

    def open(self) -> House:
        return bootstrap.open_house(bootstrap.load(self.folder / "publisher.toml", self.environ))

    def fill(self, house: House) -> Issue:
        """Readers and one frozen Issue that may go out now."""
        now = house.ports.clock.now()
        consent = Consent(at=now - timedelta(days=1), how="sample", text_version="sample")
        for n in range(self.readers):
            address = f"reader-{n}@example.com"
            house.store.subscribe(
                address=address,
                key=links.address_key(address, house.setup.address_keys),
                edition_id="daily",
                choices=Choices(),
                consent=consent,
                language="ko",
            )
        return freeze(house, now)

    @contextmanager
    def sink(self, delay: float = 0.0) -> Iterator[Path]:
        """The SMTP server that counts: its own log says what was accepted."""
        folder = self.folder / "sink"
        command = [sys.executable, "-m", "syndication.sandbox.mailbox", "--folder", str(folder)]
        program = subprocess.Popen(
            [*command, "--port", str(self.smtp), "--delay", str(delay)],
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )
        assert program.stdout is not None
        assert program.stdout.readline().startswith(b"ready")
        try:
            yield folder
        finally:
            program.terminate()
            program.wait(10)

    def worker(self, *, beat: bool = True) -> subprocess.Popen[bytes]:
        """A real worker group of its own session: one kill reaches all of it."""
        command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "--loglevel", "INFO"]
        command += ["--concurrency", "2", "--without-gossip", "--without-mingle", "-Q", "control,ingest,send"]
        command += ["-n", f"w{os.urandom(3).hex()}@%h", *(["-B"] if beat else [])]
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self.environ,
                preexec_fn=die_with_parent,
            )


def freeze(house: House, now: datetime) -> Issue:
    from dataclasses import replace

    from syndication import assemble
    from syndication.core import timetable

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
