"""One SMTP connection as lines and answers: every read and write has a deadline, every answer a size limit.

It knows no mail and judges no answer; what an answer means is `core.policy`'s business.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import timedelta

LINE_LIMIT = 4096  # RFC 5321 section 4.5.3.1.5 says 512; real servers write longer ones
ANSWER_LIMIT = 65536

_LINE = re.compile(rb"([0-9]{3})([ -]?)(.*)", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")


class Lost(Exception):
    """The connection is of no use any more: cut, timed out, or the far side does not speak SMTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole SMTP answer, its lines joined by blanks."""

    code: int
    enhanced: str | None
    text: str
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300


def elapsed() -> timedelta:
    """Time since boot on a clock that goes on while the machine is suspended: leases and relays do too."""
    return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


class Wire:
    """A connected socket with a buffer. Nothing lasts beyond `until`, no single wait longer than `patience`."""

    def __init__(self, host: str, port: int, *, patience: timedelta, until: timedelta) -> None:
        """Connect. Raises Lost."""
        self.patience = patience
        self.until = until
        self._buffer = bytearray()
        self._gone = False
        try:
            self._socket: socket.socket = socket.create_connection((host, port), timeout=self._wait())
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that no resolver can take
            raise Lost(f"cannot connect to {host} port {port}: {_words(error)}") from None

    @property
    def peer(self) -> str:
        """The numeric address at the other end. Raises Lost."""
        try:
            return str(self._socket.getpeername()[0])
        except OSError as error:
            raise Lost(f"the connection broke: {_words(error)}") from None

    @property
    def waiting(self) -> bool:
        """Whether the far side has said something, or hung up, without being asked.

        It reads rather than polls: under TLS a socket is also readable for things that are no answer."""
        if self._buffer or self._gone:
            return True
        try:
            self._socket.settimeout(0)
            octets = self._socket.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            octets = b""
        self._buffer += octets
        self._gone = not octets
        return True

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go on under TLS. Raises Lost, also for a certificate that is not trusted."""
        if self._buffer:  # plain text sent ahead would be taken for encrypted answers (CVE-2011-0411)
            raise Lost("the relay spoke between STARTTLS and the encryption")
        try:
            self._socket.settimeout(self._wait())
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise Lost(f"the relay's certificate is not trusted: {error.verify_message}") from None
        except (OSError, ValueError) as error:
            raise Lost(f"no encryption with the relay: {_words(error)}") from None

    def write(self, octets: bytes) -> None:
        """Hand all octets to the system within one wait. Raises Lost; how much had gone out is then unknown."""
        try:
            self._socket.settimeout(self._wait())
            self._socket.sendall(octets)
        except OSError as error:
            raise Lost(f"the connection broke while writing: {_words(error)}") from None

    def ask(self, command: str) -> Answer:
        self.write(command.encode("ascii") + b"\r\n")
        return self.answer()

    def answer(self) -> Answer:
        """Read one answer, however many lines it has, within one wait. Raises Lost."""
        ends = min(elapsed() + self.patience, self.until)
        code: bytes | None = None
        lines: list[str] = []
        size = 0
        while True:
            line = self._line(ends)
            size += len(line)
            found = _LINE.fullmatch(line)
            if found is None or size > ANSWER_LIMIT or (code is not None and found.group(1) != code):
                raise Lost("the answer is not SMTP")
            code = found.group(1)
            lines.append(found.group(3).decode("utf-8", "replace").strip())
            if found.group(2) != b"-":
                return _answer(int(code), tuple(lines))

    def close(self) -> None:
        try:
            self._socket.close()
        except OSError:
            pass

    def _line(self, ends: timedelta) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_LIMIT:
                raise Lost("the answer is not SMTP: a line without end")
            self._buffer += self._read(ends)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if len(line) > LINE_LIMIT:
            raise Lost("the answer is not SMTP: a line too long")
        return line.removesuffix(b"\r")

    def _read(self, ends: timedelta) -> bytes:
        left = (ends - elapsed()).total_seconds()
        if left <= 0:
            raise Lost("no answer in time")
        if self._gone:
            raise Lost("the relay closed the connection")
        try:
            self._socket.settimeout(left)
            octets = self._socket.recv(4096)
        except TimeoutError:
            raise Lost("no answer in time") from None
        except OSError as error:
            raise Lost(f"the connection broke while reading: {_words(error)}") from None
        if not octets:
            raise Lost("the relay closed the connection")
        return octets

    def _wait(self) -> float:
        left = min(self.patience, self.until - elapsed()).total_seconds()
        if left <= 0:
            raise TimeoutError("the time for this message is over")
        return left


def _answer(code: int, lines: tuple[str, ...]) -> Answer:
    """The enhanced code stands at the start of each line (RFC 2034); it is taken off the text."""
    found = _ENHANCED.match(lines[0])
    enhanced = found.group(1) if found else None
    bare = (line.removeprefix(enhanced).strip() if enhanced else line for line in lines)
    return Answer(code, enhanced, " ".join(words for words in bare if words), lines)


def _words(error: Exception) -> str:
    """An error in a few words, without addresses of memory or Python's own names."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
