"""The keys that mail is signed with (DKIM): loaded once, taken by turns, and how they are published.

It signs nothing (see render.dkim) and reads no file.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import idna
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SMALLEST_RSA, LARGEST_RSA = 2048, 4096  # bits; verifiers must know no larger ones (RFC 8301 section 3.2)

_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


class BadSigner(ValueError):
    """A domain, selector or key that cannot sign; the message says why and never what the key is."""


class Transport(StrEnum):
    """Which way a signed mail goes; some ways write fields of their own over ours."""

    SMTP = "smtp"
    SES = "ses"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signer:
    """A domain's key under its selector, loaded once."""

    domain: str  # A-label
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)
    transport: Transport = Transport.SMTP
    since: datetime | None = None  # aware; None: from the beginning

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"


def signer(
    domain: str, selector: str, pem: bytes, *, transport: Transport = Transport.SMTP, since: datetime | None = None
) -> Signer:
    """A Signer from an unencrypted PEM private key, RSA of 2048 to 4096 bits or Ed25519. Raises BadSigner."""
    try:
        host = idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise BadSigner(f"the signing domain {domain!r} is not a valid name: {error}") from None
    if not _SELECTOR.fullmatch(selector):
        raise BadSigner(f"the selector {selector!r} is no name: small letters, digits and hyphens, parts by dots")
    return Signer(domain=host, selector=selector, key=_key(pem), transport=transport, since=since)


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


def active(signers: Sequence[Signer], at: datetime) -> tuple[Signer, ...]:
    """Those who sign at an instant: of each kind of key the first whose time has come, RSA before Ed25519.

    Every receiver knows RSA; some know Ed25519 as well (RFC 8463), and read the second signature."""
    started = [one for one in signers if one.since is None or one.since <= at]
    kinds = sorted({one.algorithm for one in started}, reverse=True)
    return tuple(next(one for one in started if one.algorithm == kind) for kind in kinds)


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
