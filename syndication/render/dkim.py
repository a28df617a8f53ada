"""Signs finished mail: DKIM-Signature (RFC 6376) by RSA-SHA256, relaxed/simple, and by Ed25519 where wanted (RFC 8463).

It reads no key files and no clock, and changes no octet of the mail: a signature comes before its first field.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import idna
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from syndication.render import headers, mime
from syndication.render.headers import Field

SMALLEST_RSA, LARGEST_RSA = 2048, 4096  # bits; verifiers must know no larger ones (RFC 8301 section 3.2)

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
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


class BadSigner(ValueError):
    """A domain, selector or key that cannot sign; the message says why and never what the key is."""


class BadMessage(ValueError):
    """Octets that are no mail: nothing can be signed."""


class Transport(StrEnum):
    """Which way a signed mail goes; some ways write fields of their own over ours."""

    SMTP = "smtp"
    SES = "ses"


# Amazon SES puts its own Message-ID, Date and Feedback-ID (SES developer guide, "Header fields").
_REWRITTEN = {Transport.SMTP: frozenset[str](), Transport.SES: frozenset({"message-id", "date", "feedback-id"})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A domain's key under its selector, loaded once."""

    domain: str  # A-label
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)
    transport: Transport = Transport.SMTP

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"


def signer(domain: str, selector: str, pem: bytes, *, transport: Transport = Transport.SMTP) -> Signer:
    """A Signer from an unencrypted PEM private key, RSA of 2048 to 4096 bits or Ed25519. Raises BadSigner."""
    try:
        host = idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise BadSigner(f"the signing domain {domain!r} is not a valid name: {error}") from None
    if not _SELECTOR.fullmatch(selector):
        raise BadSigner(f"the selector {selector!r} is no name: small letters, digits and hyphens, parts by dots")
    return Signer(domain=host, selector=selector, key=_key(pem), transport=transport)


def _key(pem: bytes) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise BadSigner("the signing key is encrypted; give it without a password, in a file of mode 0600") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadSigner("the signing key is no PEM private key: openssl genrsa -out dkim.pem 2048") from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise BadSigner("the signing key is of a kind that DKIM does not know; RSA (or Ed25519) is right")
    if not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
        raise BadSigner(f"the signing key has {key.key_size} bits; {SMALLEST_RSA} to {LARGEST_RSA} are right")
    return key


def record(signed_by: Signer) -> tuple[str, str]:
    """Name and text of the TXT record that publishes the key (RFC 6376 section 3.6, RFC 8463 section 4)."""
    public = signed_by.key.public_key()
    raw, spki = serialization.Encoding.Raw, serialization.PublicFormat.SubjectPublicKeyInfo
    if isinstance(signed_by.key, RSAPrivateKey):
        kind, octets = "rsa", public.public_bytes(serialization.Encoding.DER, spki)
    else:
        kind, octets = "ed25519", public.public_bytes(raw, serialization.PublicFormat.Raw)
    name = f"{signed_by.selector}._domainkey.{signed_by.domain}"
    return name, f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}"


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
    fields = tuple(mime.fields(letter, boundary))
    return seal(fields, mime.body(boundary, text=text, html=html), *signers, at=at or letter.date)


def seal(fields: Sequence[Field], body: Sequence[bytes], *signers: Signer, at: datetime) -> bytes:
    """A signed mail from the fields of its header and the pieces of its body, of which only the last may end in
    empty lines."""
    header = headers.write(fields)
    names, lines = tuple([field.key for field in fields]), [field.relaxed for field in fields]
    return b"".join((*_signatures(names, lines, body, signers, at), header, b"\r\n", *body))


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
    named, order = _order(names, signer.transport)
    tags, relaxed = _tags(signer.algorithm, signer.domain, signer.selector, named)
    signed = b"\r\n".join([*[lines[n] for n in order], f"{relaxed} {stamp}; b=".encode()])
    code = base64.b64encode(_signed(signer, signed)).decode()
    folded = "\r\n ".join([code[n : n + 72] for n in range(0, len(code), 72)])
    return f"{tags}\r\n {stamp};\r\n b={folded}\r\n".encode()


@lru_cache(maxsize=64)
def _order(names: tuple[str, ...], transport: Transport) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The names to sign, and which fields those are: of several with one name the lowest first (section 5.4.2).

    A field that is there three times is named three times, and an oversigned one once more."""
    named, order = list[str](), list[int]()
    for name in (*_OVERSIGNED, *_SIGNED):
        if name not in _REWRITTEN[transport]:
            there = [n for n, other in enumerate(names) if other == name]
            named += [name] * (len(there) + (name in _OVERSIGNED))
            order += reversed(there)
    return tuple(named), tuple(order)


@lru_cache(maxsize=64)
def _tags(algorithm: str, domain: str, selector: str, names: tuple[str, ...]) -> tuple[str, str]:
    """How all signatures of a key over these names begin: folded to 78 columns where names allow it, and relaxed."""
    lines = [f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/simple; d={domain};", f" s={selector}; h="]
    for n, name in enumerate(names):
        word = name + (":" if n + 1 < len(names) else ";")
        if len(lines[-1]) + len(word) > 77:
            lines.append(" ")
        lines[-1] += word
    folded = "\r\n".join(lines)
    return folded, "dkim-signature:" + "".join(lines).removeprefix("DKIM-Signature: ")


def _signed(signer: Signer, octets: bytes) -> bytes:
    if isinstance(signer.key, RSAPrivateKey):
        return signer.key.sign(octets, PKCS1v15(), hashes.SHA256())
    return signer.key.sign(hashlib.sha256(octets).digest())  # RFC 8463 section 3 signs the digest
