"""Hands mail to Amazon SES (API v2), one recipient a call and several calls at once: the Mailer of publishers there.

It repeats no call and builds no mail: an Outcome goes back. What SES tells later comes by `queue` and the web.
"""

from __future__ import annotations

import math
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from syndication.adapters.ses import answers
from syndication.adapters.ses.account import Account
from syndication.adapters.ses.line import Line
from syndication.adapters.ses.wires import Wires, tags
from syndication.core import provider_events
from syndication.core.links import BadAddress, envelope_address
from syndication.core.model import Event, Outcome, Reach, Verdict
from syndication.ports import HELD_BACK, Intent, Mail, Pace, Quota, Transient

__all__ = ["Account", "SesMailer"]

log = structlog.get_logger()

AT_ONCE = 20  # calls in flight: 200 mails a second at 100 ms each
MESSAGE_TIME = timedelta(seconds=45)
LARGEST = 40 * 1024 * 1024 * 3 // 4  # octets: SES counts 40 MB after base64
QUOTA_KEPT = timedelta(minutes=1)  # GetAccount allows about one call a second for the whole account
UNLIMITED = 10**12

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")


class SesMailer:
    """A Mailer on the HTTP API. Threads and connections belong to one process: a forked child makes its own."""

    def __init__(self, account: Account, *, at_once: int = AT_ONCE, total: timedelta = MESSAGE_TIME) -> None:
        """`at_once` is how many calls may be in flight, `total` how long one mail may take from its place in line."""
        self.account = account
        self._at_once = at_once
        self._total = total
        self._lock = threading.Lock()
        self._wires: Wires | None = None
        self._quota: tuple[float, Quota] | None = None
        self._lag = timedelta(0)  # by how much the last line began late

    def carry(
        self, mails: Iterable[Mail], intent: Intent, *, pace: Pace | None = None
    ) -> Iterator[tuple[Mail, Outcome]]:
        """Hand over mails as ports.Mailer says; a mail whose place in line has long passed is held back.

        What breaks on the caller's side, in `mails` or `intent`, is raised when every mail drawn has its Outcome."""
        line, flying, drawn, ask = Line(pace, usual=self._lag), _Flying(), iter(mails), _one_by_one(intent)
        try:
            while (mail := self._next(drawn, line)) is not None:
                flying.add(self._send_off(mail, ask, line, len(flying)))
                yield from self._landed(flying, room_for=self._at_once)
            yield from self._landed(flying, room_for=0)
        finally:
            flying.call_back()
            self._lag = line.began_late
        if line.failure is not None:
            raise line.failure

    def quota(self) -> Quota | None:
        """What the account allows now, asked for once a minute at most. Raises Transient."""
        now = time.monotonic()
        if self._quota is None or now - self._quota[0] > QUOTA_KEPT.total_seconds():
            self._quota = (now, self._asked_quota())
        return self._quota[1]

    def insight(self, message_id: str) -> tuple[Event, ...]:
        """What SES knows of a message by its id, where the account may ask (Virtual Deliverability Manager).

        The ids of these Events are those of the event records. Empty where nothing is known or may be asked."""
        try:
            answer = self._connected().client.get_message_insights(MessageId=message_id)
        except (ClientError, BotoCoreError, ValueError) as error:
            log.info("message insights not told", reason=_name(error))
            return ()
        return provider_events.insights(answer, now=datetime.now(UTC)).events

    def close(self) -> None:
        """Let go of connections and threads; calls under way end by themselves."""
        with self._lock:
            wires, self._wires = self._wires, None
        if wires is not None and wires.pid == os.getpid():
            wires.close()

    # --- many calls --------------------------------------------------------------------------

    @staticmethod
    def _next(drawn: Iterator[Mail], line: Line) -> Mail | None:
        if line.failure is not None:
            return None
        try:
            return next(drawn, None)
        except Exception as error:  # noqa: BLE001 - those under way still get their Outcomes
            line.fail(error, closing=False)
            return None

    def _send_off(self, mail: Mail, intent: Intent, line: Line, before: int) -> _Flight:
        flaw = _flaw(mail)
        if flaw is not None:
            return _Flight.refused(mail, Outcome(verdict=Verdict.REFUSED, reason=flaw))
        wires = self._connected()
        flight = _Flight(mail=mail, ends_at=time.monotonic() + (line.ahead(before) + self._total).total_seconds())
        flight.future = wires.threads.submit(flight.fly, intent, line, wires)
        return flight

    def _landed(self, flying: _Flying, *, room_for: int) -> Iterator[tuple[Mail, Outcome]]:
        """Outcomes that are known, until no more than `room_for` mails are under way."""
        while True:
            for flight in flying.landed():
                yield flight.mail, flight.outcome()
            if len(flying) <= room_for:
                return
            if flying.wait() is False:
                self.close()  # threads that hang are left behind: the next mails get new ones
                for flight in flying.overdue():
                    yield flight.mail, flight.give_up()

    def _connected(self) -> Wires:
        """This process's client and threads, made after any fork."""
        with self._lock:
            if self._wires is None or self._wires.pid != os.getpid():
                self._wires = Wires(self.account, self._at_once)
            return self._wires

    def _asked_quota(self) -> Quota:
        try:
            told = self._connected().client.get_account().get("SendQuota")
            per_second, per_day, sent = (
                float(told[name]) for name in ("MaxSendRate", "Max24HourSend", "SentLast24Hours")
            )
        except (ClientError, BotoCoreError, TypeError, KeyError, ValueError) as error:
            raise Transient(f"the account's quota is not told: {_name(error)}") from None
        if not (0 < per_second < math.inf and math.isfinite(per_day) and math.isfinite(sent)):
            raise Transient("the account's quota makes no sense, or allows nothing")
        return Quota(per_second=per_second, per_day=UNLIMITED if per_day < 0 else int(per_day), sent_last_day=int(sent))


