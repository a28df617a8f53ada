"""The worker's side of the broker without what this installation has no use for: each is a connection that can hang.

Signs of life are rows in the database (`workers.alive`), and "later" is a column, not a message with a delay.
"""

from __future__ import annotations

from typing import Any

from celery.worker import consumer

_NOT_USED = "DelayedDelivery"  # 28 queues on RabbitMQ, declared by every worker that starts


class Consumer(consumer.Consumer):  # type: ignore[misc]  # Celery ships no types
    """Takes messages from the queues; no events, no gossip, no remote control, no delayed messages."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc]  # Celery ships no types
        default_steps = tuple(
            step for step in consumer.Consumer.Blueprint.default_steps if _NOT_USED not in str(step)
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(
            *args, **{**options, "without_gossip": True, "without_mingle": True, "without_heartbeat": True}
        )
