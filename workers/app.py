"""The Celery application: broker, queues and the beat table. Messages carry ids, the outbox is the truth.

It holds no domain logic; each task in `workers.tasks` is one line of work.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import Any

import structlog
from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_ready

from syndication import bootstrap, dispatch, mailing
from syndication.settings import Settings
from workers import broker
from workers.broker import QUEUES

# A message older than this wakes nobody: after a night without workers not every tick is made up for. Clocks of two
# machines may be wrong by an hour and work still goes on.
EXPIRES = timedelta(hours=2)
SELDOM = 6 * 3600.0  # seconds
SIGN_OF_LIFE = timedelta(seconds=30)  # between two messages to each queue
POOLS = ("celery.concurrency.prefork", "celery.concurrency.solo")


def settings_here() -> Settings:
    """The settings of the installation that the environment names."""
    path = bootstrap.find_publisher(os.environ)
    if path is None:
        raise SystemExit(f"no publisher.toml here: set {bootstrap.PUBLISHER} or run `syndication init`")
    return bootstrap.load(path, os.environ)


def configure(settings: Settings) -> dict[str, Any]:
    """Celery's configuration for an installation: the same for every broker, but for what `workers.broker` says."""
    tick = settings.tick.total_seconds()
    longest = longest_task(settings)
    return {
        **broker.configure(settings, longest=longest),
        "broker_connection_retry_on_startup": True,
        "broker_channel_error_retry": True,
        "broker_connection_max_retries": None,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": True,
        "task_soft_time_limit": longest.total_seconds(),
        "task_time_limit": longest.total_seconds() + 60,
        "task_default_queue": "control",
        "task_routes": {
            "poll": {"queue": "ingest"},
            "weather": {"queue": "ingest"},
            "feeds": {"queue": "ingest"},
            "forget_items": {"queue": "ingest"},
            "returns": {"queue": "ingest"},
            "tell": {"queue": "ingest"},
            "pictures": {"queue": "ingest"},
            "provider_events": {"queue": "ingest"},
            "drain": {"queue": "send"},
        },
        "worker_consumer": "workers.consumer:Consumer",
        "worker_enable_remote_control": False,
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 500,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_soft_shutdown_timeout": 5,
        # a broker that gives the message away again does no harm; ending what runs leaves a mail uncertain
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "enable_utc": True,
        "timezone": "UTC",
        "beat_schedule": _beats(tick, settings),
        "beat_scheduler": "celery.beat:Scheduler",  # every firing may come twice or not at all: nothing to remember
        "beat_max_loop_interval": min(5.0, tick),
    }


def _beats(tick: float, settings: Settings) -> dict[str, dict[str, Any]]:
    expires = EXPIRES.total_seconds()
    ticks = {
        name: {"task": name, "schedule": tick, "options": {"expires": expires}}
        for name in ("poll_due", "weather", "pictures", "publish_due", "feeds", "reclaim", "ring")
    }
    signs = {
        f"alive-{queue}": {
            "task": "alive",
            "args": (queue,),
            "schedule": SIGN_OF_LIFE.total_seconds(),
            "options": {"queue": queue, "expires": expires},
        }
        for queue in QUEUES
    }
    # every few hours, since whoever counts the hours of a day forgets them when it is restarted
    seldom = {"forget_items": {"task": "forget_items", "schedule": SELDOM, "options": {"expires": expires}}}
    return ticks | signs | seldom | _news(tick, expires, settings)


def _news(tick: float, expires: float, settings: Settings) -> dict[str, dict[str, Any]]:
    """The ticks of what comes back and of who is told, where there is any."""
    wanted = {
        "returns": settings.mail.returns is not None and settings.mail.returns.imap is not None,
        "provider_events": bootstrap.event_queue(settings) is not None,
        "tell": settings.hub is not None or settings.indexnow is not None,
    }
    return {
        name: {"task": name, "schedule": max(tick, 20.0), "options": {"expires": expires}}
        for name, there in wanted.items()
        if there
    }


def longest_task(settings: Settings) -> timedelta:
    """After this time a task is broken off: a stretch of sending with its last attempt is over well before."""
    stretch = dispatch.BUDGET + mailing.attempt(settings.lease)
    return max(timedelta(minutes=1), stretch + timedelta(seconds=15))


structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))  # not a line for every mail
settings = settings_here()
app = Celery("syndication", include=["workers.tasks", "workers.alive"])
app.conf.update(configure(settings))


@worker_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _one_task_at_a_time(sender: Any, **_: object) -> None:
    """A process has one journal and takes back its own leases: threads beside each other would take each other's."""
    if sender.pool_cls.__module__ not in POOLS:
        raise SystemExit("workers run one task per process: start them with --pool prefork, or solo")


@worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _after_fork(**_: object) -> None:
    from workers import tasks

    tasks.reopen()


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _ring_at_once(**_: object) -> None:
    """What was left behind is looked for at once, not with the next tick."""
    for name in ("reclaim", "poll_due", "publish_due", "ring"):
        app.send_task(name)
    for queue in QUEUES:
        app.send_task("alive", args=(queue,), queue=queue)