# --- one call --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Flight:
    """One mail under way: drawn, waiting for its place, called for, or done."""

    mail: Mail
    ends_at: float = 0.0  # monotonic
    future: Future[Outcome] = field(default_factory=Future)
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _dropped: bool = False
    _begun: bool = False

    @classmethod
    def refused(cls, mail: Mail, outcome: Outcome) -> _Flight:
        """A mail that goes nowhere."""
        flight = cls(mail)
        flight.future.set_result(outcome)
        return flight

    def fly(self, intent: Intent, line: Line, wires: Wires) -> Outcome:
        """Make the request ready, and hand it over when it may be. Runs in a thread of its own and raises nothing."""
        outcome = wires.call(self.mail, lambda: self._held(intent, line))
        if outcome.reach is Reach.TRANSPORT and outcome.retry_after is not None:
            line.close()
        return outcome

    def _held(self, intent: Intent, line: Line) -> Outcome | None:
        """Wait for the place, then ask; the Outcome of a mail that must not go, None where it may."""
        if not line.step_up():
            return HELD_BACK
        with self._gate:
            self._begun = not self._dropped
        if not self._begun:
            return HELD_BACK
        try:
            return None if intent(self.mail) else HELD_BACK
        except Exception as error:  # noqa: BLE001 - it is the caller's own and goes back there
            line.fail(error)
            return HELD_BACK

    def outcome(self) -> Outcome:
        error = self.future.exception()
        return self.future.result() if error is None else answers.broken(Exception(_name(error)), whole=self._begun)

    def give_up(self) -> Outcome:
        """The Outcome of a mail whose time is over, whatever its thread still does."""
        with self._gate:
            self._dropped = True
            begun = self._begun
        if not begun:
            return HELD_BACK
        return Outcome(verdict=Verdict.UNCERTAIN, code="timeout", reason="no answer in the time that a mail may take")


class _Flying:
    """The mails of one slice that are under way."""

    def __init__(self) -> None:
        self._flights: dict[Future[Outcome], _Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def add(self, flight: _Flight) -> None:
        self._flights[flight.future] = flight

    def landed(self) -> list[_Flight]:
        """Those whose Outcome is known; they are no longer under way."""
        return [self._flights.pop(future) for future in list(self._flights) if future.done()]

    def wait(self) -> bool:
        """Wait for the next one; False when the time of one is over first."""
        left = min(flight.ends_at for flight in self._flights.values()) - time.monotonic()
        return bool(wait(self._flights, timeout=max(0.0, left), return_when=FIRST_COMPLETED).done)

    def overdue(self) -> list[_Flight]:
        now = time.monotonic()
        return [self._flights.pop(f) for f, flight in list(self._flights.items()) if flight.ends_at <= now]

    def call_back(self) -> None:
        """Let nothing go that has not gone: nobody is there any more to hear of it."""
        for flight in self._flights.values():
            flight.give_up()


def _one_by_one(intent: Intent) -> Intent:
    """The same question, never asked by two threads at once: whoever answers need not expect it."""
    turn = threading.Lock()

    def ask(mail: Mail) -> bool:
        with turn:
            return intent(mail)

    return ask


def _flaw(mail: Mail) -> str | None:
    """Why a mail cannot be handed to SES, if so."""
    for whose, address in (("sender", mail.sender), ("recipient", mail.recipient)):
        try:
            envelope_address(address)
        except BadAddress as error:
            return f"the {whose}'s address cannot be written to: {error}"
    if len(mail.message) > LARGEST:
        return "the message is larger than SES takes"
    wrong = next(
        (name for name, value in tags(mail).items() if not (_TAG.fullmatch(name) and _TAG.fullmatch(value))), ""
    )
    return f"the tag {wrong!r} holds signs that SES does not give back" if wrong else None


def _name(error: BaseException) -> str:
    """An error as it may be logged: its kind, and SES's name for it; never its text, which may hold an address."""
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return f"{type(error).__name__} {code}".strip()[:100]
