"""The command line as an operator meets it: in this process, with a sample installation on free ports."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from syndication import bootstrap
from syndication.bootstrap import House
from syndication.cli import main
from syndication.cli.running import add_sample_readers
from syndication.sandbox import mailbox, portal
from syndication.sandbox.mailbox import Mailbox
from syndication.sandbox.origin import Origin
from syndication.sandbox.portal import Portal
from syndication.settings import Settings, starting
from tests.servers import neighbouring_ports


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> list[Any]:
        """Standard output as JSON, one value per line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def flat(self) -> str:
        """Everything said, as one line."""
        return " ".join(f"{self.out} {self.err}".split())


Command = Callable[..., Answer]


def call(*words: object) -> Answer:
    """Run `syndication` with these words. A stack trace fails the test, whatever the test asks for."""
    result = CliRunner().invoke(main, [str(word) for word in words], prog_name="syndication")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise AssertionError(f"{words} ended in a stack trace") from result.exception
    return Answer(code=result.exit_code, out=result.stdout, err=result.stderr)


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every command runs in an empty folder, and its log settings end with it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv(bootstrap.PUBLISHER, raising=False)
    monkeypatch.setenv("PATH", "")  # no browser: its pictures are tried elsewhere, and take long
    yield
    structlog.reset_defaults()


@pytest.fixture
def command() -> Command:
    return call


@dataclass
class Sample:
    """The sample installation in a folder of its own; its sandbox answers inside `sandbox()`."""

    folder: Path
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        starting.write_starter(self.folder, first_port=neighbouring_ports(4))
        self.settings = bootstrap.load(self.folder, os.environ)

    def __call__(self, *words: object) -> Answer:
        return call("--publisher", self.folder, *words)

    def show(self, clock: str) -> None:
        """Set the rehearsal's clock to a local time of the sample's day, or to a date and time."""
        words = clock if "T" in clock else f"2026-01-20T{clock}"
        bootstrap.set_clock(self.settings, datetime.fromisoformat(f"{words}+09:00"))

    @contextmanager
    def house(self) -> Iterator[House]:
        house = bootstrap.open_house(self.settings)
        try:
            yield house
        finally:
            house.close()

    def add_readers(self) -> None:
        with self.house() as house:
            add_sample_readers(house, self.folder / starting.SUBSCRIBERS_FILE)

    def collected(self) -> None:
        self.show("06:00")
        self.add_readers()
        assert self("ingest").code == 0

    def assembled(self) -> None:
        self.collected()
        self.show("06:00:30")
        assert self("assemble").code == 0

    def sent(self) -> None:
        self.assembled()
        self.show("06:01")
        assert self("send").code == 0

    @property
    def mails(self) -> list[mailbox.Message]:
        return list(mailbox.mails(self.settings.storage.folder / "mailbox"))

    @property
    def receipts(self) -> list[portal.Receipt]:
        return list(portal.receipts(self.settings.storage.folder / "portal"))

    @contextmanager
    def sandbox(self) -> Iterator[None]:
        sandbox = self.settings.sandbox
        assert sandbox is not None
        data = self.settings.storage.folder
        secrets = [s for known in self.settings.partner_secrets.values() for s in known]
        services = (
            Origin(sandbox.folder, sandbox.origin_port),
            Mailbox(data / "mailbox", sandbox.mailbox_port),
            Portal(
                data / "portal",
                secrets,
                sandbox.portal_port,
                now=portal.clock_of(bootstrap.clock_file(self.settings)),
            ),
        )
        try:
            for service in services:
                service.start()
            yield
        finally:
            for service in services:
                service.stop()


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    made = Sample(tmp_path / "sample")
    with made.sandbox():
        yield made
