"""Other houses' verifiers accept what we sign and nothing that was changed since."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from syndication.core.links import normal_address
from syndication.core.model import Recipe
from syndication.render import dkim, mime
from syndication.render.dkim import BadMessage, BadSigner, Signer, Transport
from tests.render import mails
from tests.render.mails import DOMAINS, MORNING, NAMES, READERS

AT = datetime(2026, 1, 19, 21, 30, tzinfo=UTC)
SIGNER = mails.signer("paper.example")
MESSAGE = (
    b"From: news@paper.example\r\nTo: reader-1@example.com\r\nSubject: Good morning\r\n"
    b"Date: Tue, 20 Jan 2026 06:30:00 +0900\r\nMessage-ID: <1@paper.example>\r\n"
    b"List-Unsubscribe: <https://paper.example/u/k1.AAAA>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain\r\n\r\nHello\r\n"
)


def accepted(message: bytes, *signers: Signer) -> bool:
    return mails.dkimpy_accepts(message, *(signers or (SIGNER,)))


def tags(message: bytes) -> dict[str, str]:
    """The tags of the first signature, without folding."""
    field = re.split(rb"\r\n(?![ \t])", message)[0].decode()
    assert field.startswith("DKIM-Signature:")
    pairs = (tag.split("=", 1) for tag in field.partition(":")[2].split(";"))
    return {name.strip(): re.sub(r"\s", "", value) for name, value in pairs}


# --- accepted --------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(
    st.data(),
    st.sampled_from(mails.mornings()),
    st.integers(0, 10**6),
    st.one_of(st.sampled_from(NAMES), st.text(max_size=80)),
    st.sampled_from(DOMAINS),
    st.sampled_from(READERS),
    st.one_of(st.sampled_from(mails.HEADLINES), st.text(max_size=200)),
)
def test_dkimpy_accepts_every_mail_we_can_build(
    data: st.DataObject, morning: mails.Morning, number: int, name: str, domain: str, reader: str, title: str
):
    keys = data.draw(st.lists(st.sampled_from(list(morning.blocks)), unique=True))
    made = mails.mail(
        morning,
        Recipe(blocks=tuple(keys)),
        number=number,
        sender_name=name,
        domain=domain,
        reader=reader.format(n=number),
        title=title,
    )
    message = made.built(mails.signer_of(made))
    assert accepted(message, mails.signer_of(made))
    mails.assert_keeps_the_header_laws(message)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300), st.lists(st.sampled_from([b"\r\n", b" ", b"\t", b"x", b"x y", b"\r\n\r\n"])))
def test_dkimpy_accepts_any_body_however_it_ends(start: bytes, end: list[bytes]):
    body = re.sub(b"[\r\n]", b"", start) + b"".join(end) + b"\r\n"
    message = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body
    assert accepted(dkim.sign(message, SIGNER, at=AT))


# --- refused ---------------------------------------------------------------------------------

ONE = mails.sample(30)  # with every field
SIGNED = ONE.built(mails.signer_of(ONE))


def _places() -> tuple[list[int], list[int]]:
    """Where the octets of signed fields (names aside) and of the body stand, blanks and line ends aside."""
    header_end = SIGNED.index(b"\r\n\r\n")
    names = tags(SIGNED)["h"].split(":")
    fields = list(re.finditer(rb"(?<=\r\n)([^\s:]+):((?:[^\r]|\r\n[ \t])+)", SIGNED[: header_end + 2]))
    spans = [range(*m.span(2)) for m in fields if m[1].lower().decode() in names]
    return (
        [n for span in spans for n in span if SIGNED[n] > 0x20],
        [n for n in range(header_end + 4, len(SIGNED)) if SIGNED[n] not in b"\r\n"],
    )


IN_HEADER, IN_BODY = _places()


def test_every_field_that_speaks_to_readers_or_receivers_is_signed():
    there = {name.lower() for name in mails.parsed(SIGNED)[0].keys()}  # noqa: SIM118 - a Message iterates otherwise
    unsigned = there - set(tags(SIGNED)["h"].split(":"))
    assert unsigned == {"dkim-signature", "x-auto-response-suppress", "x-delivery"}


@settings(deadline=None, max_examples=200)
@given(st.one_of(st.sampled_from(IN_HEADER), st.sampled_from(IN_BODY)), st.integers(0x21, 0x7E))
def test_no_octet_can_be_changed(place: int, octet: int):
    assume(SIGNED[place] != octet)
    changed = SIGNED[:place] + bytes([octet]) + SIGNED[place + 1 :]
    assert not accepted(changed, mails.signer_of(ONE))


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(IN_BODY))
def test_no_octet_of_the_body_can_go_missing_or_come_twice(place: int):
    assert not accepted(SIGNED[:place] + SIGNED[place + 1 :], mails.signer_of(ONE))
    assert not accepted(SIGNED[:place] + SIGNED[place : place + 1] + SIGNED[place:], mails.signer_of(ONE))


@pytest.mark.parametrize(
    "field",
    [
        *(b"From: x@example.com", b"To: x@example.com", b"Cc: x@example.com", b"Reply-To: x@example.com"),
        *(b"Subject: x", b"Date: Tue, 20 Jan 2026 07:30:00 +0900", b"Content-Type: text/html", b"MIME-Version: 1.0"),
        *(b"List-Unsubscribe: <https://x.example>", b"List-Unsubscribe-Post: x=y", b"List-Id: <x.example>"),
        *(b"Content-Transfer-Encoding: base64", b"List-Help: <x:y>", b"List-Post: NO"),
    ],
)
def test_a_field_that_was_put_before_ours_is_noticed(field: bytes):
    message = dkim.sign(MESSAGE, SIGNER, at=AT)
    assert accepted(message)
    assert not accepted(field + b"\r\n" + message)


def test_what_relays_add_and_fold_changes_nothing():
    message = dkim.sign(MESSAGE, SIGNER, at=AT)
    relayed = b"Received: from a by b\r\nX-Seen: yes\r\n" + message.replace(b"Good morning", b"Good\r\n \t morning")
    assert accepted(relayed + b"\r\n\r\n")


# --- exactly these octets --------------------------------------------------------------------


def test_the_signed_octets_are_those_of_the_standard():
    """Written by hand from RFC 6376 sections 3.4.2, 3.4.3 and 3.4.5."""
    message = dkim.sign(
        b"SUBJECT : Y\t\r\n\tZ  \r\nTo:first\r\nFrom:\t X\r\nTo:  second\r\nX: y\r\n\r\n C \r\nD \t E\r\n\r\n\r\n",
        SIGNER,
        at=AT,
    )
    found = tags(message)
    names = "from:from:to:to:to:cc:reply-to:subject:subject:date:"
    lists = "".join(f"list-{n}:" for n in ("id", "unsubscribe", "unsubscribe-post", "help", "subscribe", "owner"))
    rest = "list-archive:list-post:mime-version:content-type:content-transfer-encoding"
    assert found["h"] == names + lists + rest
    assert found["bh"] == base64.b64encode(hashlib.sha256(b" C \r\nD \t E\r\n").digest()).decode()
    assert (found["v"], found["a"], found["c"]) == ("1", "rsa-sha256", "relaxed/simple")
    assert (found["d"], found["s"], found["t"]) == ("paper.example", "s2026", "1768858200")
    field = message.partition(b"\r\nSUBJECT")[0].replace(b"\r\n", b"")
    own = b"dkim-signature:" + field.partition(b":")[2].strip().partition(b" b=")[0] + b" b="
    key = mails.signer("paper.example").key
    assert isinstance(key, rsa.RSAPrivateKey)
    key.public_key().verify(
        base64.b64decode(found["b"]),
        b"from:X\r\nto:second\r\nto:first\r\nsubject:Y Z\r\n" + own,
        padding.PKCS1v15(),
        hashes.SHA256(),
    )


def test_an_empty_body_has_the_hash_that_the_standard_names():
    message = dkim.sign(b"From: a@paper.example\r\n\r\n", SIGNER, at=AT)
    assert tags(message)["bh"] == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="  # RFC 6376 section 3.4.3
    assert accepted(message)


def test_a_signature_comes_before_the_mail_and_changes_no_octet_of_it():
    signed = dkim.sign(MESSAGE, SIGNER, at=AT)
    assert signed.endswith(b"\r\n" + MESSAGE)
    assert signed.count(b"DKIM-Signature:") == 1
    assert max(map(len, signed.partition(MESSAGE)[0].split(b"\r\n"))) <= 78


def test_building_and_signing_at_once_is_signing_what_was_built():
    text, html = mime.encode("안녕\n"), mime.encode("<p>안녕</p>\n")
    at_once = dkim.join(ONE.letter, SIGNER, text=text, html=html)
    assert at_once == dkim.sign(mime.join(ONE.letter, text=text, html=html), SIGNER, at=MORNING)
    assert dkim.join(ONE.letter, text=text, html=html) == mime.join(ONE.letter, text=text, html=html)


def test_the_same_mail_and_instant_have_the_same_signature_in_every_zone():
    other = AT.astimezone(MORNING.tzinfo)
    assert dkim.sign(MESSAGE, SIGNER, at=AT) == dkim.sign(MESSAGE, SIGNER, at=other)
    assert dkim.sign(MESSAGE, SIGNER, at=AT) != dkim.sign(MESSAGE, SIGNER, at=AT + timedelta(seconds=1))


# --- transports, selectors and the second kind of key ----------------------------------------


def test_what_ses_writes_over_is_not_signed():
    ses = replace(SIGNER, transport=Transport.SES)
    message = dkim.sign(MESSAGE, ses, at=AT)
    assert not {"message-id", "date", "feedback-id"} & set(tags(message)["h"].split(":"))
    rewritten = message.replace(b"<1@paper.example>", b"<0100@ap-northeast-2.amazonses.com>").replace(
        b"06:30", b"06:31"
    )
    assert accepted(b"Feedback-ID: 1.ap-northeast-2:AmazonSES\r\n" + rewritten, ses)
    assert not accepted(message.replace(b"One-Click", b"One-Clock"), ses)
    assert not accepted(dkim.sign(MESSAGE, SIGNER, at=AT).replace(b"06:30", b"06:31"))


def test_a_new_selector_signs_and_the_old_one_still_verifies():
    new = dkim.signer("paper.example", "s2027", mails.as_pem(rsa.generate_private_key(65537, 2048)))
    before, after = dkim.sign(MESSAGE, SIGNER, at=AT), dkim.sign(MESSAGE, new, at=AT)
    assert accepted(before, SIGNER, new)
    assert accepted(after, SIGNER, new)
    assert not accepted(after, SIGNER)
    assert dkim.record(new)[0] == "s2027._domainkey.paper.example"


def test_a_second_signature_by_ed25519_stands_beside_the_first():
    private = ed25519.Ed25519PrivateKey.generate()
    small = dkim.signer("paper.example", "ed", mails.as_pem(private))
    message = dkim.sign(MESSAGE, SIGNER, small, at=AT)
    assert message.count(b"DKIM-Signature:") == 2
    assert accepted(message, SIGNER)
    alone = dkim.sign(MESSAGE, small, at=AT)
    assert tags(alone)["a"] == "ed25519-sha256"
    private.public_key().verify(base64.b64decode(tags(alone)["b"]), _digest_by_dkimpy(alone))
    name, text = dkim.record(small)
    raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert (name, text) == ("ed._domainkey.paper.example", f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}")


def _digest_by_dkimpy(message: bytes) -> bytes:
    """What RFC 8463 signs, with dkimpy's own canonical form (its Ed25519 needs a package that is not here)."""
    headers, _ = dkimpy.rfc822_parse(message)
    policy = dkimpy.CanonicalizationPolicy.from_c_value(b"relaxed/simple")
    hashed = hashlib.sha256()
    signature = [(name, value) for name, value in headers if name.lower() == b"dkim-signature"]
    names = tags(message)["h"].encode().split(b":")
    dkimpy.hash_headers(
        hashed, policy, policy.canonicalize_headers(headers), names, signature[0], {b"b": tags(message)["b"].encode()}
    )
    return hashed.digest()


