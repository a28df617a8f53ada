"""What each broker is told: one setting decides, and nothing that can wait for ever waits without a limit."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syndication import bootstrap
from syndication.settings import Settings
from tests.workers.installation import Installation
from workers import broker, consumer

LONGEST = timedelta(minutes=2)


def settings(folder: Path, url: str | None) -> Settings:
    made = Installation(folder=folder, readers=1, broker_url=url)
    made.write()
    return bootstrap.load(folder / "publisher.toml", made.environ)


def test_without_a_broker_messages_are_files_of_the_installation(tmp_path: Path):
    told = broker.configure(settings(tmp_path, None), longest=LONGEST)
    assert told["broker_url"] == "embedded://"
    folder = Path(told["broker_transport_options"]["data_folder_in"])
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("valkey://127.0.0.1:1/0", "redis://127.0.0.1:1/0"),
        ("valkeys://127.0.0.1:1/0", "rediss://127.0.0.1:1/0"),
        ("redis://127.0.0.1:1/0", "redis://127.0.0.1:1/0"),
        ("amqp://guest:guest@127.0.0.1:1//", "amqp://guest:guest@127.0.0.1:1//"),
    ],
)
def test_every_read_from_a_broker_elsewhere_ends(tmp_path: Path, written: str, spoken: str):
    told = broker.configure(settings(tmp_path, written), longest=LONGEST)
    options = told["broker_transport_options"]
    assert told["broker_url"] == spoken
    assert 0 < options.get("socket_timeout", options.get("read_timeout")) <= 20


def test_redis_gives_a_message_away_again_only_after_the_longest_task(tmp_path: Path):
    told = broker.configure(settings(tmp_path, "redis://127.0.0.1:1/0"), longest=timedelta(minutes=11))
    assert told["broker_transport_options"]["visibility_timeout"] > 11 * 60


def test_rabbitmq_keeps_messages_in_quorum_queues_and_confirms_them(tmp_path: Path):
    told = broker.configure(settings(tmp_path, "amqp://127.0.0.1:1//"), longest=LONGEST)
    assert {queue.queue_arguments["x-queue-type"] for queue in told["task_queues"]} == {"quorum"}
    assert told["broker_transport_options"]["confirm_publish"] is True
    assert told["broker_heartbeat"] == 10


def test_a_worker_declares_no_queues_for_delayed_messages():
    steps = [str(step) for step in consumer.Consumer.Blueprint.default_steps]
    assert not [step for step in steps if "DelayedDelivery" in step]
    assert [step for step in steps if "tasks:Tasks" in step]  # the rest is there
