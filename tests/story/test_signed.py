"""A reader's mail as it leaves: signed, and the same bytes whenever it is built again."""

from __future__ import annotations

from dataclasses import replace

import dkim as verifier
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from syndication.core.model import Channel
from syndication.press import Press
from syndication.render import dkim
from tests.story.paper import Paper

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@pytest.fixture
def signed(paper: Paper) -> bytes:
    """The mail of one reader of a publisher that signs."""
    signer = dkim.signer("garam.example", "mail2026", PEM)
    paper.setup = replace(paper.setup, sign=lambda mail, at: dkim.sign(mail, signer, at=at))
    paper.subscribe(1)
    issue = paper.morning()
    assert issue is not None
    (delivery,) = paper.store.deliveries(issue.id, Channel.EMAIL)
    again = Press(ports=paper.ports, setup=paper.setup).mail(delivery).message
    (mail,) = paper.mailer.sent
    assert mail.message == again, "the same Delivery is the same bytes"
    return again


def published(name: bytes, timeout: int = 5) -> bytes:
    assert name == b"mail2026._domainkey.garam.example."
    return dkim.record(dkim.signer("garam.example", "mail2026", PEM))[1].encode()


def test_a_digest_is_signed_with_its_leave_link_covered(signed: bytes) -> None:
    assert verifier.verify(signed, dnsfunc=published)
    for before, after in ((b"List-Unsubscribe: <", b"List-Unsubscribe: <x"), (b"=One-Click", b"=Two-Clicks")):
        assert before in signed
        assert not verifier.verify(signed.replace(before, after, 1), dnsfunc=published)


def test_a_changed_body_breaks_the_signature(signed: bytes) -> None:
    head, _, body = signed.partition(b"\r\n\r\n")
    assert not verifier.verify(head + b"\r\n\r\n" + body.replace(b"a", b"b", 1), dnsfunc=published)
