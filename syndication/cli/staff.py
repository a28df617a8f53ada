"""The command `work`, and workers and beat as children: how they are started, and what is done when one hangs.

It knows no task and no queue by name: those are the workers' own.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import click
from sqlalchemy.exc import SQLAlchemyError

from syndication import bootstrap
from syndication.bootstrap import House
from syndication.cli.children import Child, Children
from syndication.cli.house import Context, load, quiet_logs
from syndication.ports import Transient
from syndication.settings import Settings

STOP_WITHIN = timedelta(seconds=85)  # systemd's 90 s and some room
_CELERY = (sys.executable, "-m", "celery", "-A", "workers.app")
_LOOK_EVERY = 0.5
_SIGNS_EVERY = 10.0
_LEAST_PATIENCE = timedelta(minutes=3)


@click.command()
@click.option("--workers", "number", type=click.IntRange(1, 64), default=2, show_default=True, help="How many workers.")
@click.option("--queues", help="Only these of the queues control, ingest, send (comma-separated); else all.")
@click.option(
    "--beat/--no-beat", "with_beat", default=True, help="Whether to ring the ticks as well; else others must."
)
@click.pass_obj
def work(context: Context, number: int, queues: str | None, with_beat: bool) -> None:
    """Run workers and beat until told to stop, and restart whoever ends or hangs. Once per host is enough.

    \b
    Example: syndication work
             syndication work --workers 4 --queues send --no-beat
    """
    quiet_logs()
    path = context.path()
    settings = load(path)
    os.environ[bootstrap.PUBLISHER] = str(path.resolve())
    stopping = threading.Event()
    for word in (signal.SIGINT, signal.SIGTERM):
        signal.signal(word, lambda *_: stopping.set())
    house = bootstrap.open_house(settings)
    children = Children([*workers(settings, number, queues), *([beat()] if with_beat else [])], logs=None)
    watch = Watch(house, children)
    children.start()
    try:
        while not stopping.wait(_LOOK_EVERY):
            watch.look()
    finally:
        children.stop(STOP_WITHIN)
        house.close()


def workers(settings: Settings, number: int, queues: str | None = None) -> list[Child]:
    return [_worker(settings, f"worker-{n}", queues) for n in range(1, number + 1)]


def beat() -> Child:
    """It lives as long as what it rings is answered."""
    return Child(name="beat", command=[*_CELERY, "beat", "--loglevel", "INFO", "--pidfile="], sign="queue-control")


def _worker(settings: Settings, name: str, queues: str | None) -> Child:
    """One worker without child processes of its own stops as soon as its task is done.

    RabbitMQ hears nothing from such a one while it works, and would let go of it."""
    speaks_amqp = (settings.broker.url or "").startswith("amqp")
    pool = ("--pool", "prefork", "--concurrency", "1") if speaks_amqp else ("--pool", "solo")
    chosen = ("-Q", queues) if queues else ()
    return Child(
        name=name,
        command=[*_CELERY, "worker", *pool, *chosen, "--loglevel", "INFO", "--hostname", f"{name}@%h"],
        sign=f"worker@{name}@{socket.gethostname()}",
    )


@dataclass(slots=True)
class Watch:
    """Keeps children alive by what the store says of them."""

    house: House
    children: Children
    next_at: float = 0.0

    def look(self) -> None:
        self.children.keep_alive()
        if time.monotonic() >= self.next_at:
            self.next_at = time.monotonic() + _SIGNS_EVERY
            self.children.look_for_signs(self._signs(), self.patience)

    @property
    def patience(self) -> timedelta:
        """A stretch of sending with its last attempt shows nothing while it lasts."""
        return max(_LEAST_PATIENCE, 2 * self.house.settings.lease)

    def _signs(self) -> Mapping[str, datetime] | None:
        try:
            return self.house.store.beats()
        except (Transient, SQLAlchemyError):
            return None  # while the database is away nobody can show anything


COMMANDS = (work,)
