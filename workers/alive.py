"""Signs of life: rows that say when a queue was last served and when a worker last finished anything.

Supervisors and `status` read them; nothing here judges them.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery.signals import task_postrun

from workers import tasks
from workers.app import app

_PAUSE = 10.0  # seconds between two rows of one process

log = structlog.get_logger()

_noted = float("-inf")


@app.task(name="alive")  # type: ignore[untyped-decorator]  # Celery ships no types
def alive(queue: str) -> None:
    """Note that somebody serves a queue."""
    _note(f"queue-{queue}")


@task_postrun.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _finished(task: Any = None, **_: object) -> None:
    """Whatever a worker finishes shows that it lives: one that is busy sending need not answer `alive` as well."""
    global _noted
    if time.monotonic() - _noted < _PAUSE:
        return
    try:
        _note(f"worker@{task.request.hostname}")
    except Exception as error:  # noqa: BLE001 - a database that is away must not spoil what was done
        log.warning("sign of life not noted", error=type(error).__name__)
    else:
        _noted = time.monotonic()


def _note(name: str) -> None:
    house = tasks.house()
    house.store.beat(name, house.ports.clock.now())
