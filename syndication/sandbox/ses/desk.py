"""What the stand-in knows and decides: quotas in a sliding window, suppressed addresses, messages taken, their events.

It speaks no HTTP. Every mail that is taken is in the log before anybody is told so.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
import uuid
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndication.sandbox.loopback import append_line, file_name, write_whole
from syndication.sandbox.ses import letters, records, shapes
from syndication.sandbox.ses.faults import Rule, rule_for
from syndication.sandbox.ses.queue import Queue
from syndication.sandbox.ses.records import Taken
from syndication.sandbox.ses.topic import Topic

LOG = "calls.log"

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[\x21-\x3f\x41-\x7e]{1,64}@[A-Za-z0-9.-]{1,255}")
_WINDOW = 1.0  # seconds in which the rate is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the stand-in behaves."""

    region: str = "ap-northeast-2"
    per_second: float = 200.0
    per_day: float = 1_000_000.0
    configuration_sets: frozenset[str] = frozenset({"digest"})
    keeps: bool = True  # whether messages are kept as files beside the log
    tells: bool = True  # whether events go into the queue
    enveloped: bool = False  # whether they come in an SNS envelope
    repeats: int = 1  # how often each event comes
    seed: int | None = None  # events come in an order by chance
    insightful: bool = True  # whether GetMessageInsights may be asked
    watchword: str | None = None  # an access key; another one is refused


