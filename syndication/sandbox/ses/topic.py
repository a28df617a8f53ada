"""A topic that signs what it sends like SNS: with a certificate of its own, by either version of the signature.

It reads the documentation by itself, so that it can catch a reader's mistakes; it calls only who was subscribed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID

# docs: "Verifying the signatures of Amazon SNS messages": these, in this order, each on a line after its name
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES = {1: hashes.SHA1, 2: hashes.SHA256}


class Topic:
    """One topic. `version` is that of its signature: 1 is SHA-1, 2 is SHA-256."""

    def __init__(self, *, arn: str = "arn:aws:sns:ap-northeast-2:000000000000:ses-events", version: int = 1) -> None:
        self.arn = arn
        self.version = version
        self.tokens: set[str] = set()  # confirmations that are waiting

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)

    @cached_property
    def certificate(self) -> bytes:
        """The certificate as PEM, signed by its own key."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def certificate_url(self) -> str:
        name = hashlib.md5(self.certificate, usedforsecurity=False).hexdigest()
        return f"https://sns.{self.region}.amazonaws.com/SimpleNotificationService-{name}.pem"

    def notification(self, message: str, at: datetime, *, subject: str | None = None) -> str:
        """A signed notification, as it is posted to an endpoint or put into a queue."""
        return self._signed({"Type": "Notification", "Message": message, **_maybe("Subject", subject)}, at)

    def confirmation(self, at: datetime, *, kind: str = "SubscriptionConfirmation") -> str:
        """A signed request to confirm (or a notice of the end of) a subscription, with a new token."""
        token = uuid.uuid4().hex
        self.tokens.add(token)
        url = f"https://sns.{self.region}.amazonaws.com/?Action=ConfirmSubscription&TopicArn={self.arn}&Token={token}"
        words = {"Type": kind, "Message": f"You have chosen to subscribe to the topic {self.arn}.", "Token": token}
        return self._signed({**words, "SubscribeURL": url}, at)

    def confirm(self, arn: str, token: str) -> str | None:
        """The subscription's name, where the token is one that was given."""
        if arn != self.arn or token not in self.tokens:
            return None
        return f"{self.arn}:{uuid.uuid5(uuid.NAMESPACE_URL, token)}"

    def _signed(self, words: Mapping[str, str], at: datetime) -> str:
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
        whole = {**words, "MessageId": str(uuid.uuid4()), "TopicArn": self.arn, "Timestamp": stamp}
        text = "".join(f"{name}\n{whole[name]}\n" for name in _SIGNED[whole["Type"]] if name in whole)
        signature = self._key.sign(text.encode(), PKCS1v15(), _HASHES[self.version]())
        return json.dumps(
            {
                **whole,
                "SignatureVersion": str(self.version),
                "Signature": base64.b64encode(signature).decode(),
                "SigningCertURL": self.certificate_url,
            }
        )


def _maybe(name: str, value: str | None) -> Mapping[str, str]:
    return {} if value is None else {name: value}
