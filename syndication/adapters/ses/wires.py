"""The client and the threads of one process, and one SendEmail over them, watched until its last octets leave.

It waits for nobody and judges nothing: when a request may go is asked of a gate, what came back is told by `answers`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from syndication.adapters.ses import answers
from syndication.adapters.ses.account import Account
from syndication.core import provider_events
from syndication.core.model import Outcome
from syndication.ports import Mail

Gate = Callable[[], Outcome | None]  # asked when the request is ready: None to let it go

IDLE = timedelta(seconds=20)  # connections unused for longer are not risked on a message
OLDEST = timedelta(seconds=50)  # nor those that may have lain at the bottom of the pool for longer
_LAST = 4096  # octets kept back until everything else has left


class _Held(Exception):
    """The gate did not open."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Wires:
    """What one process has: it is not carried over a fork."""

    def __init__(self, account: Account, at_once: int) -> None:
        self.pid = os.getpid()
        self.client: Any = account.client("sesv2", connections=at_once)
        self.client.meta.events.register("before-send.sesv2.SendEmail", self._ready)
        self.threads = ThreadPoolExecutor(at_once, thread_name_prefix="ses")
        self._configuration_set = account.configuration_set
        self._here = threading.local()
        self._lock = threading.Lock()
        self._calling = 0
        self._used_at = self._fresh_at = time.monotonic()

    def call(self, mail: Mail, gate: Gate) -> Outcome:
        """The Outcome of one SendEmail. `gate` is asked when all is ready and nothing has been written."""
        with self._lock:
            self._forget_old()
            self._calling += 1
        try:
            return self._called(mail, gate)
        finally:
            with self._lock:
                self._calling -= 1

    def close(self) -> None:
        self.threads.shutdown(wait=False)
        self.client.close()

    def _called(self, mail: Mail, gate: Gate) -> Outcome:
        body, self._here.gate = _Body(), gate
        self._here.body = body
        try:
            return answers.accepted(self.client.send_email(**self._request(mail)))
        except _Held as held:
            return held.outcome
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            told = error.response.get("Error", {})
            return answers.refused(status, str(told.get("Code", "")), str(told.get("Message", "")), whole=body.whole)
        except Exception as error:  # noqa: BLE001 - whatever breaks, the mail gets its Outcome
            return answers.broken(error, whole=body.whole)

    def _request(self, mail: Mail) -> dict[str, Any]:
        request = {
            "FromEmailAddress": mail.sender,
            "Destination": {"ToAddresses": [mail.recipient]},
            "Content": {"Raw": {"Data": mail.message}},
            "EmailTags": [{"Name": name, "Value": value} for name, value in tags(mail).items()],
        }
        return request | ({"ConfigurationSetName": self._configuration_set} if self._configuration_set else {})

    def _ready(self, request: Any, **_: Any) -> None:
        """botocore hands over the signed request right before it is written."""
        held = self._here.gate()
        if held is not None:
            raise _Held(held)
        self._here.body.octets = request.body
        request.body = self._here.body

    def _forget_old(self) -> None:
        """Put away connections that SES may have closed: a message on one of them would be uncertain."""
        now = time.monotonic()
        idle, age = now - self._used_at, now - self._fresh_at
        self._used_at = now
        if self._calling == 0 and (idle > IDLE.total_seconds() or age > OLDEST.total_seconds()):
            self.client.close()  # closes what is pooled; the next call connects anew
            self._fresh_at = now


@dataclass(slots=True)
class _Body:
    """The body of a request, which notes when all but its last octets have been written.

    A request whose Content-Length is not reached is no request (RFC 9112 section 6.3): nothing of it can be theirs."""

    octets: bytes = b""
    whole: bool = False

    def __iter__(self) -> Iterator[memoryview]:
        view = memoryview(self.octets)
        yield view[:-_LAST]
        self.whole = True
        yield view[-_LAST:]


def tags(mail: Mail) -> Mapping[str, str]:
    """A message's tags: the Delivery, then what else the mail brings."""
    own = {provider_events.DELIVERY: str(mail.delivery_id)} if mail.delivery_id else {}
    return own | dict(mail.tags)
