"""A real SMTP relay on loopback that follows a script, for tests of what a mailer does with it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from syndication.adapters.smtp import SmtpMailer
from syndication.ports import Mail

MAIL = Mail(sender="news@paper.example", recipient="reader-1@example.com", message=b"Subject: hi\r\n\r\nhello\r\n")


class Cut(Exception):
    """The script hangs up."""


@dataclass
class Talk:
    """One connection as the script sees it."""

    socket: socket.socket
    number: int  # counted from 1
    heard: list[str] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        line = self._line().decode().rstrip("\r\n")
        self.heard.append(line)
        return line

    def _line(self) -> bytes:
        octets = b""
        while not octets.endswith(b"\n"):
            more = self.socket.recv(1)
            if not more:
                raise Cut
            octets += more
        return octets

    def data(self) -> bytes:
        """The message up to the final dot, unstuffed."""
        lines = []
        while (line := self._line()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        self.stored.append(b"".join(lines))
        return self.stored[-1]

    def cut(self, *, hard: bool = False) -> None:
        if hard:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Cut

    def until_data(self, *, size: str = "") -> None:
        """Everything up to the 354."""
        self.welcome(size=size)
        self.envelope()

    def welcome(self, *, size: str = "") -> None:
        self.say("220 relay.example ready")
        self.hear()
        self.say("250-relay.example", *([f"250-SIZE {size}"] if size else []), "250 HELP")

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


class Relay:
    """A listening socket; every connection runs the script in a thread of its own."""

    def __init__(self, script: Callable[[Talk], None], wrap: Callable[[socket.socket], socket.socket]) -> None:
        self.script, self.wrap = script, wrap
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
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        talk = Talk(connection, len(self.talks) + 1)
        self.talks.append(talk)
        try:
            talk.socket = self.wrap(connection)
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

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)
        assert not self.failures


@contextmanager
def relay(
    script: Callable[[Talk], None], *, wrap: Callable[[socket.socket], socket.socket] = lambda s: s, **options: Any
) -> Iterator[tuple[SmtpMailer, Relay]]:
    server = Relay(script, wrap)
    options = {"timeout": timedelta(seconds=5), "total": timedelta(seconds=20)} | options
    mailer = SmtpMailer(host=options.pop("host", "127.0.0.1"), port=server.port, **options)
    try:
        yield mailer, server
    finally:
        mailer.close()
        server.close()


def refusing(stage: str, *lines: str) -> Callable[[Talk], None]:
    """A relay that answers one stage for one message with `lines` and is ordinary otherwise."""

    def script(talk: Talk) -> None:
        refused = False
        if stage == "GREETING":
            talk.say(*lines)
            return
        talk.welcome()
        while (command := talk.hear().upper()) != "QUIT":
            if command.startswith(stage) and not refused:
                refused = True
                talk.say(*lines)
            elif command == "DATA":
                talk.say("354 go on")
                talk.data()
                talk.say(*(lines if stage == "DOT" and not refused else ("250 ok",)))
                refused = refused or stage == "DOT"
            else:
                talk.say("250 fine")

    return script
