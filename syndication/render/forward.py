"""Builds the mail that brings a reader's answer to the newsroom: what was said, and the answer itself as it came.

It judges no answer and sends nothing. What came in is data: nothing of it becomes a line of our header unencoded.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from syndication.core.links import BadAddress, envelope_address
from syndication.render import headers
from syndication.render.headers import LINE_MAX, Field
from syndication.render.words import Words

LOOP = "X-Loop"
LARGEST = 5 * 1024 * 1024  # octets of an answer that are passed on; relays take 10 MB, encoded as they come
_WORDS_MAX = 4000
_LINE_BREAK = re.compile(b"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reader's answer, as far as it could be read."""

    octets: bytes
    subject: str
    writer: str  # the From address as written: anybody can write it
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Between whom it goes."""

    message_id: str
    at: datetime
    sender_name: str
    sender_address: str
    newsroom: str
    loop: str  # our mark: what comes back with it goes round in circles


def forward(answer: Answer, envelope: Envelope, say: Words) -> bytes:
    """The finished mail, ASCII and CRLF only: multipart/mixed of what was said and the enclosed answer.

    The newsroom's own answer goes to whom the From line names, where that is an address at all."""
    boundary = "=_" + hashlib.sha256(b"forward\0" + envelope.message_id.encode()).hexdigest()[:32]
    parts = (_text(answer, say), _enclosed(answer.octets))
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return headers.write(tuple(_fields(answer, envelope, boundary))) + b"\r\n" + body + f"--{boundary}--\r\n".encode()


def _fields(answer: Answer, envelope: Envelope, boundary: str) -> Iterator[Field]:
    yield headers.mailbox("From", envelope.sender_name, envelope.sender_address)
    yield headers.mailbox("To", "", envelope.newsroom)
    writer = _address(answer.writer)
    if writer is not None:
        yield headers.mailbox("Reply-To", "", writer)
    yield headers.unstructured("Subject", answer.subject[:300] or "-")
    yield headers.date("Date", envelope.at)
    yield headers.message_id("Message-ID", envelope.message_id)
    yield Field("Auto-Submitted", "auto-generated")
    yield Field("X-Auto-Response-Suppress", "All")
    yield headers.raw(LOOP, envelope.loop)
    yield Field("MIME-Version", "1.0")
    yield Field("Content-Type", f'multipart/mixed;\r\n boundary="{boundary}"')


def _address(writer: str) -> str | None:
    try:
        return envelope_address(writer)
    except BadAddress:
        return None


def _text(answer: Answer, say: Words) -> bytes:
    who = headers.one_line(answer.writer)[:200] or "-"
    lines = (
        say("독자가 다이제스트에 답장했습니다. 원문을 붙였습니다."),
        say("보낸 이(확인되지 않은 주소): {writer}", writer=who),
        "",
        answer.said[:_WORDS_MAX],
    )
    text = "\n".join(lines).encode("utf-8", "replace").replace(b"\n", b"\r\n")
    return _encoded("text/plain; charset=utf-8", text)


def _enclosed(octets: bytes) -> bytes:
    """The answer as message/rfc822, which may only travel as it is (RFC 2046 section 5.2.1); else as a file."""
    plain = _LINE_BREAK.sub(b"\r\n", octets[:LARGEST])
    fits = len(octets) <= LARGEST and plain.isascii() and b"\0" not in plain
    if fits and max(map(len, plain.split(b"\r\n"))) <= LINE_MAX:
        return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + plain
    return _encoded('application/octet-stream; name="reply.eml"', octets[:LARGEST], attached=True)


def _encoded(kind: str, octets: bytes, *, attached: bool = False) -> bytes:
    shown = 'Content-Disposition: attachment; filename="reply.eml"\r\n' if attached else ""
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{shown}\r\n"
    return head.encode() + base64.encodebytes(octets).replace(b"\n", b"\r\n")
