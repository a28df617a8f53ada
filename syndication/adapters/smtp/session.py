"""One conversation with a relay: how it is opened, whether it can still be trusted, how it ends.

It carries no mail (`transaction` does) and judges no answer itself: `core.policy` says what an answer means.
"""

from __future__ import annotations

import base64
import os
import ssl
from collections.abc import Mapping
from datetime import timedelta

from syndication.adapters.smtp.relay import Relay, Tls, is_loopback
from syndication.adapters.smtp.wire import Answer, Lost, Wire, elapsed
from syndication.core.model import Outcome, Reach, Verdict
from syndication.core.policy import Stage, classify_smtp

_PROBE_AFTER = timedelta(seconds=5)  # a connection idle for longer is asked whether it lives
_PROBE = timedelta(seconds=5)  # and has so long to say so
_FAREWELL = timedelta(seconds=2)


class Session:
    """One conversation with the relay, from greeting to farewell."""

    def __init__(self, relay: Relay, wire: Wire) -> None:
        self.relay = relay
        self.wire = wire
        self.usable = True  # nothing is known to be wrong with it
        self.unfinished = False  # a transaction was begun and has not ended
        self.envelopes = 0  # that were begun
        self.messages = 0  # whose final dot was sent
        self.used_at = elapsed()
        self._stage = Stage.CONNECT
        self._offers: Mapping[str, str] = {}
        self._owner = os.getpid()

    @property
    def pipelining(self) -> bool:
        """Whether commands may be sent before the answers to earlier ones have come (RFC 2920)."""
        return "PIPELINING" in self._offers

    @property
    def sizes(self) -> bool:
        """Whether the relay wants to know a message's size beforehand (RFC 1870)."""
        return "SIZE" in self._offers

    def no_room(self, size: int) -> Outcome | None:
        """The Outcome of a message that is larger than the relay says it takes (RFC 1870)."""
        named = self._offers.get("SIZE", "")
        room = int(named) if named.isdecimal() and named.isascii() and len(named) <= 18 else 0
        if not 0 < room < size:  # 0 and nonsense name no limit
            return None
        return classify_smtp(552, "5.3.4", f"the mail has {size} octets, the relay takes {room}", stage=Stage.MAIL)

    # --- opening ---

    @classmethod
    def open(cls, relay: Relay, until: timedelta) -> Session | Outcome:
        """A session ready for MAIL, or the Outcome that says why there is none."""
        try:
            wire = Wire(relay.host.strip("[]"), relay.port, patience=relay.timeout, until=until)
        except Lost as lost:
            return _shut(f"connect: {lost}")
        session = cls(relay, wire)
        try:
            refusal = session._introduce()
        except Lost as lost:
            refusal = _shut(f"{session._stage}: {lost}")
        if refusal is None:
            return session
        session.drop()
        return refusal

    def _introduce(self) -> Outcome | None:
        relay = self.relay
        if relay.tls is Tls.NONE and not is_loopback(self.wire.peer):
            return _shut(f"relay {relay.host} is not on this machine and would be spoken to in the clear")
        if relay.tls is Tls.IMPLICIT:
            self._encrypt()
        greeting = self.wire.answer()
        if greeting.code != 220:
            return self._judge(greeting)
        return self._greet() or self._start_tls() or self._log_in()

    def _greet(self) -> Outcome | None:
        self._stage = Stage.EHLO
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
        self._stage = Stage.TLS
        if "STARTTLS" not in self._offers:
            return _shut("tls: the relay does not offer STARTTLS; nothing is sent in the clear")
        answer = self.wire.ask("STARTTLS")
        if answer.code != 220:
            return self._judge(answer)
        self._encrypt()
        return self._greet()

    def _encrypt(self) -> None:
        self._stage = Stage.TLS
        try:
            context = ssl.create_default_context(cafile=self.relay.ca_file)
        except (OSError, ValueError) as error:
            raise Lost(f"the file of trusted certificates cannot be used: {error}") from None
        self.wire.encrypt(context, self.relay.host.strip("[]"))

    def _log_in(self) -> Outcome | None:
        user, password = self.relay.user, self.relay.password
        if user is None or password is None:
            return None
        self._stage = Stage.AUTH
        offered = self._offers.get("AUTH", "").upper().split()
        if "PLAIN" in offered:
            secret = _base64(f"\0{user}\0{password}")
            answer = self.wire.ask(f"AUTH PLAIN {secret}")
        elif "LOGIN" in offered:
            answer = self._log_in_stepwise(user, password)
        else:
            return _shut("auth: the relay offers neither PLAIN nor LOGIN")
        return None if answer.positive else self._judge(answer, hide=(user, password))

    def _log_in_stepwise(self, user: str, password: str) -> Answer:
        answer = self.wire.ask("AUTH LOGIN")
        for secret in (user, password):
            if answer.code != 334:
                break
            answer = self.wire.ask(_base64(secret))
        return answer

    def _judge(self, answer: Answer, *, hide: tuple[str, ...] = ()) -> Outcome:
        text = answer.text
        for secret in filter(None, hide):
            text = text.replace(secret, "***").replace(_base64(secret), "***")
        return classify_smtp(answer.code, answer.enhanced, text, stage=self._stage)

    # --- between messages ---

    def fit(self, until: timedelta) -> bool:
        """Whether this connection can be trusted with another message."""
        rest = elapsed() - self.used_at
        if not self.usable or self._owner != os.getpid() or rest > self.relay.idle or self.full:
            return False
        return not self.wire.waiting and (rest < _PROBE_AFTER or self._lives(until))

    @property
    def full(self) -> bool:
        """Whether it has carried as many messages as it may."""
        return self.messages >= self.relay.messages_per_connection

    @property
    def about_to_be_full(self) -> bool:
        """Whether the message that it carries now is its last one."""
        return self.messages + 1 >= self.relay.messages_per_connection

    def use(self, until: timedelta) -> None:
        """Go on with another message, which has time until then."""
        self.wire.patience, self.wire.until = self.relay.timeout, until

    def _lives(self, until: timedelta) -> bool:
        self.wire.patience, self.wire.until = min(_PROBE, self.relay.timeout), until
        try:
            self.usable = self.wire.ask("RSET").positive
        except Lost:
            self.usable = False
        self.unfinished = False
        return self.usable

    # --- ends ---

    def leave(self) -> None:
        """QUIT if it is ours and somebody listens, then close."""
        if self.usable and self._owner == os.getpid() and not self.wire.waiting:
            self.wire.patience, self.wire.until = _FAREWELL, elapsed() + _FAREWELL
            try:
                self.wire.ask("QUIT")
            except Lost:
                pass
        self.drop()

    def drop(self) -> None:
        self.usable = False
        self.wire.close()


def _offers(answer: Answer) -> Mapping[str, str]:
    """EHLO keywords with their parameters; `AUTH=` is an old way of writing AUTH."""
    offers: dict[str, str] = {}
    for line in answer.lines[1:]:
        keyword, _, rest = line.replace("AUTH=", "AUTH ").partition(" ")
        offers[keyword.upper()] = f"{offers.get(keyword.upper(), '')} {rest}".strip()
    return offers


def _shut(reason: str) -> Outcome:
    """Nothing can be handed to this relay as things are."""
    return Outcome(verdict=Verdict.DEFERRED, reason=reason, reach=Reach.TRANSPORT)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
