"""Gets feeds and pages over HTTP on behalf of settings: public addresses only, within size and time, politely.

It reads nothing of what it fetches, and connects to no address but the very one that was judged.
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from syndication.adapters.guard import Deadline, JudgedNetwork, Refused, Resolver, resolve
from syndication.core.addresses import judge_url
from syndication.ports import Fetched, Permanent, Transient

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MAX_REDIRECTS = 5
_LATER = frozenset((408, 425, 429))
_LONGEST_WAIT = timedelta(days=2)  # a Retry-After beyond this is a slip
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/html;q=0.9, "
    "application/json;q=0.9, */*;q=0.5"
)
_BESIDE = 1_048_576  # octets of one answer beside its body: header lines, sizes of chunks, answers of the kind 1xx
_MEMBERS = 1_000  # of one packed answer
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,1000}")


def shown(url: str) -> str:
    """A URL as it may be logged: without query, fragment, user name and password."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"[:300]
    except ValueError:
        return "an address that cannot be read"


def follow(url: str, ask: Callable[[str, bool], Fetched | str]) -> Fetched:
    """The answer at the end of at most five redirects. `ask` is told whether this is the address first named."""
    for turn in range(_MAX_REDIRECTS + 1):
        answer = ask(url, turn == 0)
        if isinstance(answer, Fetched):
            return answer
        url = answer
    raise Permanent(f"{shown(url)}: more than {_MAX_REDIRECTS} redirects")


class HttpFetcher:
    """Implements ports.Fetcher.

    `timeout` is for a whole fetch, redirects included and waiting for its turn not; `max_bytes` counts decoded bytes;
    `per_host_delay` lies between the starts of two requests of this process to one host."""

    def __init__(
        self,
        *,
        user_agent: str,
        timeout: timedelta = timedelta(seconds=30),
        max_bytes: int = 40_000_000,
        per_host_delay: timedelta = timedelta(seconds=1),
        resolver: Resolver | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._resolver = resolver or resolve
        self._turns = _Turns(per_host_delay)
        self._tls = httpx.create_ssl_context(trust_env=False)

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        loopback: bool = False,
        authorization: str | None = None,
    ) -> Fetched:
        """GET as ports.Fetcher says. At most five redirects, each judged anew and none to loopback."""
        deadline = Deadline(self._timeout)
        asked = self._asked(etag, last_modified)
        told = _authorized(asked, authorization)
        return follow(
            url, lambda at, first: self._hop(at, told if first else asked, deadline, loopback=loopback and first)
        )

    def _asked(self, etag: str | None, last_modified: str | None) -> Mapping[str, str]:
        asked = {
            "User-Agent": self._user_agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip",  # the one encoding that is unpacked within bounds below
            "Connection": "close",
        }
        validators = (("If-None-Match", etag), ("If-Modified-Since", last_modified))
        return asked | {name: value for name, value in validators if value and _VALIDATOR.fullmatch(value)}

    def _hop(self, url: str, asked: Mapping[str, str], deadline: Deadline, *, loopback: bool) -> Fetched | str:
        """The answer of one address, or the address it redirects to."""
        target = _target(url)
        deadline.put_off(self._turns.wait(target.host))
        network = JudgedNetwork(self._resolver, deadline, loopback=loopback, most=self._max_bytes + _BESIDE)
        # a connection is never used twice: what was allowed for one request is not allowed for the next
        pool = httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network, max_connections=1)
        try:
            with pool, pool.stream("GET", _core_url(target), headers=_core_headers(target, asked)) as response:
                return self._answer(target, response, asked)
        except (Refused, httpcore.UnsupportedProtocol) as error:
            raise Permanent(f"{shown(str(target))}: {error}") from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError, zlib.error) as error:
            raise Transient(f"{shown(str(target))}: {_words(error)}") from None

    def _answer(self, url: httpx.URL, response: httpcore.Response, asked: Mapping[str, str]) -> Fetched | str:
        headers = httpx.Headers(response.headers)
        where, status = str(url), response.status
        if status in _REDIRECTS:
            return _redirected(url, headers)
        if status == 304 and ("If-None-Match" in asked or "If-Modified-Since" in asked):
            return Fetched(
                url=where,
                body=None,
                etag=headers.get("etag") or asked.get("If-None-Match"),
                last_modified=headers.get("last-modified") or asked.get("If-Modified-Since"),
            )
        if status == 410:
            return Fetched(url=where, body=b"", ended=True)
        if status >= 500 or status in _LATER or status == 304:
            raise Transient(f"{shown(where)}: HTTP {status}", retry_after=_retry_after(headers))
        if not 200 <= status < 300 or status == 206:
            raise Permanent(f"{shown(where)}: HTTP {status}", status=status)
        return Fetched(
            url=where,
            body=_body(where, response, headers, self._max_bytes),
            content_type=headers.get("content-type", ""),
            etag=headers.get("etag"),
            last_modified=headers.get("last-modified"),
        )


