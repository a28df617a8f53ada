"""The command `demo`: what this product promises, shown on this machine with sample readers.

It writes to nobody: mail goes to a mailbox of its own on loopback, in a folder that is thrown away.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from syndication import assemble, bootstrap, dispatch
from syndication.bootstrap import House
from syndication.cli.children import Child, Children
from syndication.cli.house import load, out, quiet_logs
from syndication.cli.looking import TERMS
from syndication.cli.staff import beat, workers
from syndication.core import links, timetable
from syndication.core.model import (
    ArticleContent,
    Balance,
    Channel,
    Choices,
    Consent,
    DeliveryState,
    Found,
    Issue,
    IssueState,
)
from syndication.sandbox import mailbox
from syndication.settings import FILE, Settings

PATIENCE = 300.0  # seconds
SLOWLY = 0.004  # seconds between taking a mail and saying so: the moment that nobody can close
STOP_WITHIN = timedelta(seconds=5)

PUBLISHER = """# A sample publisher (표본) for `syndication demo kill`; nothing leaves this machine.
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
url = "http://127.0.0.1:{web}/feed.xml"
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
[mail]
relay = "127.0.0.1"
port = {smtp}
[schedule]
tick = "1s"
lease = "10s"
[web]
port = {web}
[rehearsal]
allow = [{allow}]
"""
STORIES = (
    ("사회", "(표본) 가람시 나루다리 새 단장 마치고 다시 연다"),
    ("경제", "(표본) 가람 전통시장 새벽 배송 시작"),
    ("사회", "(표본) 가람천 산책로 가로등 모두 켰다"),
)


@click.group()
def demo() -> None:
    """Show what this product promises, on this machine, with sample readers.

    \b
    Example: syndication demo kill
    """


@demo.command()
@click.option("--readers", type=click.IntRange(50, 20_000), default=1000, show_default=True)
@click.option("--kills", type=click.IntRange(1, 20), default=3, show_default=True, help="How often all workers die.")
def kill(readers: int, kills: int) -> None:
    """Send to local readers, kill the workers midway (kill -9), and watch the balance close.

    \b
    Example: syndication demo kill --kills 5
    """
    quiet_logs()
    with (
        tempfile.TemporaryDirectory(prefix="syndication-demo-") as folder,
        _installation(Path(folder), readers) as show,
    ):
        try:
            ended = _run(show, kills)
        except KeyboardInterrupt:
            raise click.ClickException("stopped before the end") from None
    lost, twice, uncertain = ended
    out.print(f"\nlost {lost}, twice {twice}, uncertain {uncertain}", style="bold")
    if lost or twice or uncertain:
        raise SystemExit(1)


# --- the show --------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Show:
    """What the screen tells."""

    house: House
    issue: Issue
    sink: Path
    lines: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def say(self, words: str) -> None:
        self.lines.append(f"{time.monotonic() - self.began:6.1f} s  {words}")

    @property
    def balance(self) -> Balance:
        return self.house.store.balance(self.issue.id, Channel.EMAIL)

    def arrived(self) -> Counter[str]:
        """How often each address has got it, by the mailbox's own log."""
        return Counter(entry.recipient for entry in mailbox.accepted(self.sink))

    def has_come_to(self, mark: int) -> bool:
        return self.arrived().total() >= mark

    def screen(self) -> Group:
        arrived = self.arrived()
        balance = self.balance
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("the ledger")
        table.add_column("", justify="right")
        for term in TERMS:
            table.add_row(term, str(getattr(balance, term)))
        twice = sum(n > 1 for n in arrived.values())
        mail = f"the mailbox: {len(arrived):,} readers have it, {twice} twice"
        return Group(table, Text(mail, style="bold"), Text("\n".join(self.lines[-12:])))


