"""Signs finished mail: DKIM-Signature (RFC 6376) by RSA-SHA256, relaxed/simple, and by Ed25519 where wanted (RFC 8463).

It reads no key files and no clock, and changes no octet of the mail: a signature comes before its first field.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from syndication.core.signers import BadSigner, Signer, Transport, active, record, signer
from syndication.render import headers, mime
from syndication.render.headers import Header

__all__ = [
    "BadMessage",
    "BadSigner",
    "Signer",
    "Transport",
    "active",
    "join",
    "record",
    "seal",
    "sign",
    "signer",
]

# Oversigned: named once more than they are there, so that nobody can add one (RFC 6376 section 5.4.2).
_OVERSIGNED = (
    *("from", "to", "cc", "reply-to", "subject", "date"),
    *("list-id", "list-unsubscribe", "list-unsubscribe-post"),
    *("list-help", "list-subscribe", "list-owner", "list-archive", "list-post"),
    *("mime-version", "content-type", "content-transfer-encoding"),
)
# Signed where they are there.
_SIGNED = ("message-id", "in-reply-to", "references", "sender", "feedback-id", "auto-submitted", "precedence")

_FIELD_ENDS = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_NAME = re.compile(rb"[!-9;-~]+")  # RFC 5322 section 2.2
_PADDING, _SHA256 = PKCS1v15(), hashes.SHA256()


class BadMessage(ValueError):
    """Octets that are no mail: nothing can be signed."""


# Amazon SES puts its own Message-ID, Date and Feedback-ID (SES developer guide, "Header fields").
_REWRITTEN = {Transport.SMTP: frozenset[str](), Transport.SES: frozenset({"message-id", "date", "feedback-id"})}


# --- signing ---------------------------------------------------------------------------------


def sign(message: bytes, *signers: Signer, at: datetime) -> bytes:
    """The message with one signature of each Signer before it. Raises BadMessage.

    The same message, key and instant give the same octets. `at` must not lie ahead of the receivers' clocks."""
    header, gap, body = message.partition(b"\r\n\r\n")
    if not gap:
        raise BadMessage("a mail has an empty line, in CRLF, between its header and its body")
    names, lines = _parsed(header)
    return b"".join((*_signatures(names, lines, (body,), signers, at), message))


def join(letter: mime.Letter, *signers: Signer, text: mime.Part, html: mime.Part, at: datetime | None = None) -> bytes:
    """What `mime.join` makes of a Letter, signed; at the Letter's own date where no other instant is given."""
    boundary = mime.boundary_of(letter.message_id)
    header = headers.header(tuple(mime.fields(letter, boundary)))
    return seal(header, mime.body(boundary, text=text, html=html), *signers, at=at or letter.date)


def seal(header: Header, body: Sequence[bytes], *signers: Signer, at: datetime) -> bytes:
    """A signed mail from its header and the pieces of its body, of which only the last may end in empty lines."""
    signatures = _signatures(header.names, header.relaxed, body, signers, at) if signers else ()
    return b"".join((*signatures, *header.octets, b"\r\n", *body))


def _signatures(
    names: tuple[str, ...], lines: Sequence[bytes], body: Sequence[bytes], signers: Iterable[Signer], at: datetime
) -> list[bytes]:
    """The fields DKIM-Signature of a mail with these fields, by name and in relaxed form, from top to bottom.

    The body is hashed for every mail anew: where two readers' bodies begin alike they do so for too few octets to be
    worth a saved state."""
    if at.utcoffset() is None:
        raise BadMessage("the instant of a signature must know its offset")
    stamp = f"t={int(at.timestamp())}; bh={base64.b64encode(_body_hash(body)).decode()}"
    return [_signature(signer, names, lines, stamp) for signer in signers]


def _body_hash(body: Sequence[bytes]) -> bytes:
    """SHA-256 of the body in simple form: no empty lines at its end, one CRLF there (RFC 6376 section 3.4.3)."""
    *pieces, last = body
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(piece)
    end = len(last)
    while last.endswith(b"\r\n", 0, end):
        end -= 2
    hashed.update(memoryview(last)[:end])
    hashed.update(b"\r\n")
    return hashed.digest()


def _parsed(header: bytes) -> tuple[tuple[str, ...], list[bytes]]:
    """The names in lower case and the fields in relaxed form (RFC 6376 section 3.4.2)."""
    names, lines = [], []
    for line in _FIELD_ENDS.split(header):
        before, colon, after = line.partition(b":")
        name = before.rstrip(b" \t").lower()
        if not colon or not _NAME.fullmatch(name):
            raise BadMessage(f"the header has a line without a field's name: {line[:40]!r}")
        names.append(name.decode())
        lines.append(_relaxed(name, after))
    return tuple(names), lines


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _signature(signer: Signer, names: tuple[str, ...], lines: Sequence[bytes], stamp: str) -> bytes:
    """The field DKIM-Signature with its CRLF."""
    form = _form(signer, names)
    signed = b"\r\n".join([*[lines[n] for n in form.order], f"{form.relaxed} {stamp}; b=".encode()])
    code = base64.b64encode(form.sign(signed)).decode()
    folded = "\r\n ".join([code[n : n + 72] for n in range(0, len(code), 72)])
    return f"{form.folded}\r\n {stamp};\r\n b={folded}\r\n".encode()


@dataclass(frozen=True, slots=True)
class _Form:
    """How all signatures of a key over fields of these names begin, and which fields are signed, in which order."""

    order: tuple[int, ...]
    folded: str  # to 78 columns where names allow it
    relaxed: str
    sign: Callable[[bytes], bytes]


@lru_cache(maxsize=64)
def _form(signer: Signer, names: tuple[str, ...]) -> _Form:
    named, order = _order(names, signer.transport)
    lines = [f"DKIM-Signature: v=1; a={signer.algorithm}; c=relaxed/simple; d={signer.domain};"]
    lines.append(f" s={signer.selector}; h=")
    for n, name in enumerate(named):
        word = name + (":" if n + 1 < len(named) else ";")
        if len(lines[-1]) + len(word) > 77:
            lines.append(" ")
        lines[-1] += word
    relaxed = "dkim-signature:" + "".join(lines).removeprefix("DKIM-Signature: ")
    return _Form(order, "\r\n".join(lines), relaxed, _signing(signer.key))


def _order(names: tuple[str, ...], transport: Transport) -> tuple[list[str], tuple[int, ...]]:
    """The names to sign, and which fields those are: of several with one name the lowest first (section 5.4.2).

    A field that is there three times is named three times, and an oversigned one once more."""
    named, order = list[str](), list[int]()
    for name in (*_OVERSIGNED, *_SIGNED):
        if name not in _REWRITTEN[transport]:
            there = [n for n, other in enumerate(names) if other == name]
            named += [name] * (len(there) + (name in _OVERSIGNED))
            order += reversed(there)
    return named, tuple(order)


def _signing(key: RSAPrivateKey | Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    if isinstance(key, RSAPrivateKey):
        return lambda octets: key.sign(octets, _PADDING, _SHA256)
    return lambda octets: key.sign(hashlib.sha256(octets).digest())  # RFC 8463 section 3 signs the digest
