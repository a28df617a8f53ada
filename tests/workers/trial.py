"""A trial: a real installation at work while something goes wrong, and the account of it from the sink's own log.

What goes wrong stands in `tests.workers.cases`; this knows how to begin, to break, to wait for the end, and to count.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import text

from syndication.bootstrap import House
from syndication.core import links
from syndication.core.model import Balance, Channel, Issue
from syndication.sandbox.ses import Rule
from tests import servers
from tests.conftest import fresh_database
from tests.proxy import Proxy, proxy
from tests.sink import Entry, Fault, Sink
from tests.workers.amazon import Post
from tests.workers.installation import Installation, address, kill_group, let_time_pass, wait_until
from workers.broker import QUEUES

DEAD = "5.1.1"
PACE = 0.1  # seconds that a Delivery may take at the longest, where everything is slow
_IN_FLIGHT = "SELECT count(*) FROM delivery WHERE state IN ('claimed', 'sending')"
_STATES = """
SELECT r.address, d.state FROM delivery d
JOIN subscription s ON s.id = d.subscription_id JOIN subscriber r ON r.id = s.subscriber_id
WHERE d.issue_id = :issue AND d.channel = 'email'
"""


class Kind(StrEnum):
    """What an installation stands on."""

    EMBEDDED = "sqlite+embedded"
    VALKEY = "postgresql+valkey"
    RABBITMQ = "postgresql+rabbitmq"


@dataclass(kw_only=True)
class Ground:
    """The servers below an installation; each may be stopped, killed and started again."""

    kind: Kind
    postgres: servers.Postgres | None = None
    broker: servers.Valkey | servers.RabbitMQ | None = None

    @contextmanager
    def installation(self, folder: Path, **options: Any) -> Iterator[tuple[Installation, Proxy | None]]:
        """An installation with a fresh database, and the proxy that stands before its broker."""
        with ExitStack() as stack:
            cable = None
            if self.broker is not None:
                self.broker.empty(*QUEUES)
                cable = stack.enter_context(proxy(self.broker.port))
                options["broker_url"] = self.broker.url.replace(str(self.broker.port), str(cable.port))
            if self.postgres is not None:
                options["database_url"] = fresh_database(self.postgres.url)
            yield Installation(folder=folder, **options), cable


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that goes wrong."""

    name: str
    breaks: Callable[[Trial], None] = lambda trial: None
    faults: tuple[Fault, ...] = ()
    kinds: tuple[Kind, ...] = tuple(Kind)
    delay: float = 0.01  # between the final dot and its answer
    connections: int = 1
    lease: timedelta = timedelta(seconds=6)
    workers: int = 1
    amazon: bool = False
    rules: tuple[Rule, ...] = ()  # what goes wrong at Amazon
    patience: float = 60


@dataclass(kw_only=True)
class Account:
    """What became of it, row by row, by the sink's log; the promises are the first five."""

    case: str
    kind: str
    deliveries: int
    seconds: float
    duplicates: int
    lost: int
    untrue: int  # the ledger says one thing and the sink another
    suppressed_wrongly: int
    uncertain: int
    bound: int  # the most that may be uncertain
    kills: int
    struck: int  # how often the sink broke something
    balance: Balance

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        nothing_wrong = not (self.duplicates or self.lost or self.untrue or self.suppressed_wrongly)
        return nothing_wrong and self.uncertain <= self.bound and self.balance.closes and not self.balance.waiting