def _run(show: Show, kills: int) -> tuple[int, int, int]:
    """Send, kill, send on, settle what is uncertain; lost, twice and uncertain at the end."""
    settings = show.house.settings
    chance = random.Random(20260120)  # noqa: S311 - the same show every time
    audience = show.balance.audience
    marks = [audience * n // (kills + 1) for n in range(1, kills + 1)]
    staff = _staff(settings)
    with Live(show.screen(), console=out, refresh_per_second=5, get_renderable=show.screen):
        staff.start()
        show.say("two workers begin to send")
        try:
            for mark in marks:
                _until(partial(show.has_come_to, mark))
                time.sleep(chance.uniform(0, 0.05))
                _kill(staff)
                show.say(f"kill -9 for both workers, after {show.arrived().total():,} mails")
                time.sleep(0.5)
                staff = _staff(settings)
                staff.start()
                show.say("two new workers read the journals of the dead, and go on")
            _until(lambda: show.balance.waiting == 0)
            show.say("nothing is waiting any more")
        finally:
            staff.stop(STOP_WITHIN)
        _settle_by_evidence(show)
        return _result(show)


def _settle_by_evidence(show: Show) -> None:
    """What is uncertain was handed over or not: the mailbox's log knows, as a relay's log would."""
    house, arrived = show.house, show.arrived()
    dispatch.reclaim(house.ports, house.setup)
    again = 0
    for doubt in house.store.uncertain():
        reader = house.store.subscription(doubt.delivery.subscription_id or 0)
        there = reader is not None and arrived[reader.address] > 0
        state = DeliveryState.ACCEPTED if there else DeliveryState.WAITING
        words = "it is in the mailbox's log" if there else "the mailbox has never seen it"
        show.say(f"Delivery {doubt.delivery.id} was uncertain: {words}")
        house.store.resolve(doubt.delivery.id, state, house.ports.clock.now(), words)
        again += not there
    if again:
        dispatch.drain(house.ports, house.setup, Channel.EMAIL, owner=house.owner)
        show.say(f"{again} sent once more, under the same Message-ID")


def _result(show: Show) -> tuple[int, int, int]:
    arrived = show.arrived()
    balance = show.balance
    return balance.audience - len(arrived), sum(n > 1 for n in arrived.values()), balance.uncertain


def _until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if true():
            return
        time.sleep(0.02)
    raise click.ClickException("it took too long on this machine: try with fewer --readers")


# --- the installation ------------------------------------------------------------------------


def _staff(settings: Settings) -> Children:
    return Children([*workers(settings, 2), beat()], settings.storage.folder / "log")


def _kill(staff: Children) -> None:
    """No goodbye: the whole group of each worker, at once."""
    staff.signal(signal.SIGKILL)


@contextmanager
def _installation(folder: Path, readers: int) -> Iterator[Show]:
    """A publisher with its readers, one Issue that may go out now, and a mailbox."""
    smtp, web = _free_port(), _free_port()
    allow = ", ".join(f'"{_address(n)}"' for n in range(readers))
    (folder / FILE).write_text(PUBLISHER.format(smtp=smtp, web=web, allow=allow), encoding="utf-8")
    os.environ[bootstrap.PUBLISHER] = str(folder / FILE)
    house = bootstrap.open_house(load(folder / FILE))
    sink = Children([_mailbox(smtp, folder / "mailbox")], folder / "log")
    sink.start()
    try:
        out.print(f"a sample publisher with {readers:,} readers, in {folder}", markup=False, soft_wrap=True)
        issue = _issue(house, readers)
        _wait_for(smtp)
        yield Show(house=house, issue=issue, sink=folder / "mailbox")
    finally:
        sink.stop(STOP_WITHIN)
        house.close()


def _mailbox(port: int, folder: Path) -> Child:
    words = ["--port", str(port), "--folder", str(folder), "--delay", str(SLOWLY)]
    return Child(name="mailbox", command=[sys.executable, "-m", "syndication.sandbox.mailbox", *words])


def _issue(house: House, readers: int) -> Issue:
    now = house.ports.clock.now()
    consent = Consent(at=now - timedelta(days=1), how="표본", text_version="표본")
    for n in range(readers):
        key = links.address_key(_address(n), house.setup.address_keys)
        house.store.subscribe(
            address=_address(n), key=key, edition_id="daily", choices=Choices(), consent=consent, language="ko"
        )
    found = [
        Found(identity=f"garam/{n}", content=ArticleContent(title=title, section=section, paragraphs=(f"{title}.",)))
        for n, (section, title) in enumerate(STORIES, start=1)
    ]
    source, edition = house.settings.sources[0], house.settings.editions[0]
    house.store.store_articles(source, found, now - timedelta(minutes=5), domain="garam.example", baseline=False)
    slot = timetable.slot(edition, timetable.local_date(edition, now))
    slot = replace(slot, cut_off_at=now, publish_at=now, expires_at=now + timedelta(hours=6))
    draft = assemble.compose(house.ports, house.setup, edition, slot)
    if draft.frozen.state is not IssueState.FROZEN:
        raise click.ClickException(f"the sample Issue could not be made: {draft.frozen.reason}")
    issue = house.store.freeze(draft.frozen, draft.blocks)
    dispatch.fan_out(house.ports, house.setup, issue)
    return issue


def _address(number: int) -> str:
    return f"reader-{number}@example.com"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    def there() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    _until(there)


COMMANDS = (demo,)
