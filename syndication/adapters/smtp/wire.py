"""One SMTP connection as lines and answers: every read and write has a deadline, every answer a size limit.

It knows no mail and judges no answer; what an answer means is `core.policy`'s business.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

LINE_LIMIT = 4096  # RFC 5321 section 4.5.3.1.5 says 512; real servers write longer ones
ANSWER_LIMIT = 65536

_MILLISECOND = timedelta(milliseconds=1)
_CHUNK = 16384  # the largest TLS record: none is left behind in the TLS layer, where a poll does not see it

_LINE = re.compile(rb"([0-9]{3})([ -]?)(.*)", re.DOTALL)
_LAST_LINE = re.compile(rb"^([0-9]{3})(?!-)[^\n]*\n", re.MULTILINE)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")


class Lost(Exception):
    """The connection is of no use any more: cut, timed out, or the far side does not speak SMTP.

    `unsent`: of what was to be written, not one octet has left this process."""

    def __init__(self, reason: str, *, unsent: bool = False) -> None:
        super().__init__(reason)
        self.unsent = unsent


class Answer(NamedTuple):
    """A whole SMTP answer."""

    code: int
    lines: tuple[str, ...]  # without code

    @property
    def positive(self) -> bool:
        return 200 <= self.code < 300

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code, which stands at the start of each line (RFC 2034)."""
        found = _ENHANCED.match(self.lines[0])
        return found.group(1) if found else None

    @property
    def text(self) -> str:
        """The lines joined by blanks, without enhanced codes."""
        enhanced = self.enhanced
        bare = (line.removeprefix(enhanced).strip() if enhanced else line for line in self.lines)
        return " ".join(words for words in bare if words)


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
            self._socket: socket.socket = self._connected(host, port)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that no resolver can take
            raise Lost(f"cannot connect to {host} port {port}: {_words(error)}") from None
        self._readable, self._writable = select.poll(), select.poll()
        self._go_on()

    def _connected(self, host: str, port: int) -> socket.socket:
        """A socket to the first address of a name that answers; they share one wait."""
        ends = self._ends()
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure = OSError("the name has no address")
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            left = (ends - elapsed()).total_seconds() / (len(addresses) - tried)
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(max(left, 0.001))
                made.connect(address)
            except OSError as error:
                made.close()
                failure = error
            else:
                return made
        raise failure

    def _go_on(self) -> None:
        """Never block but in a poll of our own, which knows how long."""
        self._socket.setblocking(False)
        self._readable.register(self._socket, select.POLLIN)
        self._writable.register(self._socket, select.POLLOUT)

    @property
    def peer(self) -> str:
        """The numeric address at the other end. Raises Lost."""
        try:
            return str(self._socket.getpeername()[0])
        except OSError as error:
            raise Lost(f"the connection broke: {_words(error)}") from None

    @property
    def unread(self) -> bool:
        """Whether more has already been received than was read."""
        return bool(self._buffer)

    def codes_ahead(self) -> Sequence[int]:
        """The codes of the answers that have already been received and not been read yet."""
        return [int(code) for code in _LAST_LINE.findall(self._buffer)] if self._buffer else ()

    def pass_over(self, expected: re.Pattern[bytes]) -> bool:
        """Whether what has been received is just what was expected; if so, it is read."""
        if expected.fullmatch(self._buffer) is None:
            return False
        self._buffer.clear()
        return True

    @property
    def waiting(self) -> bool:
        """Whether the far side has said something, or hung up, without being asked.

        It reads rather than polls: under TLS a socket is also readable for things that are no answer."""
        if self._buffer or self._gone:
            return True
        try:
            octets = self._socket.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            octets = b""
        self._buffer += octets
        self._gone = not octets
        return True

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go on under TLS. Raises Lost, also for a certificate that is not trusted."""
        if self.waiting:  # plain text sent ahead would be taken for encrypted answers (CVE-2011-0411)
            raise Lost("the relay spoke, or hung up, between STARTTLS and the encryption")
        try:
            self._socket.settimeout(self._left())
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise Lost(f"the relay's certificate is not trusted: {error.verify_message}") from None
        except (OSError, ValueError) as error:
            raise Lost(f"no encryption with the relay: {_words(error)}") from None
        self._go_on()

    def write_some(self, octets: bytes) -> int:
        """Hand over what the system takes at once; returns how many octets. What is wrong shows with the next write."""
        try:
            return self._socket.send(octets)
        except OSError:
            return 0

    def write(self, octets: bytes, start: int = 0) -> None:
        """Hand all octets from `start` on to the system within one wait. Raises Lost."""
        ends: timedelta | None = None
        sent = start
        while sent < len(octets):
            try:
                sent += self._socket.send(memoryview(octets)[sent:])
            except (BlockingIOError, ssl.SSLWantWriteError):
                ends = ends or self._ends()
                self._await(self._writable, ends, "the relay stopped reading")
            except ssl.SSLWantReadError:
                ends = ends or self._ends()
                self._await(self._readable, ends, "the relay stopped reading")
            except OSError as error:
                unsent = sent == 0 and not isinstance(self._socket, ssl.SSLSocket)
                raise Lost(f"the connection broke while writing: {_words(error)}", unsent=unsent) from None

    def ask(self, command: str) -> Answer:
        """The answer to one command. Raises Lost, also where something nobody asked for would be taken for it."""
        if self.waiting:
            raise Lost("the relay hung up" if self._gone and not self._buffer else "the relay spoke out of turn")
        self.write(command.encode("ascii") + b"\r\n")
        return self.answer()

    def answer(self) -> Answer:
        """Read one answer, however many lines it has, within one wait. Raises Lost."""
        ends: timedelta | None = None
        code: bytes | None = None
        lines: list[str] = []
        size = 0
        while True:
            while (line := self._line()) is None:
                ends = ends or self._ends()
                self._read(ends)
            size += len(line)
            found = _LINE.fullmatch(line)
            if found is None or size > ANSWER_LIMIT or (code is not None and found[1] != code):
                raise Lost("the answer is not SMTP")
            code = found[1]
            lines.append(found[3].decode("utf-8", "replace").strip())
            if found[2] != b"-":
                return Answer(int(code), tuple(lines))

    def hang_up(self) -> None:
        """End the connection at once; may be called while another thread uses it."""
        try:
            # not SSLSocket's own: that would first let go of the encryption, and the other thread write without it
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self) -> None:
        try:
            self._socket.close()
        except OSError:
            pass

    def _line(self) -> bytes | None:
        """The next line of the buffer, if there is a whole one."""
        end = self._buffer.find(b"\n")
        if max(end, len(self._buffer) if end < 0 else 0) > LINE_LIMIT:
            raise Lost("the answer is not SMTP: a line without end")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def _read(self, ends: timedelta) -> None:
        """Wait for octets and add them to the buffer."""
        while not self._gone:
            self._await(self._readable, ends, "no answer in time")
            try:
                octets = self._socket.recv(_CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            except ssl.SSLWantWriteError:
                self._await(self._writable, ends, "no answer in time")
                continue
            except OSError as error:
                raise Lost(f"the connection broke while reading: {_words(error)}") from None
            self._buffer += octets
            self._gone = not octets
            if octets:
                return
        raise Lost("the relay closed the connection")

    def _await(self, poll: select.poll, ends: timedelta, otherwise: str) -> None:
        left = (ends - elapsed()) / _MILLISECOND
        if left <= 0 or not poll.poll(left):
            raise Lost(otherwise)

    def _ends(self) -> timedelta:
        """When a wait that begins now is over."""
        return min(elapsed() + self.patience, self.until)

    def _left(self) -> float:
        """Seconds that one wait may last. Raises TimeoutError."""
        left = (self._ends() - elapsed()).total_seconds()
        if left <= 0:
            raise TimeoutError("the time for this message is over")
        return left


def _words(error: Exception) -> str:
    """An error in a few words, without addresses of memory or Python's own names."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