@dataclass(slots=True)
class Desk:
    """What all connections share."""

    folder: Path
    habits: Habits
    rules: tuple[Rule, ...] = ()
    told: Callable[[str], None] | None = None  # also hears each event, in a signed envelope
    queue: Queue = field(default_factory=Queue)
    topic: Topic = field(default_factory=Topic)
    counts: Counter[str] = field(default_factory=Counter)
    taken: dict[str, Taken] = field(default_factory=dict)
    suppressed: dict[str, str] = field(default_factory=dict)  # address -> BOUNCE or COMPLAINT
    _calls: int = 0
    _times: list[float] = field(default_factory=list)  # when what was taken of late had come in, in order
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.habits.seed is not None:
            self.queue.chance = random.Random(self.habits.seed)  # noqa: S311 - an order, no secret

    def fault(self) -> Rule | None:
        """What goes wrong with the call that comes in now."""
        with self._lock:
            self._calls += 1
            return rule_for(self.rules, self._calls)

    def note(self, verdict: str, taken: Taken | None = None) -> None:
        """A line in the log: verdict, both Message-IDs, recipient, tags, and when it came in."""
        with self._lock:
            self.counts[verdict] += 1
        words = ["-", "-", "-", "{}"]
        if taken is not None:
            words = [taken.message_id, taken.own_message_id, taken.recipient, json.dumps(dict(taken.tags))]
        at = datetime.now(UTC) if taken is None else taken.at
        append_line(self.folder / LOG, "\t".join((verdict, *words, at.isoformat())))

    def send(self, request: Mapping[str, Any], came_in: float) -> Taken:
        """Take a message that was whole at an instant (monotonic), or raise Refused. Its events follow at once."""
        message = _message(request)
        tags = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", ())}
        self._judge(request, message, tags)
        self._count(came_in)
        (recipient,) = request["Destination"]["ToAddresses"]
        taken = Taken(
            message_id=f"{int(time.time() * 1000):016x}-{uuid.uuid4()}-000000",
            sender=request.get("FromEmailAddress", ""),
            recipient=recipient,
            tags=tags,
            configuration_set=request.get("ConfigurationSetName"),
            message=message,
            at=datetime.now(UTC) - timedelta(seconds=time.monotonic() - came_in),
            suppressed=recipient in self.suppressed,
        )
        self._keep(taken)
        return taken

    def account(self) -> Mapping[str, Any]:
        quota = {
            "Max24HourSend": self.habits.per_day,
            "MaxSendRate": self.habits.per_second,
            "SentLast24Hours": float(self.counts["accepted"]),
        }
        return {"SendQuota": quota, "SendingEnabled": True, "ProductionAccessEnabled": True}

    def insights(self, message_id: str) -> Mapping[str, Any]:
        if not self.habits.insightful:
            raise shapes.Refused(403, "AccessDeniedException", "Not authorized to perform: ses:GetMessageInsights")
        taken = self.taken.get(message_id)
        if taken is None:
            raise shapes.error("sesv2", "GetMessageInsights", "NotFoundException", "There is no such message.")
        told = [_insight(record) for record in records.story(taken)]
        return {
            "MessageId": message_id,
            "FromEmailAddress": taken.sender,
            "EmailTags": [{"Name": name, "Value": value} for name, value in taken.tags.items()],
            "Insights": [{"Destination": taken.recipient, "Isp": "sample", "Events": told}],
        }

    def _judge(self, request: Mapping[str, Any], message: bytes, tags: Mapping[str, str]) -> None:
        def bad(words: str) -> shapes.Refused:
            return shapes.error("sesv2", "SendEmail", "BadRequestException", words)

        recipients = request.get("Destination", {}).get("ToAddresses", [])
        if len(recipients) != 1:
            raise bad("The stand-in takes one recipient a call.")
        if not _ADDRESS.fullmatch(recipients[0]) or not _ADDRESS.fullmatch(request.get("FromEmailAddress", "")):
            raise bad("Illegal address.")
        if not all(_TAG.fullmatch(word) for pair in tags.items() for word in pair):
            raise bad("Invalid message tag: only A-Z, a-z, 0-9, _ and - may be used.")
        named = request.get("ConfigurationSetName")
        if named is not None and named not in self.habits.configuration_sets:
            raise shapes.error("sesv2", "SendEmail", "NotFoundException", f"Configuration set {named} does not exist.")
        fault = letters.fault(message)
        if fault:
            raise bad(fault)

    def _count(self, came_in: float) -> None:
        """Keep the quotas: no second may hold more than the rate. What is refused does not count."""
        with self._lock:
            if self._most_with(came_in) > self.habits.per_second:
                raise shapes.error("sesv2", "SendEmail", "TooManyRequestsException", "Maximum sending rate exceeded.")
            if self.counts["accepted"] + 1 > self.habits.per_day:
                raise shapes.error("sesv2", "SendEmail", "LimitExceededException", "Daily message quota exceeded.")
            insort(self._times, came_in)
            del self._times[: bisect_right(self._times, self._times[-1] - 2 * _WINDOW)]

    def _most_with(self, came_in: float) -> int:
        """The most that any second would hold that this one falls into."""
        after = [t for t in self._times[bisect_right(self._times, came_in) :] if t < came_in + _WINDOW]
        return max(
            bisect_right(self._times, end) - bisect_right(self._times, end - _WINDOW) + 1 for end in (came_in, *after)
        )

    def _keep(self, taken: Taken) -> None:
        self.note("accepted", taken)
        if self.habits.keeps:
            self.taken[taken.message_id] = taken
            path = self.folder / file_name(taken.recipient) / f"{taken.message_id}.eml"
            sent = letters.rewritten(taken.message, message_id=taken.message_id, region=self.habits.region, at=taken.at)
            write_whole(path, sent)
        if self.habits.tells:
            self.tell(records.story(taken), taken.at)

    def tell(self, told: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """Publish event records, each as often as the habits say."""
        for record in [one for one in told for _ in range(self.habits.repeats)]:
            text = json.dumps(record)
            signed = self.topic.notification(text, at) if self.habits.enveloped or self.told else text
            self.queue.put(signed if self.habits.enveloped else text, at)
            if self.told is not None:
                self.told(signed)


def _message(request: Mapping[str, Any]) -> bytes:
    raw = request.get("Content", {}).get("Raw", {}).get("Data")
    if not isinstance(raw, bytes):
        raise shapes.error("sesv2", "SendEmail", "BadRequestException", "The stand-in takes raw messages only.")
    return raw


def _insight(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event record as GetMessageInsights tells it."""
    kind = record["eventType"]
    part = record[kind[0].lower() + kind[1:]]
    name = {"DeliveryDelay": "DELIVERY_DELAY"}.get(kind, kind.upper())
    details: dict[str, Any] = {}
    if kind == "Bounce":
        bounce = {"BounceType": part["bounceType"].upper(), "BounceSubType": part["bounceSubType"]}
        details["Bounce"] = {**bounce, "DiagnosticCode": part["bouncedRecipients"][0]["diagnosticCode"]}
    if kind == "Complaint":
        details["Complaint"] = {"ComplaintFeedbackType": part["complaintFeedbackType"]}
    stamp = datetime.fromisoformat(part.get("timestamp") or record["mail"]["timestamp"]).timestamp()
    return {"Timestamp": stamp, "Type": name} | ({"Details": details} if details else {})


# --- reading ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One line of the log: a SendEmail and what became of it."""

    verdict: str  # accepted, or why not
    message_id: str
    own_message_id: str
    recipient: str
    tags: Mapping[str, str]
    at: datetime


def calls(folder: Path) -> Sequence[Call]:
    """The log, oldest first; a last line still being written is left out."""
    try:
        text = (folder / LOG).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = [line.split("\t") for line in text.rpartition("\n")[0].split("\n") if line]
    return [
        Call(
            verdict=verdict,
            message_id=message_id,
            own_message_id=own,
            recipient=recipient,
            tags=json.loads(tags),
            at=datetime.fromisoformat(at),
        )
        for verdict, message_id, own, recipient, tags, at in lines
    ]


def accepted(folder: Path) -> Sequence[Call]:
    """The mails that were taken."""
    return [call for call in calls(folder) if call.verdict == "accepted"]
