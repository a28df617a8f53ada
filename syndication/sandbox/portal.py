"""A loopback partner portal: takes signed webhooks (Standard Webhooks 1.0.0), keeps each as a file, fails on demand.

It verifies by its own reading of the specification, so that it can catch a sender's mistakes; it calls nobody.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from syndication.sandbox.loopback import HttpServer, QuietHandler, append_line, file_name, run, write_whole

LOG = "received.log"
RECEIPT_HEADER = "Receipt-Id"

_WINDOW = timedelta(minutes=5)
_BODY_MAX = 20 * 2**20
_LONGEST_DELAY = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One document that was taken, once per webhook-id."""

    receipt: str
    webhook_id: str
    received_at: datetime  # by the portal's clock
    content_type: str
    headers: Mapping[str, str]  # names in lower case; without the signature
    body: str
    path: Path


class Rejected(Exception):
    """A webhook that is not taken; the status and the words that say why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Portal(HttpServer):
    """Takes webhooks at any path until stopped. `now` is its clock; this machine's unless told otherwise.

    Faults come by the query of the address posted to: `status=503` answers so (`retry_after=30` and `location=…` are
    sent along), `drop=before` or `drop=after` hangs up before or after taking the document, `delay=2` waits so many
    seconds before answering; `times=3` limits the fault to the first three attempts of each webhook-id."""

    def __init__(
        self, folder: Path, secrets: Sequence[str], port: int = 0, *, now: Callable[[], datetime] | None = None
    ) -> None:
        desk = _Desk(folder=folder, keys=tuple(_key(secret) for secret in secrets), now=now or real_time)
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(type("Handler", (_Handler,), {"desk": desk}), port)


def real_time() -> datetime:
    return datetime.now(UTC)


def clock_of(file: Path) -> Callable[[], datetime]:
    """A clock shifted by the seconds that a JSON file `{"offset": …}` names at that moment; unshifted without it."""

    def now() -> datetime:
        try:
            offset = float(json.loads(file.read_bytes())["offset"])
        except (OSError, ValueError, KeyError, TypeError):
            offset = 0.0
        return real_time() + timedelta(seconds=offset)

    return now


@dataclass(slots=True, kw_only=True)
class _Desk:
    """What all connections share."""

    folder: Path
    keys: tuple[bytes, ...]
    now: Callable[[], datetime]
    lock: threading.Lock = field(default_factory=threading.Lock)
    attempts: Counter[str] = field(default_factory=Counter)

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[str, bool]:
        """The receipt of a verified document, and whether it is new. Raises Rejected."""
        webhook_id = verify(headers, body, keys=self.keys, now=self.now())
        receipt = hashlib.sha256(f"receipt\0{webhook_id}".encode()).hexdigest()[:16]
        path = self.folder / f"{file_name(webhook_id)[:120]}.{receipt}.json"
        with self.lock:
            new = not path.exists()
            if new:
                write_whole(path, _document(receipt, webhook_id, self.now(), headers, body))
            line = (webhook_id, receipt, self.now().isoformat(), "new" if new else "again")
            append_line(self.folder / LOG, "\t".join(line))
        return receipt, new

    def attempt(self, webhook_id: str) -> int:
        """Which attempt for this id this is, from 1."""
        with self.lock:
            self.attempts[webhook_id] += 1
            return self.attempts[webhook_id]


def verify(headers: Mapping[str, str], body: bytes, *, keys: Sequence[bytes], now: datetime) -> str:
    """The webhook-id of a document that one of `keys` signed within five minutes of `now`. Raises Rejected.

    `headers` has its names in lower case. Standard Webhooks 1.0.0, section "Webhook headers and signature scheme"."""
    webhook_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not webhook_id or not stamp or not given:
        raise Rejected(400, "webhook-id, webhook-timestamp and webhook-signature must be there")
    if not re.fullmatch(r"[\x21-\x7e]{1,256}", webhook_id) or not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise Rejected(400, "webhook-id or webhook-timestamp is not well formed")
    signed = f"{webhook_id}.{stamp}.".encode() + body
    wanted = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in keys]
    words = [word.partition(",")[2].encode() for word in given.split() if word.startswith("v1,")]
    matches = [hmac.compare_digest(word, want) for word in words for want in wanted]  # all of them, in constant time
    if not any(matches):
        raise Rejected(401, "the signature is not right")
    if abs(now.timestamp() - int(stamp)) > _WINDOW.total_seconds():
        raise Rejected(401, "the timestamp is more than five minutes off")
    return webhook_id


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError("a webhook secret is whsec_ and the base64 of 24 to 64 octets")
    return key


def _document(receipt: str, webhook_id: str, at: datetime, headers: Mapping[str, str], body: bytes) -> bytes:
    kept = {name: value for name, value in sorted(headers.items()) if name != "webhook-signature"}
    document = {
        "receipt": receipt,
        "webhook_id": webhook_id,
        "received_at": at.isoformat(),
        "headers": kept,
        "sha256": hashlib.sha256(body).hexdigest(),
        "body": body.decode("utf-8", "replace"),
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


class _Handler(QuietHandler):
    desk: _Desk

    def do_POST(self) -> None:  # noqa: N802 - the base class calls it by this name
        body = self._body()
        if body is None:
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self._fault(headers.get("webhook-id", ""))
        if fault.get("drop") == "before":
            self.close_connection = True
            return
        if "status" in fault:
            self._fail(fault)
            return
        try:
            receipt, new = self.desk.take(headers, body)
        except Rejected as rejected:
            self.reply(rejected.status, f"{rejected}\n".encode())
            return
        if fault.get("drop") == "after":
            self.close_connection = True
            return
        time.sleep(_seconds(fault.get("delay", "0")))
        answer = json.dumps({"receipt": receipt, "new": new}).encode()
        self.reply(200, answer, "application/json", headers={RECEIPT_HEADER: receipt})

    def do_GET(self) -> None:  # noqa: N802 - as above
        self.reply(405, b"Webhooks are posted here.\n", headers={"Allow": "POST"})

    def _body(self) -> bytes | None:
        """The whole body; None when it was refused."""
        length = self.headers.get("Content-Length", "")
        refusal = None
        if not re.fullmatch("[0-9]{1,12}", length):
            refusal = (411, b"Content-Length is needed.\n")
        elif int(length) > _BODY_MAX:
            refusal = (413, b"That is too large.\n")
        if refusal is not None:
            self.close_connection = True
            self.reply(*refusal, headers={"Connection": "close"})
            return None
        body = self.rfile.read(int(length))
        return body if len(body) == int(length) else None

    def _fault(self, webhook_id: str) -> Mapping[str, str]:
        """What the query asks to go wrong in this attempt."""
        query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        times = query.pop("times", "")
        attempt = self.desk.attempt(webhook_id)
        return {} if re.fullmatch("[0-9]{1,9}", times) and attempt > int(times) else query

    def _fail(self, fault: Mapping[str, str]) -> None:
        status = int(fault["status"]) if re.fullmatch("[2345][0-9][0-9]", fault["status"]) else 500
        time.sleep(_seconds(fault.get("delay", "0")))
        more = {"Retry-After": fault.get("retry_after"), "Location": fault.get("location")}
        safe = {name: value for name, value in more.items() if value and re.fullmatch(r"[\x20-\x7e]{1,500}", value)}
        self.reply(status, b"As the address asked for.\n", headers=safe)


def _seconds(words: str) -> float:
    return min(float(words), _LONGEST_DELAY) if re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]{1,6})?", words) else 0.0


# --- reading ---------------------------------------------------------------------------------


def receipts(folder: Path) -> Sequence[Receipt]:
    """What was taken, newest first."""
    found = [_read(path) for path in folder.glob("*.json")]
    return sorted(found, key=lambda receipt: (receipt.received_at, receipt.webhook_id), reverse=True)


def _read(path: Path) -> Receipt:
    document = json.loads(path.read_bytes())
    return Receipt(
        receipt=document["receipt"],
        webhook_id=document["webhook_id"],
        received_at=datetime.fromisoformat(document["received_at"]),
        content_type=document["headers"].get("content-type", ""),
        headers=document["headers"],
        body=document["body"],
        path=path,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m syndication.sandbox.portal", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--clock", type=Path, help="file that says by how many seconds the clock is shifted")
    parser.add_argument(
        "--secret-from", default="PORTAL_SECRETS", help="environment variable with whsec_ secrets, parted by blanks"
    )
    asked = parser.parse_args(arguments)
    try:
        secrets = os.environ.get(asked.secret_from, "").split()
        if not secrets:
            raise ValueError("no secret is set")
        now = real_time if asked.clock is None else clock_of(asked.clock)
        portal = Portal(asked.folder, secrets, asked.port, now=now)
    except ValueError as error:
        print(f"environment variable {asked.secret_from}: {error}", file=sys.stderr)
        return 2
    return run(portal)


if __name__ == "__main__":
    sys.exit(main())
