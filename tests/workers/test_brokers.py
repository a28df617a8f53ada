"""A worker on each broker through what brokers and networks do: it is at work again soon, on every queue."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy import make_url

from syndication import bootstrap
from syndication.bootstrap import House
from tests import servers
from tests.proxy import Proxy, proxy
from tests.workers.installation import Installation, kill_group, wait_until
from workers import broker

pytestmark = pytest.mark.slow

HALF_OPEN = 90  # seconds until new work is done after a connection went dead without a word


@dataclass
class Serving:
    """A worker on a broker behind a proxy, and the bell that the tests ring: straight at the broker."""

    server: servers.RabbitMQ | servers.Valkey
    cable: Proxy
    house: House
    bell: Celery

    def served(self, since: datetime, patience: float) -> float | None:
        """Seconds until every queue was served after `since`, rung at like beat does, without remembering a failure."""
        began = time.monotonic()
        while time.monotonic() - began < patience:
            self.ring()
            if wait_until(lambda: self._all_newer(since), 1):
                return time.monotonic() - began
        return None

    def ring(self) -> None:
        for queue in broker.QUEUES:
            try:
                self.bell.send_task("alive", args=(queue,), queue=queue, retry=False)
            except OperationalError:
                pass  # a lost message costs one tick

    def _all_newer(self, since: datetime) -> bool:
        beats = self.house.store.beats()
        return all(beats.get(f"queue-{queue}", since) > since for queue in broker.QUEUES)

    @contextmanager
    def database_held(self) -> Iterator[None]:
        path = make_url(self.house.settings.storage.database_url).database
        assert path is not None
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    @property
    def now(self) -> datetime:
        return self.house.ports.clock.now()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("rabbitmq", marks=pytest.mark.xdist_group("rabbitmq")),
        pytest.param("valkey", marks=pytest.mark.xdist_group("valkey")),
    ],
)
def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = request.getfixturevalue("rabbitmq") if request.param == "rabbitmq" else servers.Valkey(durable=True)
    if request.param == "valkey":
        made.start()
    with proxy(made.port) as cable:
        installation = Installation(
            folder=tmp_path_factory.mktemp(request.param),
            readers=1,
            broker_url=made.url.replace(str(made.port), str(cable.port)),
        )
        installation.write()
        house = installation.open()
        bell = Celery("bell")
        settings = bootstrap.load(installation.folder / "publisher.toml", installation.environ)
        bell.conf.update(broker.configure(settings, longest=timedelta(minutes=2)) | {"broker_url": made.url})
        worker = installation.worker()
        try:
            yield Serving(made, cable, house, bell)
        finally:
            kill_group(worker)
            house.close()
            if request.param == "valkey":
                made.close()


def test_a_worker_serves_every_queue_and_says_that_it_lives(serving: Serving):
    began = serving.now
    assert serving.served(began, 40) is not None
    assert any(name.startswith("worker@") for name in serving.house.store.beats())


def test_after_a_connection_went_dead_without_a_word_new_work_is_done_within_ninety_seconds(serving: Serving):
    assert serving.served(serving.now, 40) is not None
    serving.cable.blackhole(new=False)
    took = serving.served(serving.now, HALF_OPEN)
    print(f"half-open: new work after {took} s")
    assert took is not None
    assert took > 2, "the connection was not dead: nothing was proved"


def test_after_a_broker_could_not_be_reached_for_a_while_work_goes_on(serving: Serving):
    assert serving.served(serving.now, 60) is not None
    serving.cable.down()
    time.sleep(3)
    serving.cable.pass_on()
    assert serving.served(serving.now, 30) is not None


def test_tasks_that_ended_while_the_broker_was_away_leave_room_for_new_ones(serving: Serving):
    assert serving.served(serving.now, 60) is not None
    with serving.database_held():  # every task waits for it: the worker's hands are full
        serving.ring()
        time.sleep(2)
        serving.cable.down()
    time.sleep(1)
    serving.cable.pass_on()
    assert serving.served(serving.now, 30) is not None


def test_a_broker_that_was_emptied_is_filled_again_by_the_next_ring(serving: Serving):
    assert serving.served(serving.now, 60) is not None
    serving.ring()
    serving.server.empty(*broker.QUEUES)
    assert serving.served(serving.now, 30) is not None


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_after_a_broker_was_started_again_work_goes_on(serving: Serving, how: str):
    assert serving.served(serving.now, 60) is not None
    getattr(serving.server, how)()
    serving.server.start()
    assert serving.served(serving.now, 60) is not None
