"""A loopback stand-in for Amazon SES (API v2), with the queue and the topic that its events come by.

It sends nothing to anybody; addresses of SES's mailbox simulator decide what its events tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from syndication.sandbox.loopback import HttpServer
from syndication.sandbox.ses.desk import Call, Desk, Habits, accepted, calls
from syndication.sandbox.ses.faults import Rule, Wrong
from syndication.sandbox.ses.wire import QUEUE_PATH, Handler

__all__ = ["Call", "Desk", "Habits", "Rule", "StandIn", "Wrong", "accepted", "calls"]


class StandIn(HttpServer):
    """Answers as SES, SQS and SNS do until stopped; `folder` gets the log and the messages."""

    def __init__(
        self, folder: Path, port: int = 0, *, habits: Habits | None = None, rules: Sequence[Rule] = ()
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.desk = Desk(folder, habits or Habits(), tuple(rules))
        super().__init__(type("Handler", (Handler,), {"desk": self.desk}), port)

    @property
    def queue_url(self) -> str:
        return f"{self.url}{QUEUE_PATH}"
