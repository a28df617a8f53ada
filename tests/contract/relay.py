"""A real SMTP relay on loopback that follows a script, for tests of what a mailer does with it."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from syndication.adapters.smtp import SmtpMailer
from syndication.core.model import Outcome
from syndication.ports import Mail

MAIL = Mail(sender="news@paper.example", recipient="reader-1@example.com", message=b"Subject: hi\r\n\r\nhello\r\n")
PIPELINING = ("PIPELINING",)


def mails(count: int, message: bytes = b"Subject: hi\r\n\r\nhello") -> list[Mail]:
    """Mails that differ in everything."""
    return [
        Mail(
            sender=f"b+{number}@bounce.paper.example",
            recipient=f"reader-{number}@example.com",
            message=message + b" %d\r\n" % number,
            delivery_id=number,
        )
        for number in range(1, count + 1)
    ]


def allow(_: Mail) -> bool:
    return True


def carried(mailer: SmtpMailer, *letters: Mail) -> list[Outcome]:
    """The Outcomes of some mails, in the order of the mails."""
    told = {mail.delivery_id: outcome for mail, outcome in mailer.carry(letters, allow)}
    return [told[mail.delivery_id] for mail in letters]


class Cut(Exception):
    """The script hangs up."""


@dataclass
class Talk:
    """One connection as the script sees it."""

    socket: socket.socket
    number: int  # counted from 1
    offers: tuple[str, ...] = ()
    heard: list[str] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)  # as they arrived
    buffer: bytearray = field(default_factory=bytearray)
    turns: int = 0  # how often the client had to hear something before it went on
    spoken: bool = False

    def say(self, *lines: str) -> None:
        self.spoken = True
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        line = self.line().decode().rstrip("\r\n")
        self.heard.append(line)
        return line

    def line(self) -> bytes:
        while (end := self.buffer.find(b"\n")) < 0:
            self.receive()
        line = bytes(self.buffer[: end + 1])
        del self.buffer[: end + 1]
        return line

    def receive(self) -> None:
        self.turns += self.spoken
        self.spoken = False
        more = self.socket.recv(1 << 18)
        if not more:
            raise Cut
        self.chunks.append(more)
        self.buffer += more

    def data(self) -> bytes:
        """The message up to the final dot, unstuffed."""
        lines = []
        while (line := self.line()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        self.stored.append(b"".join(lines))
        return self.stored[-1]

    def cut(self, *, hard: bool = False) -> None:
        if hard:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Cut

    def stall(self) -> None:
        """Neither read nor say anything more until the client has left."""
        gone = select.poll()
        gone.register(self.socket, select.POLLRDHUP)
        gone.poll(5000)

    def until_data(self) -> None:
        """Everything up to the 354."""
        self.welcome()
        self.envelope()

    def welcome(self) -> None:
        self.say("220 relay.example ready")
        self.greet()

    def greet(self) -> None:
        self.hear()
        self.say("250-relay.example", *(f"250-{offer}" for offer in self.offers), "250 HELP")

    def envelope(self) -> None:
        while True:
            command = self.hear().upper()
            if command == "DATA":
                self.say("354 go on")
                return
            self.say("250 2.0.0 fine")

    def serve(self, final: str = "250 2.0.0 Ok: queued as ABC123") -> None:
        """An ordinary relay for as long as the client likes."""
        self.welcome()
        self.go_on(final)

    def go_on(self, final: str = "250 2.0.0 Ok: queued as ABC123") -> None:
        while True:
            command = self.hear().upper()
            if command == "QUIT":
                self.say("221 bye")
                return
            if command == "DATA":
                self.say("354 go on")
                self.data()
                self.say(final)
            else:
                self.say("250 2.0.0 fine")

    def take(self, final: str = "250 2.0.0 Ok") -> None:
        """One message."""
        self.envelope()
        self.data()
        self.say(final)


Script = Callable[[Talk], None]


def said(talk: Talk, lines: Sequence[str], *, in_octets: bool) -> None:
    """Say lines in one piece, or an octet at a time."""
    if not in_octets:
        return talk.say(*lines)
    talk.spoken = True
    for octet in "".join(f"{line}\r\n" for line in lines).encode():
        talk.socket.sendall(bytes((octet,)))
        time.sleep(0.0005)
    return None


class Relay:
    """A listening socket; every connection runs the script in a thread of its own."""

    def __init__(
        self, script: Script, wrap: Callable[[socket.socket], socket.socket], offers: tuple[str, ...] = ()
    ) -> None:
        self.script, self.wrap, self.offers = script, wrap, offers
        self.talks: list[Talk] = []
        self.failures: list[AssertionError] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.threads: list[threading.Thread] = []
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            talk = Talk(connection, len(self.talks) + 1, self.offers)
            self.talks.append(talk)
            thread = threading.Thread(target=self._talk, args=(talk,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _talk(self, talk: Talk) -> None:
        talk.socket.settimeout(10)
        try:
            talk.socket = self.wrap(talk.socket)
            self.script(talk)
        except (Cut, OSError):
            pass
        except AssertionError as error:
            self.failures.append(error)
        finally:
            talk.socket.close()

    @property
    def stored(self) -> list[bytes]:
        return [message for talk in self.talks for message in talk.stored]

    @property
    def heard(self) -> list[str]:
        return [line for talk in self.talks for line in talk.heard]

    def settled(self) -> None:
        """Wait until every connection so far has ended."""
        for thread in self.threads:
            thread.join(5)
            assert not thread.is_alive()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)
        assert not self.failures


@contextmanager
def relay(
    script: Script,
    *,
    wrap: Callable[[socket.socket], socket.socket] = lambda s: s,
    offers: tuple[str, ...] = (),
    **options: Any,
) -> Iterator[tuple[SmtpMailer, Relay]]:
    server = Relay(script, wrap, offers)
    options = {"timeout": timedelta(seconds=5), "total": timedelta(seconds=20)} | options
    mailer = SmtpMailer(host=options.pop("host", "127.0.0.1"), port=options.pop("port", server.port), **options)
    try:
        yield mailer, server
    finally:
        mailer.close()
        server.close()


class Given(Protocol):
    """`relay` with something already chosen."""

    def __call__(self, script: Script, **options: Any) -> Any: ...


def refusing(stage: str, *lines: str) -> Script:
    """A relay that answers one stage for one message with `lines` and is strict and ordinary otherwise."""

    def script(talk: Talk) -> None:
        if stage == "GREETING":
            talk.say(*lines)
            return
        talk.welcome()
        have: list[str] = []  # the commands of this transaction that were accepted
        refused = False
        while (verb := talk.hear().upper()[:4]) != "QUIT":
            if have != {"MAIL": [], "RCPT": ["MAIL"], "DATA": ["MAIL", "RCPT"]}.get(verb, have):
                talk.say("503 5.5.1 commands out of order")
            elif verb == stage and not refused:
                refused = True
                talk.say(*lines)
            elif verb == "DATA":
                talk.say("354 go on")
                talk.data()
                have = []
                talk.say(*(lines if stage == "DOT" and not refused else ("250 ok",)))
                refused = refused or stage == "DOT"
            else:
                have = [] if verb == "RSET" else [*have, verb]
                talk.say("250 fine")

    return script
