"""Builds a mail: header fields in one fixed order around a text part and an html part.

It renders nothing, sends nothing and knows no chance: the same Letter gives the same bytes in every process.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndication.render import headers
from syndication.render.headers import Field, Header

_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile(b"\r?\n")

_ONE_CLICK = Field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
_BULK = Field("Precedence", "bulk")
_NO_AUTO_RESPONSE = Field("X-Auto-Response-Suppress", "All")
_MIME = Field("MIME-Version", "1.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail to one recipient, before it is bytes.

    With `unsubscribe_url` it is bulk mail that offers one-click (RFC 8058); without, an ordinary message.
    `auto_submitted` marks an answer to something the recipient did, such as a confirmation (RFC 3834).
    `tags` are extra fields in their order, names beginning with X-."""

    message_id: str  # with or without angle brackets; the boundary is made from it
    date: datetime  # aware
    subject: str
    sender_name: str
    sender_address: str
    recipient: str
    recipient_name: str = ""
    reply_to: str | None = None
    list_id: str | None = None  # daily.news.example
    list_name: str = ""
    unsubscribe_url: str | None = None
    unsubscribe_mailto: str | None = None
    feedback_id: str | None = None  # campaign:list:stream:sender
    auto_submitted: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The body of one part, transfer-encoded: ASCII lines of at most 76 columns, CRLF between them.

    In pieces, so that what readers share is copied once for each of them: into the finished mail."""

    encoding: str  # base64 or quoted-printable
    pieces: Sequence[bytes]

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


def build(letter: Letter) -> bytes:
    """The finished mail: multipart/alternative, text first, ASCII only, CRLF only.

    Raises headers.BadHeader or core.links.BadAddress with a sentence on what cannot be written."""
    return join(letter, text=encode(letter.text), html=encode(letter.html))


def join(letter: Letter, *, text: Part, html: Part) -> bytes:
    """The finished mail from parts that were encoded before; `letter.html` and `letter.text` are not looked at."""
    boundary = boundary_of(letter.message_id)
    return b"".join((headers.write(tuple(fields(letter, boundary))), b"\r\n", *body(boundary, text=text, html=html)))


def body(boundary: str, *, text: Part, html: Part) -> tuple[bytes, ...]:
    """The octets after the empty line, in pieces so that nothing large is copied; the last ends with its CRLF."""
    return (
        _part_head(boundary, "plain", text.encoding),
        *text.pieces,
        b"\r\n" + _part_head(boundary, "html", html.encoding),
        *html.pieces,
        f"\r\n--{boundary}--\r\n".encode(),
    )


def _part_head(boundary: str, subtype: str, encoding: str) -> bytes:
    kind, how = f"text/{subtype}; charset=utf-8", encoding
    return f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {how}\r\n\r\n".encode()


# --- header ----------------------------------------------------------------------------------


def fields(letter: Letter, boundary: str) -> Iterator[Field]:
    """The header fields in their order."""
    yield headers.mailbox("From", letter.sender_name, letter.sender_address)
    yield headers.mailbox("To", letter.recipient_name, letter.recipient)
    if letter.reply_to is not None:
        yield headers.mailbox("Reply-To", "", letter.reply_to)
    yield headers.unstructured("Subject", letter.subject)
    yield headers.date("Date", letter.date)
    yield headers.message_id("Message-ID", letter.message_id)
    yield from _list_fields(letter)
    yield from _robot_fields(letter)
    for name, value in letter.tags:
        yield _tag(name, value)
    yield _MIME
    yield content_type(boundary)


def content_type(boundary: str) -> Field:
    return Field("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"')


def _list_fields(letter: Letter) -> Iterator[Field]:
    if letter.list_id is not None:
        yield headers.list_id(letter.list_name, letter.list_id)
    if letter.unsubscribe_url is not None:
        yield headers.list_unsubscribe(letter.unsubscribe_url, letter.unsubscribe_mailto)
        yield _ONE_CLICK


def _robot_fields(letter: Letter) -> Iterator[Field]:
    """What keeps machines from answering this mail, and tells receivers what kind of mail it is."""
    if letter.auto_submitted:
        yield Field("Auto-Submitted", "auto-generated")
    if letter.unsubscribe_url is not None:
        yield _BULK
    yield _NO_AUTO_RESPONSE
    if letter.feedback_id is not None:
        yield headers.raw("Feedback-ID", letter.feedback_id)


def _tag(name: str, value: str) -> Field:
    if not name.lower().startswith("x-"):
        raise headers.BadHeader(f"{name}: the name of an extra field must begin with X-")
    return headers.unstructured(name, value)


def boundary_of(message_id: str) -> str:
    """A boundary that is the same for the same message for ever.

    It holds `=_`, which can stand in no base64 and no quoted-printable line (RFC 2045 section 6.7)."""
    bare = message_id.removeprefix("<").removesuffix(">")
    return "=_" + hashlib.sha256(b"boundary\0" + bare.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What is one Letter's own among many that are alike."""

    message_id: str
    subject: str
    recipient: str
    reply_to: str | None
    unsubscribe_url: str
    unsubscribe_mailto: str | None