@dataclass(kw_only=True)
class Trial:
    """An installation at work, in the hands of a Case."""

    case: Case
    ground: Ground
    installation: Installation
    cable: Proxy | None
    house: House
    issue: Issue
    sink: Sink | Post
    chance: random.Random
    kills: int = 0
    exposed: int = 0  # mails that may be uncertain, besides one per kill and connection
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def work(self, at: Installation | None = None, **options: Any) -> subprocess.Popen[bytes]:
        """Start a worker, here or at the same installation on another machine."""
        worker = (at or self.installation).worker(**options)
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        self.kills += 1
        self.workers.remove(worker)
        kill_group(worker)

    def stop(self, worker: subprocess.Popen[bytes]) -> None:
        os.killpg(worker.pid, signal.SIGSTOP)

    def go_on(self, worker: subprocess.Popen[bytes]) -> None:
        os.killpg(worker.pid, signal.SIGCONT)

    def flows(self, more: int = 5, patience: float = 30) -> None:
        """Wait until so many more mails were taken, and a moment of chance more."""
        before = self.sink.count()
        assert wait_until(lambda: self.sink.count() >= before + more, patience, every=0.02), self.told
        time.sleep(self.chance.uniform(0.0, 0.4))
        assert self.waiting, "all was sent before anything could be broken: nothing is proved"

    @property
    def balance(self) -> Balance:
        return self.house.store.balance(self.issue.id, Channel.EMAIL)

    @property
    def waiting(self) -> int:
        return self.balance.waiting

    @property
    def issue_now(self) -> Issue:
        found = self.house.store.issue(self.issue.id)
        assert found is not None
        return found

    def empty_broker(self) -> None:
        if self.ground.broker is not None:
            self.ground.broker.empty(*QUEUES)
        for message in (self.installation.folder / "data" / "broker" / "queue").glob("*"):
            message.unlink(missing_ok=True)

    @property
    def bound(self) -> int:
        """How many may be uncertain, besides those that the sink itself left open."""
        return self.kills * self.installation.processes * self.installation.connections + self.exposed

    @property
    def in_flight(self) -> int:
        """How many Deliveries are in somebody's hands now."""
        with self.house.store._engine.connect() as db:
            return int(db.execute(text(_IN_FLIGHT)).scalar_one())

    def finish(self) -> None:
        """Let the workers come to the end; what waits for a retry does not wait long."""
        if not self.workers:
            self.work()
        ends = time.monotonic() + self.case.patience + self.installation.readers * PACE
        while time.monotonic() < ends:
            if wait_until(self._over, 0.7, every=0.1):
                wait_until(lambda: self.balance.uncertain <= self.bound, 5)  # what journals know is settled in a tick
                return
            let_time_pass(self.house)
        raise AssertionError(f"{self.waiting} still wait: {self.told}")

    def _over(self) -> bool:
        now = self.balance
        return now.audience == self.installation.readers and not now.waiting

    @property
    def told(self) -> str:
        """The last words of the workers, where a trial does not come to its end."""
        log = self.installation.folder / "worker.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(line for line in lines if "Scheduler" not in line)[-3000:]


def run(case: Case, ground: Ground, folder: Path, readers: int, seed: int = 20260120) -> Account:
    """Put an installation through a Case; returns the account."""
    options = {"readers": readers, "lease": case.lease, "connections": case.connections, "amazon": case.amazon}
    with ExitStack() as stack:
        installation, cable = stack.enter_context(ground.installation(folder, **options))
        installation.write()
        house = installation.open()
        stack.callback(house.close)
        trial = Trial(
            case=case,
            ground=ground,
            installation=installation,
            cable=cable,
            house=house,
            issue=installation.fill(house),
            sink=stack.enter_context(installation.sink(case.delay, case.faults, case.rules)),
            chance=random.Random(seed),
        )
        stack.callback(_end, trial)
        began = time.monotonic()
        for _ in range(case.workers):
            trial.work()
        case.breaks(trial)
        trial.finish()
        return account(trial, time.monotonic() - began)


def _end(trial: Trial) -> None:
    for worker in trial.workers:
        kill_group(worker)


def account(trial: Trial, seconds: float) -> Account:
    """Count, from the sink's log and against the ledger."""
    entries = trial.sink.entries()
    taken = Counter(entry.recipient for entry in entries if entry.kind == "taken")
    refused = {e.recipient for e in entries if e.kind == "refused" and e.code.startswith("5")}
    dead = {e.recipient for e in entries if e.kind == "refused" and DEAD in e.code}
    states = _states(trial)
    readers = [address(n) for n in range(trial.installation.readers)]
    settled = [(r, states[r], r in taken) for r in readers if states[r] != "uncertain"]
    return Account(
        case=trial.case.name,
        kind=trial.ground.kind.value,
        deliveries=len(readers),
        seconds=seconds,
        duplicates=sum(n - 1 for n in taken.values()),
        lost=sum(1 for r, state, there in settled if not there and not (state == "failed" and r in refused)),
        untrue=sum(1 for _, state, there in settled if there is not (state == "accepted")),
        suppressed_wrongly=sum(1 for r in readers if r not in dead and _is_suppressed(trial.house, r)),
        uncertain=len(readers) - len(settled),
        bound=trial.bound + sum(1 for e in entries if _broken_after_the_dot(e)),
        kills=trial.kills,
        struck=sum(1 for e in entries if e.kind != "taken" or not e.told),
        balance=trial.balance,
    )


def _broken_after_the_dot(entry: Entry) -> bool:
    """From the sender's side: a body that fits into the system's buffers has left, dot and all, when it is cut."""
    return not entry.told or (entry.kind in ("cut", "stalled") and entry.code in ("body", "dot"))


def _states(trial: Trial) -> Mapping[str, str]:
    with trial.house.store._engine.connect() as db:
        return {row.address: row.state for row in db.execute(text(_STATES), {"issue": trial.issue.id})}


def _is_suppressed(house: House, reader: str) -> bool:
    return house.store.suppressed(links.address_key(reader, house.setup.address_keys))
