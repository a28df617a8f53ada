"""Pushes documents to Partners as signed webhooks (Standard Webhooks 1.0.0) and tells what each attempt came to.

It builds no documents and keeps nothing: whether and when to try again is the outbox's affair. Rule sources:
github.com/standard-webhooks/standard-webhooks (spec), RFC 9110 §10.2.3 (Retry-After) and §15 (status codes).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpcore
import httpx

from syndication.adapters.guard import Deadline, JudgedNetwork, Refused, Resolver, judged_url, resolve, retry_after
from syndication.core.model import Outcome, Verdict
from syndication.ports import Push

USER_AGENT = "syndication"
SEQUENCE_HEADER = "X-Sequence"  # rising per Partner: a gap or a step back shows
MAX_ANSWER = 65_536  # octets of an answer's body that are looked at

_AGAIN_4XX = frozenset((408, 409, 425, 429))
_MOVED_FOR_GOOD = frozenset((301, 308))
_RECEIPT_HEADERS = (b"webhook-receipt", b"receipt-id", b"x-receipt-id", b"x-request-id", b"request-id")
_PLAIN_ID = re.compile(r"[A-Za-z0-9_~:/@+-]{1,128}")
_PLAIN_RECEIPT = re.compile(r"[\x21-\x7e]{1,200}")


class BadSecret(ValueError):
    """A signing secret that cannot sign. The message never holds the secret."""


class WebhookPortal:
    """Implements ports.Portal. One connection per push, no redirects, `timeout` for the whole exchange.

    What an attempt comes to:
    accepted — 2xx, whatever becomes of the rest of the answer.
    refused — 410 (the Partner disabled the endpoint), 301 and 308 (it moved: change the profile), other 4xx, an address
    that must not be connected to. A repeat would end the same way.
    deferred — 408, 409 (a repeat overtook the first attempt), 425, 429, 5xx and other 3xx; no name, connection or valid
    certificate; no usable secret (the operator can mend it in time). Also a timeout or reset after the document was
    written: it may have arrived, but the webhook-id stays the same, so the repeat is harmless to a Partner that keeps
    to the standard. Never uncertain.
    """

    def __init__(
        self,
        timeout: timedelta = timedelta(seconds=20),
        *,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._timeout = timeout
        self._resolver = resolver
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._user_agent = user_agent

    def push(self, push: Push) -> Outcome:
        """One attempt. Never raises for what the far side does."""
        try:
            target = judged_url(push.url)
            headers = self._headers(push, target)
        except Refused as error:
            return Outcome(verdict=Verdict.REFUSED, code="address", reason=str(error))
        except BadSecret as error:
            return Outcome(verdict=Verdict.DEFERRED, code="secret", reason=str(error))
        return self._attempt(push, target, headers)

    def _headers(self, push: Push, target: httpx.URL) -> list[tuple[bytes, bytes]]:
        named = {
            "Host": target.netloc.decode("ascii"),
            "Content-Type": push.content_type,
            "Content-Length": str(len(push.body)),
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Connection": "close",
            SEQUENCE_HEADER: str(push.sequence),
            **signed_headers(push),
        }
        return [(name.encode("ascii"), value.encode("latin-1", "replace")) for name, value in named.items()]

    def _attempt(self, push: Push, target: httpx.URL, headers: list[tuple[bytes, bytes]]) -> Outcome:
        deadline = Deadline(self._timeout)
        network = JudgedNetwork(self._resolver, deadline, loopback=push.loopback)
        url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
        # a connection is never used twice: what was allowed for one Partner is not allowed for the next
        pool = httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network, max_connections=1)
        try:
            with pool, pool.stream("POST", url, headers=headers, content=push.body) as response:
                return _outcome(response, push.at)
        except Refused as error:
            return Outcome(verdict=Verdict.REFUSED, code="address", reason=str(error))
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return _unanswered(error, written=network.written)


# --- signing ---------------------------------------------------------------------------------


def signed_headers(push: Push) -> dict[str, str]:
    """webhook-id, -timestamp and -signature of one attempt: one signature per secret, so that secrets can rotate."""
    marked, stamp = webhook_id(push.key), str(int(push.at.timestamp()))
    content = b".".join((marked.encode("ascii"), stamp.encode("ascii"), push.body))
    signatures = [_signature(key, content) for key in _signing_keys(push.secrets)]
    return {"webhook-id": marked, "webhook-timestamp": stamp, "webhook-signature": " ".join(signatures)}


def webhook_id(key: str) -> str:
    """The key itself; its hash where it holds a full stop, which the standard forbids, or what headers cannot carry."""
    if _PLAIN_ID.fullmatch(key):
        return key
    return f"msg_{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


def _signing_keys(secrets: Sequence[str]) -> list[bytes]:
    keys = [_signing_key(secret) for secret in secrets]
    if not keys:
        raise BadSecret("this partner has no signing secret: set the environment name that its profile gives")
    return keys


def _signing_key(secret: str) -> bytes:
    body = secret.strip()
    try:
        key = base64.b64decode(body.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not body.startswith("whsec_") or not key:
        raise BadSecret("a signing secret of this partner is not of the form whsec_ and base64")
    return key


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode("ascii")


# --- answers ---------------------------------------------------------------------------------


def _outcome(response: httpcore.Response, at: datetime) -> Outcome:
    status = response.status
    code = f"HTTP {status}"
    if 200 <= status < 300:
        return Outcome(verdict=Verdict.ACCEPTED, code=code, receipt=_receipt(response))
    if status == 410:
        return Outcome(verdict=Verdict.REFUSED, code=code, reason="partner disabled")
    if status in _MOVED_FOR_GOOD:
        return Outcome(verdict=Verdict.REFUSED, code=code, reason=f"the endpoint moved{_whither(response)}")
    if status in _AGAIN_4XX or status >= 500 or 300 <= status < 400:
        wait = retry_after(response.headers, at)
        return Outcome(verdict=Verdict.DEFERRED, code=code, reason="not taken now", retry_after=wait)
    return Outcome(verdict=Verdict.REFUSED, code=code, reason="not accepted by the partner")


def _receipt(response: httpcore.Response) -> str:
    """The far side's id for it, else the hash of what it answered. The 2xx stands even if the rest never comes."""
    named = {name.lower(): value.decode("latin-1").strip() for name, value in response.headers}
    for header in _RECEIPT_HEADERS:
        if _PLAIN_RECEIPT.fullmatch(named.get(header, "")):
            return named[header]
    return f"sha256:{hashlib.sha256(_body(response)).hexdigest()[:32]}"


def _body(response: httpcore.Response) -> bytes:
    taken = b""
    try:
        for chunk in response.iter_stream():
            taken += chunk
            if len(taken) >= MAX_ANSWER:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
        pass
    return taken[:MAX_ANSWER]


def _whither(response: httpcore.Response) -> str:
    for name, value in response.headers:
        if name.lower() == b"location":
            return f" to {value.decode('latin-1').partition('?')[0][:200]!a}"
    return ""


def _unanswered(error: Exception, *, written: bool) -> Outcome:
    said = str(error) or type(error).__name__
    if isinstance(error, (TimeoutError, httpcore.TimeoutException)):
        code, said = "timeout", f"it took too long ({said})"
    else:
        code = "answer" if isinstance(error, httpcore.ProtocolError) else "connection"
    where = "before anything was sent"
    if written:
        where = "after the document was handed over; its id makes a repeat harmless"
    return Outcome(verdict=Verdict.DEFERRED, code=code, reason=f"no answer {where}: {said[:300]}")