# --- what cannot sign or be signed -----------------------------------------------------------


def small_key() -> bytes:
    return mails.as_pem(rsa.generate_private_key(65537, 1024))


def locked_key() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    lock = serialization.BestAvailableEncryption(b"secret words")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        (small_key, "1024 bits"),
        (locked_key, "encrypted"),
        (lambda: mails.as_pem(ec.generate_private_key(ec.SECP256R1())), "a kind that DKIM does not know"),
        (lambda: b"", "no PEM private key"),
        (lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no PEM private key"),
    ],
)
def test_a_key_that_receivers_would_not_trust_is_refused_in_words(pem: Callable[[], bytes], words: str):
    with pytest.raises(BadSigner, match=words):
        dkim.signer("paper.example", "s1", pem())


@pytest.mark.parametrize("selector", ["", "a b", "Ä", "-a", "a..b", "a;b", "S1", "a\r\nb", "x" * 64])
def test_a_selector_that_is_no_name_is_refused(selector: str):
    with pytest.raises(BadSigner, match="selector"):
        dkim.signer("paper.example", selector, mails.pem())


@pytest.mark.parametrize("domain", ["", "a b.example", "x;y", "a..example", "-.example"])
def test_a_domain_that_is_no_name_is_refused(domain: str):
    with pytest.raises(BadSigner, match="domain"):
        dkim.signer(domain, "s1", mails.pem())


def test_a_korean_domain_signs_as_its_a_label():
    host = normal_address("news@한글.example").rpartition("@")[2]
    assert dkim.signer("한글.example", "s1", mails.pem()).domain == host


def test_the_key_never_shows():
    secret = mails.pem().decode().splitlines()[3]
    assert secret not in repr(SIGNER)
    assert "key" not in repr(SIGNER)


@pytest.mark.parametrize("message", [b"", b"From: a@b.example\n\nHello\n", b"no colon here\r\n\r\n", b": x\r\n\r\n"])
def test_what_is_no_mail_is_refused(message: bytes):
    with pytest.raises(BadMessage):
        dkim.sign(message, SIGNER, at=AT)


def test_an_instant_without_an_offset_is_refused():
    with pytest.raises(BadMessage, match="offset"):
        dkim.sign(MESSAGE, SIGNER, at=datetime(2026, 1, 20, 6, 30))
