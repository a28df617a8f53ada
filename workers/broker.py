"""What each broker needs: the URL that kombu knows, the queues, and settings that survive a connection gone quiet.

It decides nothing about the work. Messages only wake: every broker may lose, repeat and reorder them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from kombu.entity import Queue

from syndication.settings import Settings
from workers import embedded

QUEUES = ("control", "ingest", "send")
DELIVERIES = 50  # of one message, before RabbitMQ throws it away: its worker died each time


def configure(settings: Settings, *, longest: timedelta) -> dict[str, Any]:
    """Celery's settings for the installation's broker; `longest` is how long a task may take."""
    url = settings.broker.url
    if settings.broker.embedded or url is None:
        return _embedded(settings.storage.folder / "broker")
    # kombu knows Valkey under the name of the protocol it speaks
    spoken = re.sub(r"^valkey(s?)://", r"redis\1://", url)
    return _rabbitmq(spoken) if spoken.startswith("amqp") else _redis(spoken, longest)


def _embedded(folder: Path) -> dict[str, Any]:
    for name in ("queue", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": f"{embedded.SCHEME}://",
        "broker_transport_options": {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.1,
        },
        "task_queues": _queues(),
    }


def _redis(url: str, longest: timedelta) -> dict[str, Any]:
    """Time limits on every read, because a peer that is gone without a word never ends one; and what a dead worker
    had taken comes back seconds after its time instead of minutes."""
    return {
        "broker_url": url,
        "broker_transport_options": {
            "visibility_timeout": max(300, 2 * int(longest.total_seconds())),
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "unacked_restore_limit": 1000,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 5,
            "global_keyprefix": "syndication:",
        },
        "task_queues": _queues(),
    }


def _rabbitmq(url: str) -> dict[str, Any]:
    """Quorum queues (RabbitMQ 3.8 and later) and a beat of ten seconds. Both time limits are needed: without them a
    worker notices the lost connection and then waits for ever for its end to be confirmed."""
    return {
        "broker_url": url,
        "broker_heartbeat": 10,
        "broker_transport_options": {"confirm_publish": True, "read_timeout": 20, "write_timeout": 20},
        "task_queues": _queues({"x-queue-type": "quorum", "x-delivery-limit": DELIVERIES}),
    }


def _queues(arguments: dict[str, Any] | None = None) -> list[Queue]:
    # kombu's types are partial
    return [Queue(name, routing_key=name, queue_arguments=arguments) for name in QUEUES]  # type: ignore[no-untyped-call]