def _authorized(asked: Mapping[str, str], authorization: str | None) -> Mapping[str, str]:
    if authorization is None:
        return asked
    if not _VALIDATOR.fullmatch(authorization):
        raise Permanent("what is to be said as authorization cannot stand in a header")
    return {**asked, "Authorization": authorization}


# --- addresses -------------------------------------------------------------------------------


def _target(url: str) -> httpx.URL:
    """The URL as it is connected to, judged in exactly that form. Raises Permanent."""
    try:
        target = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Permanent(f"{shown(url)}: not a URL: {error}") from None
    fault = judge_url(url.strip()) or judge_url(str(target))
    if fault is None and "%" in target.host:
        fault = "an address with a zone is no public one"
    if fault is not None:
        raise Permanent(f"{shown(url)}: refused: {fault}")
    return target.copy_with(fragment=None)


def _redirected(url: httpx.URL, headers: httpx.Headers) -> str:
    location = headers.get("location", "").strip()
    if not location:
        raise Permanent(f"{shown(str(url))}: a redirect that names no address")
    try:
        return str(url.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise Permanent(f"{shown(str(url))}: redirects to what is no URL: {error}") from None


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _core_headers(url: httpx.URL, asked: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    pairs = [("Host", url.netloc.decode("ascii")), *asked.items()]
    return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in pairs]


def _words(error: Exception) -> str:
    said = str(error) or type(error).__name__
    return said if not isinstance(error, TimeoutError | httpcore.TimeoutException) else f"it took too long ({said})"


# --- answers ---------------------------------------------------------------------------------


def _body(where: str, response: httpcore.Response, headers: httpx.Headers, limit: int) -> bytes:
    """The decoded body within the limit, counted while it comes in. Raises Permanent for too large."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Permanent(f"{shown(where)}: sent in an encoding that was not asked for: {encoding[:40]}")
    taken = _Taken(limit, packed="gzip" in encoding)
    stated = headers.get("content-length", "")
    if stated.isdigit() and int(stated[:20]) > limit:
        raise Permanent(f"{shown(where)}: larger than {limit:,} bytes")
    for chunk in response.iter_stream():
        if not taken.take(chunk):
            raise Permanent(f"{shown(where)}: larger than {limit:,} bytes")
    return taken.whole()


@dataclass(slots=True)
class _Taken:
    """Bytes taken so far, unpacked where packed, never more than the limit."""

    limit: int
    packed: bool
    raw: int = 0
    members: int = 0
    body: bytearray = field(default_factory=bytearray)
    _unpacker: Any = None

    def take(self, chunk: bytes) -> bool:
        """Whether the limit still holds with `chunk`."""
        self.raw += len(chunk)
        if self.packed:
            self._unpack(chunk)
        else:
            self.body += chunk
        return len(self.body) <= self.limit and self.raw <= self.limit + 65_536

    def whole(self) -> bytes:
        if self.packed and self.raw and (self._unpacker is None or not self._unpacker.eof):
            raise zlib.error("the packed answer was cut off")
        return bytes(self.body)

    def _unpack(self, chunk: bytes) -> None:
        """RFC 1952: one or more members; what follows the last one and is none is left."""
        while chunk and len(self.body) <= self.limit:
            if self._unpacker is not None and self._unpacker.eof:
                if not chunk.startswith(b"\x1f\x8b"):
                    return
                self._unpacker = None
            if self._unpacker is None:
                self._unpacker = zlib.decompressobj(wbits=31)
                self.members += 1
                if self.members > _MEMBERS:  # each may be empty: they cost time and give nothing
                    raise zlib.error("the packed answer has too many members")
            self.body += self._unpacker.decompress(chunk, self.limit - len(self.body) + 1)
            chunk = self._unpacker.unconsumed_tail or self._unpacker.unused_data


def _retry_after(headers: httpx.Headers) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds or a date; a date counts from the answer's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
    until = _date(text)
    if until is None:
        return None
    start = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(timedelta(0), min(until - start, _LONGEST_WAIT))


def _date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


# --- politeness ------------------------------------------------------------------------------


class _Turns:
    """Lets requests to one host start no closer together than the delay."""

    def __init__(self, delay: timedelta) -> None:
        self._delay = delay.total_seconds()
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def wait(self, host: str) -> float:
        """Wait for this host's turn; returns the seconds waited."""
        with self._lock:
            now = time.monotonic()
            self._next = {h: at for h, at in self._next.items() if at > now}
            start = max(now, self._next.get(host, now))
            self._next[host] = start + self._delay
        time.sleep(start - now)
        return start - now
