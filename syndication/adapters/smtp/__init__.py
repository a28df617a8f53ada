"""Hands mail to a relay over SMTP on one long-lived connection: the Mailer of publishers with a relay of their own.

It retries nothing and judges no answer: an Outcome goes back. Signing and building are `render`'s business.
"""

from __future__ import annotations

import threading
from datetime import timedelta

from syndication.adapters.smtp.relay import ANSWER_TIME, IDLE_TIME, MESSAGE_TIME, Relay, Tls
from syndication.adapters.smtp.session import Hook, Session
from syndication.adapters.smtp.wire import elapsed
from syndication.core.links import BadAddress, envelope_address
from syndication.core.model import Outcome, Verdict
from syndication.ports import Mail

__all__ = ["Hook", "Relay", "SmtpMailer", "Tls"]

LINE_MAX = 998  # octets without CRLF, RFC 5322 section 2.1.1


class SmtpMailer:
    """A Mailer on one long-lived connection. Threads take turns; a forked child opens its own.

    `before_final_dot` is asked right before a message becomes theirs; on False nothing is handed over."""

    def __init__(
        self,
        *,
        host: str,
        port: int = 25,
        tls: str = "none",
        user: str | None = None,
        password: str | None = None,
        hello: str = "localhost",
        timeout: timedelta = ANSWER_TIME,
        total: timedelta = MESSAGE_TIME,
        messages_per_connection: int = 100,
        idle: timedelta = IDLE_TIME,
        ca_file: str | None = None,
        before_final_dot: Hook | None = None,
    ) -> None:
        """See Relay for what the words mean. Raises Permanent."""
        self.relay = Relay(
            host=host,
            port=port,
            tls=Tls(tls),
            user=user,
            password=password,
            hello=hello,
            timeout=timeout,
            total=total,
            messages_per_connection=messages_per_connection,
            idle=idle,
            ca_file=ca_file,
        )
        self._hook = before_final_dot
        self._lock = threading.Lock()
        self._session: Session | None = None

    def send(self, mail: Mail, *, before_final_dot: Hook | None = None) -> Outcome:
        """Hand over one message. Whatever the far side does is told by the Outcome, never raised.

        What fails before the final dot is deferred, or refused by the answer's code; what breaks from the first byte
        of the final dot on is uncertain."""
        flaw = _flaw(mail)
        if flaw is not None:
            return Outcome(verdict=Verdict.REFUSED, reason=flaw)
        with self._lock:
            until = elapsed() + self.relay.total
            session = self._pooled(until)
            if session is not None:
                outcome = self._hand_over(session, mail, before_final_dot)
                if not session.died_unused:
                    return outcome
            opened = Session.open(self.relay, until)
            return opened if isinstance(opened, Outcome) else self._hand_over(opened, mail, before_final_dot)

    def close(self) -> None:
        """Say goodbye and let go of the connection."""
        with self._lock:
            if self._session is not None:
                self._session.leave()
                self._session = None

    def _pooled(self, until: timedelta) -> Session | None:
        """The open connection if it is fit for another message; one that is not is put away."""
        session, self._session = self._session, None
        if session is None or session.fit(until):
            return session
        session.leave()
        return None

    def _hand_over(self, session: Session, mail: Mail, hook: Hook | None) -> Outcome:
        try:
            return session.hand_over(mail, hook or self._hook)
        finally:  # also when the hook raises
            if session.usable:
                self._session = session
            else:
                session.drop()


def _flaw(mail: Mail) -> str | None:
    """Why a mail cannot be handed to any relay, if so."""
    for whose, address in (("sender", mail.sender), ("recipient", mail.recipient)):
        try:
            envelope_address(address)
        except BadAddress as error:
            return f"the {whose}'s address cannot be written to: {error}"
    message = mail.message
    breaks = message.count(b"\r\n")
    if message.count(b"\n") != breaks or message.count(b"\r") != breaks:  # it would smuggle commands past some relays
        return "the message holds a line break that is not CRLF"
    if not message.isascii() or b"\0" in message:
        return "the message holds octets that SMTP cannot carry (it must be 7-bit)"
    longest = max(map(len, message.split(b"\r\n")))
    return "the message holds a line of more than 998 octets" if longest > LINE_MAX else None
