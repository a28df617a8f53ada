"""The guarded network under whatever goes out by HTTP: names resolved once, every address judged, one deadline.

It decides nothing about what is asked for or sent; adapters that speak HTTP share it and nothing else.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
import httpx

from syndication.core.addresses import judge, judge_url
from syndication.core.model import Outcome, Reach, Verdict

Resolver = Callable[[str, int], Iterable[str]]

_MOST_ADDRESSES = 6  # tried one after the other
_CHUNK = 65_536


class Refused(Exception):
    """An address that must not be connected to."""


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """Until when one exchange may last, whatever the far side does."""

    def __init__(self, timeout: timedelta) -> None:
        self._at = time.monotonic() + timeout.total_seconds()

    def left(self, most: float | None = None) -> float:
        """Seconds left, at most so many; raises httpcore.ReadTimeout when there are none."""
        rest = self._at - time.monotonic()
        if rest <= 0:
            raise httpcore.ReadTimeout("the time for the whole exchange ran out")
        return rest if most is None else min(rest, most)

    def put_off(self, seconds: float) -> None:
        """Do not count time that was spent waiting on purpose."""
        self._at += seconds


class JudgedNetwork(httpcore.NetworkBackend):
    """Connects to a judged address of a name and to no other. `written`: whether any of a request went out.

    With `most` a far side that sends more octets than that, in whatever part of its answer, is Refused."""

    def __init__(self, resolver: Resolver, deadline: Deadline, *, loopback: bool, most: int | None = None) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._loopback = loopback
        self._left = most
        self._plain = httpcore.SyncBackend()
        self.written = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception | None = None
        for address in self._judged(host, port)[:_MOST_ADDRESSES]:
            try:
                stream = self._plain.connect_tcp(address, port, self._deadline.left(timeout), None, socket_options)
                return _TimedStream(stream, self._deadline, self)
            except httpcore.ConnectError as error:
                failed = error
        raise failed or httpcore.ConnectError("the name has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.NetworkStream:
        raise Refused("only TCP is used")

    def sleep(self, seconds: float) -> None:
        time.sleep(self._deadline.left(seconds))

    def count(self, octets: int) -> None:
        if self._left is not None:
            self._left -= octets
            if self._left < 0:
                raise Refused("the answer does not end")

    def _judged(self, host: str, port: int) -> list[str]:
        """The addresses of a host. One that must not be connected to refuses the host as a whole."""
        addresses = _within(self._deadline, lambda: list(self._resolver(host, port)))
        for address in addresses:
            fault = judge(address, loopback=self._loopback)
            if fault is not None:
                raise Refused(f"{host} is refused: {fault}")
        return addresses


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every step ends by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline, network: JudgedNetwork) -> None:
        self._stream = stream
        self._deadline = deadline
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        octets = self._stream.read(max_bytes, self._deadline.left(timeout))
        self._network.count(len(octets))
        return octets

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _CHUNK):  # in pieces: a far side that takes one byte a second ends too
            left = self._deadline.left(timeout)
            self._network.written = True
            self._stream.write(buffer[start : start + _CHUNK], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(secure, self._deadline, self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _within(deadline: Deadline, ask: Callable[[], list[str]]) -> list[str]:
    """What `ask` returns, by the deadline: the system's resolver knows none of its own."""
    said: list[list[str]] = []
    failed: list[Exception] = []

    def answer() -> None:
        try:
            said.append(ask())
        except (OSError, ValueError) as error:
            failed.append(error)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if said:
        return said[0]
    raise httpcore.ConnectError(f"the name could not be resolved: {failed[0] if failed else 'it took too long'}")


# --- posting ---------------------------------------------------------------------------------

_LONGEST_WAIT = timedelta(days=1)  # a Retry-After beyond this is a slip
_LONGEST_HEAD = 65_536  # octets of an answer


@dataclass(frozen=True, slots=True)
class Posted:
    """What a far side answered to a POST. `retry_after` is what it asked for, at most a day."""

    status: int
    retry_after: timedelta | None = None


class Caller:
    """POSTs to one address that the settings name: no redirects, and nothing of an answer's body is read."""

    def __init__(
        self, url: str, *, user_agent: str, timeout: timedelta, loopback: bool = False, resolver: Resolver = resolve
    ) -> None:
        self._url = url
        self._user_agent = user_agent
        self._timeout = timeout
        self._loopback = loopback
        self._resolver = resolver
        self._tls = httpx.create_ssl_context(trust_env=False)

    def post(self, body: bytes, content_type: str) -> Posted | Outcome:
        """What was answered; an Outcome that holds for everything that goes there when nothing was."""
        try:
            return self._post(body, content_type)
        except Refused as error:
            return Outcome(verdict=Verdict.REFUSED, code="address", reason=str(error), reach=Reach.TRANSPORT)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            said = str(error) or type(error).__name__
            return Outcome(verdict=Verdict.DEFERRED, code="no answer", reason=said[:200], reach=Reach.TRANSPORT)

    def _post(self, body: bytes, content_type: str) -> Posted:
        target = judged_url(self._url)
        headers = {
            "Host": target.netloc.decode("ascii"),
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Connection": "close",
        }
        pairs = [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        asked = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
        network = JudgedNetwork(self._resolver, Deadline(self._timeout), loopback=self._loopback, most=_LONGEST_HEAD)
        # a connection is never used twice: what was allowed for one request is not allowed for the next
        pool = httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network, max_connections=1)
        with pool, pool.stream("POST", asked, headers=pairs, content=body) as response:
            return Posted(response.status, retry_after(response.headers))


def judged_url(url: str) -> httpx.URL:
    """The URL as it is connected to, judged in exactly that form. Raises Refused."""
    try:
        target = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Refused(f"the address is no URL: {error}") from None
    fault = judge_url(url.strip()) or judge_url(str(target))
    if fault is not None:
        raise Refused(f"the address is refused: {fault}")
    return target.copy_with(fragment=None)


def retry_after(headers: Iterable[tuple[bytes, bytes]], now: datetime | None = None) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds, or a date that counts from the answer's own clock, else from now; between 0
    and a day."""
    named = {name.lower(): value.decode("latin-1").strip() for name, value in headers}
    text = named.get(b"retry-after", "")
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
    until = _date(text)
    if until is None:
        return None
    return min(max(until - (_date(named.get(b"date", "")) or now or datetime.now(UTC)), timedelta()), _LONGEST_WAIT)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
