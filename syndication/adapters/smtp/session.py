"""One conversation with a relay, one command at a time, knowing at every moment how far it has come.

It keeps no connection for later and judges no answer itself: `core.policy` says what an answer means.
"""

from __future__ import annotations

import base64
import os
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import timedelta

from syndication.adapters.smtp.relay import Relay, Tls, is_loopback
from syndication.adapters.smtp.wire import Answer, Lost, Wire, elapsed
from syndication.core.links import envelope_address
from syndication.core.model import Outcome, Verdict
from syndication.core.policy import Stage, classify_smtp
from syndication.ports import Mail

Hook = Callable[[], bool]

_PROBE_AFTER = timedelta(seconds=5)  # a connection idle for longer is asked whether it lives
_ANSWER_SHARE = 0.2  # of a message's time is kept for the answer to the final dot
_FAREWELL = timedelta(seconds=2)
_OPENING = (Stage.CONNECT, Stage.EHLO, Stage.TLS, Stage.AUTH)


class Session:
    """One conversation with the relay, from greeting to farewell."""

    def __init__(self, relay: Relay, wire: Wire) -> None:
        self.relay = relay
        self.wire = wire
        self.stage = Stage.CONNECT
        self.usable = False
        self.died_unused = False  # it broke before the relay said anything to this message
        self._offers: Mapping[str, str] = {}
        self._open_transaction = False
        self._messages = 0
        self._used_at = elapsed()
        self._owner = os.getpid()

    # --- opening ---

    @classmethod
    def open(cls, relay: Relay, until: timedelta) -> Session | Outcome:
        """A session ready for MAIL, or the Outcome that says why there is none."""
        try:
            wire = Wire(relay.host, relay.port, patience=relay.timeout, until=until)
        except Lost as lost:
            return Outcome(verdict=Verdict.DEFERRED, reason=f"connect: {lost}", common=True)
        session = cls(relay, wire)
        try:
            refusal = session._introduce()
        except Lost as lost:
            refusal = session._lost(lost)
        if refusal is None:
            return session
        session.drop()
        return refusal

    def _introduce(self) -> Outcome | None:
        relay = self.relay
        if relay.tls is Tls.NONE and not is_loopback(self.wire.peer):
            return _blocked(f"relay {relay.host} is not on this machine and would be spoken to in the clear")
        if relay.tls is Tls.IMPLICIT:
            self._encrypt()
        greeting = self.wire.answer()
        if greeting.code != 220:
            return self._judge(greeting)
        return self._greet() or self._start_tls() or self._log_in()

    def _greet(self) -> Outcome | None:
        self.stage = Stage.EHLO
        answer = self.wire.ask(f"EHLO {self.relay.hello}")
        if answer.positive:
            self._offers = _offers(answer)
            return None
        if answer.code // 100 == 5:  # RFC 5321 section 3.2: an old relay may know HELO only
            answer = self.wire.ask(f"HELO {self.relay.hello}")
            self._offers = {}
        return None if answer.positive else self._judge(answer)

    def _start_tls(self) -> Outcome | None:
        if self.relay.tls is not Tls.STARTTLS:
            return None
        self.stage = Stage.TLS
        if "STARTTLS" not in self._offers:
            return _blocked("tls: the relay does not offer STARTTLS; nothing is sent in the clear")
        answer = self.wire.ask("STARTTLS")
        if answer.code != 220:
            return self._judge(answer)
        self._encrypt()
        return self._greet()

    def _encrypt(self) -> None:
        self.stage = Stage.TLS
        try:
            context = ssl.create_default_context(cafile=self.relay.ca_file)
        except (OSError, ValueError) as error:
            raise Lost(f"the file of trusted certificates cannot be used: {error}") from None
        self.wire.encrypt(context, self.relay.host.strip("[]"))

    def _log_in(self) -> Outcome | None:
        user, password = self.relay.user, self.relay.password
        if user is None or password is None:
            return None
        self.stage = Stage.AUTH
        offered = self._offers.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            secret = _base64(f"\0{user}\0{password}")
            answer = self.wire.ask(f"AUTH PLAIN {secret}")
        elif "LOGIN" in offered:
            answer = self._log_in_stepwise(user, password)
        else:
            return _blocked("auth: the relay offers neither PLAIN nor LOGIN")
        return None if answer.positive else self._judge(answer, hide=(user, password))

    def _log_in_stepwise(self, user: str, password: str) -> Answer:
        answer = self.wire.ask("AUTH LOGIN")
        for secret in (user, password):
            if answer.code != 334:
                break
            answer = self.wire.ask(_base64(secret))
        return answer

    # --- one message ---

    def fit(self, until: timedelta) -> bool:
        """Whether this connection can be trusted with another message."""
        rest = elapsed() - self._used_at
        if self._owner != os.getpid() or rest > self.relay.idle:
            return False
        if self._messages >= self.relay.messages_per_connection or self.wire.waiting:
            return False
        self.wire.until = until
        if not self._open_transaction and rest < _PROBE_AFTER:
            return True
        try:
            self._open_transaction = False
            return self.wire.ask("RSET").positive
        except Lost:
            return False

    def hand_over(self, mail: Mail, hook: Hook | None) -> Outcome:
        """The transaction of RFC 5321 section 3.3. Afterwards `usable` says whether the connection is."""
        self.usable = False
        self.stage = Stage.MAIL
        body = dot_stuffed(mail.message)
        room = self._room()
        if room is not None and len(body) > room:
            self.usable = True
            words = f"the mail has {len(body)} octets, the relay takes {room}"
            return classify_smtp(552, "5.3.4", words, stage=self.stage)
        try:
            return self._envelope(mail, len(body)) or self._content(body, hook)
        except Lost as lost:
            return self._lost(lost)
        finally:
            self._used_at = elapsed()

    def _room(self) -> int | None:
        """The largest mail the relay says it takes (RFC 1870); 0 and nonsense mean that it names no limit."""
        named = self._offers.get("SIZE", "")
        return int(named) or None if re.fullmatch("[0-9]{1,18}", named) else None

    def _envelope(self, mail: Mail, size: int) -> Outcome | None:
        size_word = f" SIZE={size}" if "SIZE" in self._offers else ""
        steps = (
            (Stage.MAIL, f"MAIL FROM:<{envelope_address(mail.sender)}>{size_word}", 2),
            (Stage.RCPT, f"RCPT TO:<{envelope_address(mail.recipient)}>", 2),
            (Stage.DATA, "DATA", 3),
        )
        for self.stage, command, wanted in steps:
            answer = self.wire.ask(command)
            if answer.code // 100 != wanted:
                self._open_transaction = self.stage is not Stage.MAIL
                return self._judge(answer)
        return None

    def _content(self, body: bytes, hook: Hook | None) -> Outcome:
        self.wire.write(body)
        if hook is not None and not hook():
            return _deferred("held back right before the final dot; nothing was handed over")
        if elapsed() > self.wire.until - self.relay.total * _ANSWER_SHARE:
            return _deferred("data: too little time left to wait for an answer; nothing was handed over")
        if self.wire.waiting:  # they answered or hung up in the midst of it: without a final dot it is not theirs
            outcome = self._judge(self.wire.answer())
            self.usable = False
            return outcome
        self.stage = Stage.BODY
        self.wire.write(b".\r\n")
        return self._judge(self.wire.answer())

    # --- ends ---

    def _judge(self, answer: Answer, *, hide: tuple[str, ...] = ()) -> Outcome:
        text = answer.text
        for secret in filter(None, hide):
            text = text.replace(secret, "***").replace(_base64(secret), "***")
        outcome = classify_smtp(answer.code, answer.enhanced, text, stage=self.stage)
        understood = answer.code // 100 in (4, 5) or outcome.verdict is Verdict.ACCEPTED
        self.usable = understood and answer.code != 421
        self.died_unused = answer.code == 421 and self.stage is Stage.MAIL
        self._messages += self.stage is Stage.BODY
        return outcome

    def _lost(self, lost: Lost) -> Outcome:
        self.died_unused = self.stage is Stage.MAIL
        verdict = Verdict.UNCERTAIN if self.stage is Stage.BODY else Verdict.DEFERRED
        return Outcome(verdict=verdict, reason=f"{self.stage}: {lost}", common=self.stage in _OPENING)

    def leave(self) -> None:
        """QUIT if it is ours, then close."""
        if self._owner == os.getpid() and not self.wire.waiting:
            self.wire.patience, self.wire.until = _FAREWELL, elapsed() + _FAREWELL
            try:
                self.wire.ask("QUIT")
            except Lost:
                pass
        self.drop()

    def drop(self) -> None:
        self.usable = False
        self.wire.close()


def dot_stuffed(message: bytes) -> bytes:
    """The message as DATA carries it, without the final dot (RFC 5321 section 4.5.2)."""
    whole = message if message.endswith(b"\r\n") else message + b"\r\n"
    stuffed = whole.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _offers(answer: Answer) -> Mapping[str, str]:
    """EHLO keywords with their parameters; `AUTH=` is an old way of writing AUTH."""
    offers: dict[str, str] = {}
    for line in answer.lines[1:]:
        keyword, _, rest = line.replace("AUTH=", "AUTH ").partition(" ")
        offers[keyword.upper()] = f"{offers.get(keyword.upper(), '')} {rest}".strip()
    return offers


def _deferred(reason: str) -> Outcome:
    return Outcome(verdict=Verdict.DEFERRED, reason=reason)


def _blocked(reason: str) -> Outcome:
    """Nothing can be handed to this relay as things are."""
    return Outcome(verdict=Verdict.DEFERRED, reason=reason, common=True)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
