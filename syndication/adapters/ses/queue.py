"""Takes event records out of an SQS queue, hands each on, and deletes it only when it has been taken in.

What a record says and what follows from it, callbacks tell. A record that cannot be used is set aside as a file.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from syndication.adapters.ses.account import Account
from syndication.core.amazon import queue_region
from syndication.core.model import Event
from syndication.core.provider_events import Unreadable, unwrapped
from syndication.ports import Permanent, Transient

log = structlog.get_logger()

Read = Callable[[str], Sequence[Event]]  # raises Unreadable for a record that will never be readable
Apply = Callable[[Sequence[Event]], object]

AT_ONCE = 10  # the most that SQS gives in one answer
LONGEST_POLL = timedelta(seconds=20)  # the most that SQS waits
HIDDEN = timedelta(minutes=2)  # how long a record that was given is nobody else's
RECEIVES_MAX = 10  # a record that failed so often is set aside


class EventQueue:
    """A queue that event records come by, in SNS envelopes or bare. Clients are made after any fork."""

    def __init__(self, account: Account, url: str, *, aside: Path, topic: str | None = None) -> None:
        """`aside` is a folder for what cannot be used; `topic` the only one whose envelopes are opened.

        Raises Permanent for an address that is no queue of SQS, or of the stand-in."""
        region = queue_region(url)
        if region is None and not (account.endpoint and url.startswith(f"{account.endpoint}/")):
            raise Permanent("the event queue's address is not that of a queue of SQS")
        self._account = replace(account, region=region or account.region)
        self._url = url
        self._aside = aside
        self._topic = topic
        self._client: tuple[int, Any] | None = None

    def receive(self, *, wait: timedelta) -> list[Mapping[str, Any]]:
        """Up to ten messages, waiting up to 20 s for the first. Raises Transient."""
        seconds = int(min(wait, LONGEST_POLL).total_seconds())
        answer = self._asked(
            "receive_message",
            MaxNumberOfMessages=AT_ONCE,
            WaitTimeSeconds=max(0, seconds),
            VisibilityTimeout=int(HIDDEN.total_seconds()),
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        messages = answer.get("Messages")
        return [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []

    def delete(self, messages: list[Mapping[str, Any]]) -> None:
        """Forget messages for good. Raises Transient; what is left comes again."""
        entries = [{"Id": str(n), "ReceiptHandle": m.get("ReceiptHandle", "")} for n, m in enumerate(messages)]
        if entries:
            failed = self._asked("delete_message_batch", Entries=entries).get("Failed")
            if failed:
                log.warning("event records not deleted", count=len(failed))

    def text(self, message: Mapping[str, Any]) -> str:
        """The record in a message. Raises Unreadable."""
        topic, text = unwrapped(str(message.get("Body", "")))
        if topic is not None and self._topic is not None and topic != self._topic:
            raise Unreadable("an envelope of another topic")
        return text

    def set_aside(self, message: Mapping[str, Any], reason: str) -> None:
        """Keep what cannot be used as a file that nobody else may read: it may hold addresses."""
        name = _name(message)
        self._aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, draft = tempfile.mkstemp(dir=self._aside, prefix=".draft-")  # made with mode 0600
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump({"reason": reason, "body": str(message.get("Body", ""))}, file, ensure_ascii=False)
        Path(draft).replace(self._aside / f"{name}.json")
        log.warning("event record set aside", message=name, reason=reason)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and client[0] == os.getpid():
            client[1].close()

    def _asked(self, call: str, **request: Any) -> Mapping[str, Any]:
        if self._client is None or self._client[0] != os.getpid():
            slow = LONGEST_POLL + self._account.answer_time
            self._client = (os.getpid(), self._account.client("sqs", answer_time=slow))
        try:
            answer: Mapping[str, Any] = getattr(self._client[1], call)(QueueUrl=self._url, **request)
        except (ClientError, BotoCoreError, ValueError, AttributeError) as error:
            code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
            raise Transient(f"the event queue does not answer ({type(error).__name__} {code})") from None
        return answer


def drain_events(
    queue: EventQueue, read: Read, apply: Apply, *, budget: timedelta, wait: timedelta = LONGEST_POLL
) -> Mapping[str, int]:
    """Take in what the queue holds until it is empty or the budget is spent; returns counts by what became of it.

    Records for which `read` raises Unreadable are set aside at once, others after they have failed ten times. Transient
    ends the stretch: what was not taken in comes again. Raises Transient where the queue does not answer."""
    counts: Counter[str] = Counter()
    ends = time.monotonic() + budget.total_seconds()
    while (left := ends - time.monotonic()) > 0:
        messages = queue.receive(wait=min(wait, timedelta(seconds=left)))
        if not messages:
            break
        batch = _Batch(queue, messages)
        batch.read(read)
        batch.apply(apply)
        counts.update(batch.fates.values())
        queue.delete([messages[n] for n, fate in batch.fates.items() if fate in ("applied", "set aside")])
        if "put off" in batch.fates.values():
            break
    if counts:
        log.info("event records taken in", **{name.replace(" ", "_"): n for name, n in counts.items()})
    return counts


class _Batch:
    """Messages received together, and by their position what becomes of each.

    applied, set aside, failed (it comes again), or put off (it comes again, and so does all that was not looked at)"""

    def __init__(self, queue: EventQueue, messages: Sequence[Mapping[str, Any]]) -> None:
        self._queue = queue
        self._messages = messages
        self._events: dict[int, Sequence[Event]] = {}
        self.fates: dict[int, str] = {}

    def read(self, read: Read) -> None:
        for n, message in enumerate(self._messages):
            try:
                self._events[n] = read(self._queue.text(message))
            except Unreadable as error:
                self._queue.set_aside(message, str(error))
                self.fates[n] = "set aside"
            except Transient:
                self.fates[n] = "put off"
                return
            except Exception as error:  # noqa: BLE001 - logged there; the others are still taken in
                self.fates[n] = self._failed(n, error)

    def apply(self, apply: Apply) -> None:
        """Apply everything in one go; where that fails for no passing reason, one message after the other."""
        try:
            apply([event for events in self._events.values() for event in events])
            self.fates |= dict.fromkeys(self._events, "applied")
        except Transient:
            self.fates |= dict.fromkeys(self._events, "put off")
        except Exception as error:  # noqa: BLE001 - as above
            if len(self._events) == 1:
                self.fates |= {n: self._failed(n, error) for n in self._events}
                return
            whole, self._events = self._events, {}
            for n, events in whole.items():
                self._events = {n: events}
                self.apply(apply)

    def _failed(self, n: int, error: Exception) -> str:
        """One that broke something of ours: it comes again, but not for ever."""
        message = self._messages[n]
        log.error("event record not taken in", message=_name(message), error=type(error).__name__)
        attributes = message.get("Attributes")
        count = str(attributes.get("ApproximateReceiveCount", "")) if isinstance(attributes, dict) else ""
        if not (count.isdigit() and int(count) >= RECEIVES_MAX):
            return "failed"
        self._queue.set_aside(message, f"failed {count} times: {type(error).__name__}")
        return "set aside"


def _name(message: Mapping[str, Any]) -> str:
    """A message's id, as it may be logged and name a file."""
    return re.sub("[^A-Za-z0-9-]", "", str(message.get("MessageId", "")))[:100] or "nameless"
