"""Asks one weather service over HTTP: a GET from one base address, within size, time and a number of calls.

It understands no answer. What it says names no query: keys are part of them.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode, urlsplit

import httpcore
import httpx

from syndication.adapters.guard import Deadline, JudgedNetwork, Refused, Resolver, resolve
from syndication.ports import Permanent, Transient

_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))
_BESIDE = 65_536  # octets of an answer's head
_LONGEST_WAIT = timedelta(days=1)
_LATER = frozenset((408, 425, 429))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, decoded body and headers (names in lower case)."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def instant(self, name: str) -> datetime | None:
        """The instant in a header, None where there is none."""
        return _instant(self.headers.get(name, ""))


class Web:
    """GETs from one base address that the settings name, without redirects. `calls`: how many were made."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout: timedelta = timedelta(seconds=10),
        max_bytes: int = 1_000_000,
        user_agent: str = "syndication",
        secrets: Sequence[str] = (),
        resolver: Resolver = resolve,
    ) -> None:
        if urlsplit(base_url).scheme not in ("http", "https"):
            raise ValueError(f"the address of a weather service must begin with https://, not {base_url[:60]!r}")
        self.calls = 0
        self._base_url = base_url.rstrip("/")
        self._host = urlsplit(base_url).hostname or ""
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._agent = user_agent
        self._secrets = tuple(form for secret in secrets if secret for form in (secret, quote(secret, safe="")))
        self._resolver = resolver
        self._tls = httpx.create_ssl_context(trust_env=False)

    def get(
        self, path: str, query: Mapping[str, str], *, until: float, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One answer, whatever its status, by `until` on the monotonic clock. Raises Transient, and Permanent for a
        redirect, a refused address and what is too large."""
        left = timedelta(seconds=until - time.monotonic())
        deadline = Deadline(min(self._timeout, left))
        network = JudgedNetwork(
            self._resolver, deadline, loopback=self._host in _LOOPBACK, most=self._max_bytes + _BESIDE
        )
        pool = httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network, max_connections=1)
        words = urlencode(query, quote_via=quote, safe="")
        url = f"{self._base_url}{path}" + (f"?{words}" if words else "")
        self.calls += 1
        try:
            with pool, pool.stream("GET", url, headers=self._headers(headers)) as response:
                return self._answer(response)
        except Refused as refused:
            raise Permanent(f"{self._host}: {refused}") from None
        except (httpcore.TimeoutException, TimeoutError):
            raise Transient(f"{self._host} took too long") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, zlib.error) as error:
            raise Transient(f"{self._host} could not be read: {type(error).__name__}") from None

    def told(self, words: str) -> str:
        """What a far side said without our keys: a gateway may repeat what it was sent."""
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words

    def _headers(self, more: Mapping[str, str] | None) -> list[tuple[str, str]]:
        own = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "close"}
        return list((own | dict(more or {})).items())

    def _answer(self, response: httpcore.Response) -> Answer:
        if 300 <= response.status < 400 and response.status != 304:
            raise Permanent(f"{self._host} redirects elsewhere (HTTP {response.status}): check its address")
        headers = dict(httpx.Headers(response.headers).items())
        packed = "gzip" in headers.get("content-encoding", "").lower()
        unpacker = zlib.decompressobj(wbits=31) if packed else None
        body = bytearray()
        for chunk in response.iter_stream():
            body += unpacker.decompress(chunk, self._max_bytes - len(body) + 1) if unpacker else chunk
            if len(body) > self._max_bytes:
                raise Permanent(f"{self._host} sent more than {self._max_bytes:,} bytes")
        return Answer(status=response.status, body=bytes(body), headers=headers)


def refuse_busy(answer: Answer, host: str) -> None:
    """Raises Transient, with the wait that was asked for, where a service says that it is busy or broken."""
    if answer.status in _LATER or answer.status >= 500:
        raise Transient(f"{host}: HTTP {answer.status}", retry_after=retry_after(answer))


def retry_after(answer: Answer) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds or a date, which counts from the answer's own clock."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
    until = _instant(text)
    if until is None:
        return None
    start = answer.instant("date") or datetime.now(UTC)
    return max(timedelta(0), min(until - start, _LONGEST_WAIT))


def _instant(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
