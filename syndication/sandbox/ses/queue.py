"""A queue in memory that gives what SQS gives: at least once, in no order, again when nobody deletes it.

It keeps nothing when its process ends.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_LONGEST_WAIT = 20.0


@dataclass(slots=True, kw_only=True)
class _Message:
    id: str
    body: str
    sent_at: datetime
    visible_at: float = 0.0  # monotonic
    receives: int = 0
    handle: str = ""


@dataclass(slots=True)
class Queue:
    """`chance` decides the order in which messages are given; None gives them as they came."""

    chance: random.Random | None = None
    _messages: list[_Message] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def __len__(self) -> int:
        """How many messages nobody has deleted."""
        with self._news:
            return len(self._messages)

    def put(self, body: str, at: datetime) -> None:
        with self._news:
            at_place = self.chance.randint(0, len(self._messages)) if self.chance else len(self._messages)
            self._messages.insert(at_place, _Message(id=str(uuid.uuid4()), body=body, sent_at=at))
            self._news.notify_all()

    def receive(self, most: int, *, wait: float, hide: float) -> list[dict[str, Any]]:
        """Up to `most` messages, hidden from others for `hide` seconds; waits as long as there is none."""
        until = time.monotonic() + min(wait, _LONGEST_WAIT)
        with self._news:
            while True:
                now = time.monotonic()
                found = [message for message in self._messages if message.visible_at <= now][:most]
                if found or now >= until:
                    return [self._given(message, now + hide) for message in found]
                self._news.wait(min(until - now, 0.2))

    def delete(self, handle: str) -> None:
        """One that is gone already is no error."""
        with self._news:
            self._messages = [message for message in self._messages if not handle or message.handle != handle]

    def _given(self, message: _Message, visible_at: float) -> dict[str, Any]:
        message.visible_at, message.receives, message.handle = visible_at, message.receives + 1, uuid.uuid4().hex
        return {
            "MessageId": message.id,
            "ReceiptHandle": message.handle,
            "MD5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
            "Body": message.body,
            "Attributes": {
                "ApproximateReceiveCount": str(message.receives),
                "SentTimestamp": str(int(message.sent_at.timestamp() * 1000)),
            },
        }
