"""The Celery application: broker, queues and the beat table. Messages carry ids, the outbox is the truth.

It holds no domain logic; each task in `workers.tasks` is one line of work.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_ready
from kombu.entity import Queue

from syndication import bootstrap, dispatch
from syndication.settings import Settings
from workers.broker import EMBEDDED

QUEUES = ("control", "ingest", "send", "push")


def settings_here() -> Settings:
    """The settings of the installation that the environment names."""
    path = bootstrap.find_publisher(os.environ)
    if path is None:
        raise SystemExit(f"no publisher.toml here: set {bootstrap.PUBLISHER} or run `syndication init`")
    return bootstrap.load(path, os.environ)


def configure(settings: Settings) -> dict[str, Any]:
    """Celery's configuration for an installation: the same code for every broker, one setting."""
    tick = settings.tick.total_seconds()
    longest = longest_task(settings)
    return {
        "broker_url": _spoken(settings.broker.url) or f"{EMBEDDED}://",
        "broker_transport_options": _transport(settings),
        "broker_connection_retry_on_startup": True,
        "broker_channel_error_retry": True,
        "broker_connection_max_retries": None,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": True,
        "task_soft_time_limit": longest,
        "task_time_limit": longest + 60,
        "task_queues": [Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]  # kombu's types are partial
        "task_default_queue": "control",
        "task_routes": {
            "poll": {"queue": "ingest"},
            "weather": {"queue": "ingest"},
            "drain": {"queue": "send"},
        },
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 500,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_soft_shutdown_timeout": 5,
        "worker_cancel_long_running_tasks_on_connection_loss": _speaks(settings, "amqp"),
        "enable_utc": True,
        "timezone": "UTC",
        "beat_schedule": {
            name: {"task": name, "schedule": tick, "options": {"expires": max(tick, 30.0)}}
            for name in ("poll_due", "weather", "publish_due", "reclaim", "ring")
        },
        "beat_scheduler": "celery.beat:Scheduler",  # every firing may come twice or not at all: nothing to remember
        "beat_max_loop_interval": min(5.0, tick),
    }


def longest_task(settings: Settings) -> float:
    """Seconds after which a task is broken off: a stretch of sending with its last attempt is over well before."""
    stretch = dispatch.BUDGET + dispatch.attempt(settings.lease)
    return max(timedelta(minutes=1), stretch + timedelta(seconds=15)).total_seconds()


def _transport(settings: Settings) -> dict[str, Any]:
    if settings.broker.embedded:
        folder = settings.storage.folder / "broker"
        for name in ("queue", "control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return {
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.1,
        }
    if _speaks(settings, "redis"):
        return {
            "visibility_timeout": max(300, 2 * int(longest_task(settings))),
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "unacked_restore_limit": 1000,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 5,
            "global_keyprefix": "syndication:",
        }
    return {"confirm_publish": True, "read_timeout": 20, "write_timeout": 20}


def _spoken(url: str | None) -> str | None:
    """kombu knows Valkey under the name of the protocol it speaks."""
    return re.sub(r"^valkey(s?)://", r"redis\1://", url) if url else None


def _speaks(settings: Settings, scheme: str) -> bool:
    return (_spoken(settings.broker.url) or "").startswith(scheme)


settings = settings_here()
app = Celery("syndication", include=["workers.tasks"])
app.conf.update(configure(settings))


@worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _after_fork(**_: object) -> None:
    from workers import tasks

    tasks.reopen()


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _ring_at_once(**_: object) -> None:
    """What was left behind is looked for at once, not with the next tick."""
    for name in ("reclaim", "poll_due", "publish_due", "ring"):
        app.send_task(name)
