"""The worker's side of the broker without what this installation has no use for, and without a way to stand still.

Signs of life are rows in the database (`workers.alive`), and "later" is a column, not a message with a delay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from celery import bootsteps
from celery.worker import consumer

_NOT_USED = "DelayedDelivery"  # 28 queues on RabbitMQ, declared by every worker that starts


class Consumer(consumer.Consumer):  # type: ignore[misc]  # Celery ships no types
    """Takes messages from the queues; no events, no gossip, no delayed messages: each is a connection that can hang."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc]  # Celery ships no types
        default_steps = tuple(step for step in consumer.Consumer.Blueprint.default_steps if _NOT_USED not in str(step))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(
            *args, **{**options, "without_gossip": True, "without_mingle": True, "without_heartbeat": True}
        )

    def call_soon_ack(self, settle: Callable[..., None], *args: Any, **options: Any) -> Any:
        """Acknowledge or reject a message; a connection that is lost over it is made anew.

        Celery only logs it. On Redis such a message then counts as being worked on for as long as the worker lives,
        and with `worker_prefetch_multiplier` of them it takes no other: it waits for ever for one to end."""
        message = settle.__self__  # type: ignore[attr-defined]  # a bound method of kombu's Message
        plain = message.ack if settle.__name__ == "ack_log_error" else message.reject
        return super().call_soon_ack(partial(self._settle, message, settle, plain), *args, **options)

    def _settle(self, message: Any, settle: Callable[..., None], plain: Callable[..., None], *args: Any) -> None:
        log, errors, *rest = args
        is_current = self.task_consumer is not None and message.channel is self.task_consumer.channel
        if is_current and self.blueprint.state == bootsteps.RUN:
            plain(*rest)
        else:  # a connection that has been replaced since has nothing to tell
            settle(log, errors, *rest)