class Form:
    """The header of many Letters that are alike: what they share is written once."""

    def __init__(self, letter: Letter) -> None:
        """`letter` is any of them, with `unsubscribe_url`."""
        self._names, self._octets, self._relaxed = headers.header(tuple(fields(letter, "")))
        self._places = {name: n for n, name in enumerate(self._names)}

    def header(self, own: Own, boundary: str) -> Header:
        """What `fields` gives for the Letter with these values in their places."""
        octets, relaxed = self._octets.copy(), self._relaxed.copy()
        for field in self._own(own, boundary):
            place = self._places[field.key]
            octets[place], relaxed[place] = field.octets, field.relaxed
        return Header(self._names, octets, relaxed)

    def _own(self, own: Own, boundary: str) -> Iterator[Field]:
        yield headers.mailbox("To", "", own.recipient)
        if own.reply_to is not None:
            yield headers.mailbox("Reply-To", "", own.reply_to)
        yield headers.unstructured("Subject", own.subject)
        yield headers.message_id("Message-ID", own.message_id)
        yield headers.list_unsubscribe(own.unsubscribe_url, own.unsubscribe_mailto)
        yield content_type(boundary)


# --- bodies ----------------------------------------------------------------------------------


def canonical(text: str) -> bytes:
    """Text as it travels: UTF-8, every line break as CRLF (RFC 2045 section 6.8), lone surrogates as U+FFFD."""
    try:
        octets = text.encode()
    except UnicodeEncodeError:
        octets = _SURROGATES.sub("\ufffd", text).encode()
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def encode(text: str) -> Part:
    """A part's text in the shorter of quoted-printable and base64, always lines of at most 76 columns."""
    octets = canonical(text)
    b64 = _base64(octets)
    if _mostly_plain(octets):
        printable = _quoted_printable(octets)
        if printable is not None and len(printable) <= len(b64):
            return Part(encoding="quoted-printable", pieces=(printable,))
    return Part(encoding="base64", pieces=(b64,))


def _mostly_plain(octets: bytes) -> bool:
    """A quick look at whether quoted-printable could be the shorter one: it spends 3 columns on each odd octet."""
    odd = len(octets) - len(octets.translate(None, bytes(range(0x80, 0x100)) + b"="))
    return odd * 5 <= len(octets)


def _base64(octets: bytes) -> bytes:
    code = base64.b64encode(octets)
    return b"\r\n".join(code[n : n + 76] for n in range(0, len(code), 76))


def _quoted_printable(octets: bytes) -> bytes | None:
    """Quoted-printable lines, or None where they would not be safe on every way.

    Unsafe are a lone CR, which the encoder would let through, a line beginning with `From `, which some mail stores
    change, and a blank that the encoder puts beyond the last column."""
    if octets.count(b"\r") != octets.count(b"\r\n"):
        return None
    code = binascii.b2a_qp(octets, quotetabs=False, istext=True, header=False)
    lines = _LINE_BREAK.split(code)
    if any(line.startswith(b"From ") or len(line) > 76 for line in lines):
        return None
    return b"\r\n".join(lines)
