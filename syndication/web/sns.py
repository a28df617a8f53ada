"""Judges a message that says it comes from a topic of Amazon SNS: whose topic, how old, and who signed it.

It fetches nothing and knows no route: the certificate is handed in by whoever fetched it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from syndication.core.amazon import certificate_region, topic_region

# SNS goes on trying for an hour at most, with the time at which it was published
OLDEST = timedelta(hours=2)
AHEAD = timedelta(minutes=10)  # how far another clock may be before ours
SMALLEST_KEY = 2048  # bits


class Kind(StrEnum):
    NOTIFICATION = "Notification"
    CONFIRMATION = "SubscriptionConfirmation"
    ENDED = "UnsubscribeConfirmation"


# docs: "Verifying the signatures of Amazon SNS messages"
_SIGNED: Mapping[Kind, tuple[str, ...]] = {
    Kind.NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    Kind.CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    Kind.ENDED: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}  # by SignatureVersion
_MAY_BE_MISSING = "Subject"


class Forged(Exception):
    """It is not what it says, or nobody's who may tell us anything. The words name no secret."""


class Malformed(Exception):
    """It is no message of SNS at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it came, not yet believed."""

    kind: Kind
    words: Mapping[str, str]
    signature: bytes
    certificate_url: str

    @property
    def message(self) -> str:
        return self.words["Message"]

    @property
    def token(self) -> str:
        return self.words["Token"]


def read(body: bytes, *, topic: str, now: datetime) -> Letter:
    """The message in a body, if it claims to be of `topic` (an ARN) and of these hours. Raises Malformed, Forged.

    Certificates are named by SNS's own hosts in the topic's region only."""
    document = _document(body)
    kind = _kind(document)
    needed = [name for name in _SIGNED[kind] if name in document or name != _MAY_BE_MISSING]
    words = {name: _text(document, name) for name in needed}
    if words["TopicArn"] != topic:
        raise Forged("a message of another topic")
    if not now - OLDEST <= _instant(words["Timestamp"]) <= now + AHEAD:
        raise Forged("a message of another time")
    url = _text(document, "SigningCertURL")
    region = certificate_region(url)
    if region is None or region != topic_region(topic):
        raise Forged("a certificate that is not SNS's")
    version = document.get("SignatureVersion")
    if not isinstance(version, str) or version not in _HASHES:
        raise Forged("a signature of an unknown version")
    return Letter(
        kind=kind,
        words=words | {"SignatureVersion": version},
        signature=_signature(_text(document, "Signature")),
        certificate_url=url,
    )


def verify(letter: Letter, certificate: bytes, *, now: datetime) -> None:
    """Nothing, where the certificate's key signed the message. Raises Forged."""
    text = "".join(f"{name}\n{letter.words[name]}\n" for name in _SIGNED[letter.kind] if name in letter.words)
    algorithm = _HASHES[letter.words["SignatureVersion"]]()
    try:
        _key(certificate, now).verify(letter.signature, text.encode("utf-8", "surrogatepass"), PKCS1v15(), algorithm)
    except (InvalidSignature, UnsupportedAlgorithm):
        raise Forged("a signature that is not right") from None


def _key(certificate: bytes, now: datetime) -> RSAPublicKey:
    try:
        read_ = x509.load_pem_x509_certificate(certificate)
        key = read_.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Forged("a certificate that cannot be read") from None
    if not read_.not_valid_before_utc <= now <= read_.not_valid_after_utc:
        raise Forged("a certificate of another time")
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise Forged("a certificate with a key that SNS does not use")
    return key


# --- hostile until parsed --------------------------------------------------------------------


def _document(body: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Malformed("no JSON") from None
    if not isinstance(document, dict):
        raise Malformed("no JSON object")
    return document


def _kind(document: Mapping[str, object]) -> Kind:
    try:
        return Kind(str(document.get("Type")))
    except ValueError:
        raise Malformed("no type that SNS has") from None


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise Malformed(f"no {name}")
    return value


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("a time that is none") from None


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("a signature that is no base64") from None
