"""Addresses of things: permanent links, signed tokens, address keys, Message-IDs and tag URIs.

It reads no clock and makes no chance: the same thing has the same link on every worker for ever.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from functools import lru_cache

import idna
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from syndication.core.model import AddressKey, Cadence, Outlet

# --- pages and feeds -------------------------------------------------------------------------

FEED_KINDS = ("digest", "articles")
FEED_DIALECTS = ("rss", "atom")


def issue_path(edition_id: str, on: date, cadence: Cadence = Cadence.DAILY) -> str:
    """/daily/2026-01-20, and /daily/2026-01-20/weekly for another cadence."""
    path = f"/{edition_id}/{on.isoformat()}"
    return path if cadence is Cadence.DAILY else f"{path}/{cadence}"


def issue_url(outlet: Outlet, edition_id: str, on: date, cadence: Cadence = Cadence.DAILY) -> str:
    return outlet.url + issue_path(edition_id, on, cadence)


def article_anchor(article_id: int) -> str:
    """The place of a story on an Issue page, for stories that have no page of their own."""
    return f"article-{article_id}"


def feed_path(edition_id: str, kind: str, dialect: str) -> str:
    """feeds/daily/digest.rss: the path under the public URL and in the publishing folder."""
    return f"feeds/{edition_id}/{kind}.{dialect}"


def feed_url(outlet: Outlet, edition_id: str, kind: str, dialect: str) -> str:
    return f"{outlet.url}/{feed_path(edition_id, kind, dialect)}"


def article_uri(domain: str, seen_at: datetime, number: int) -> str:
    """A tag: URI (RFC 4151), minted once from the day an Article was first seen."""
    return f"tag:{domain},{seen_at:%Y-%m-%d}:article/{number}"


def issue_uri(domain: str, edition_id: str, on: date, cadence: Cadence = Cadence.DAILY) -> str:
    return f"tag:{domain},{on.isoformat()}:issue/{edition_id}/{cadence}"


def feed_uri(domain: str, edition_id: str, kind: str) -> str:
    """A feed's id: one for all dialects, the same however often its address changes."""
    return f"tag:{domain},2026:feed/{edition_id}/{kind}"


# --- address keys ----------------------------------------------------------------------------


class BadAddress(ValueError):
    """An address that cannot be written to; the message says why and what would be right."""


_UNFIT = re.compile(r'[\s\x00-\x20\x7f"(),:;<>\[\\\]]')


@lru_cache(maxsize=64)  # a mail names its reader several times
def normal_address(address: str) -> str:
    """The one form under which an address is known: NFC, domain as lower-case A-label, local part lower-cased."""
    typed = unicodedata.normalize("NFC", address.strip())
    local, at, domain = typed.rpartition("@")
    if not at or not local or not domain:
        raise BadAddress("an e-mail address has the form name@domain")
    if _UNFIT.search(local):
        raise BadAddress("the part before @ holds a blank or a sign that mail addresses cannot have")
    if not local.isascii():
        raise BadAddress("the part before @ must be plain ASCII letters, digits and signs")
    if local.startswith(".") or local.endswith(".") or ".." in local or len(local) > 64 or "@" in local:
        raise BadAddress("the part before @ is not well formed")
    return f"{local.lower()}@{_host(domain)}"


@lru_cache(maxsize=4096)  # most readers share a few domains, and the rules of names are slow to apply
def _host(domain: str) -> str:
    """The domain as lower-case A-label."""
    try:
        host = idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise BadAddress(f"the domain after @ is not a valid name: {error}") from None
    if "." not in host or host.rsplit(".", 1)[1].isdigit():
        raise BadAddress("the domain after @ is not complete")
    return host


@lru_cache(maxsize=64)
def envelope_address(address: str) -> str:
    """The address as it is written to: local part as typed, domain as A-label."""
    host = normal_address(address).rpartition("@")[2]
    return f"{unicodedata.normalize('NFC', address.strip()).rpartition('@')[0]}@{host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Secrets by key id. The first one signs; every one verifies and none is ever deleted."""

    current: str
    secrets: Mapping[str, bytes]


def address_key(address: str, keys: Keys) -> AddressKey:
    """HMAC-SHA256 of the normal form under the current key. Raises BadAddress."""
    digest = hmac.new(keys.secrets[keys.current], normal_address(address).encode(), hashlib.sha256).hexdigest()
    return AddressKey(key_id=keys.current, digest=digest)


# --- tokens ----------------------------------------------------------------------------------


class Purpose(IntEnum):
    """What a token may be used for; never interchangeable."""

    UNSUBSCRIBE = 1
    MANAGE = 2
    CONFIRM = 3
    VERP = 4
    REPLY = 5
    COPY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    purpose: Purpose
    number: int  # Subscription id (or Delivery id for VERP and COPY)
    epoch: int = 0
    expires: int = 0  # Unix seconds; 0 = never


_HEAD = struct.Struct(">BBQLQ")  # version, purpose, number, epoch, expires
_MAC = 16


def _mac(secret: bytes, key_id: str, payload: bytes) -> bytes:
    return _hmac(secret, f"token\0{key_id}\0", payload)[:_MAC]


def _hmac(secret: bytes, start: str, words: bytes) -> bytes:
    """HMAC-SHA256 of `start` followed by `words`."""
    mac = _keyed(secret, start).copy()
    mac.update(words)
    return mac.finalize()


@lru_cache(maxsize=64)  # every reader's tokens begin alike
def _keyed(secret: bytes, start: str) -> HMAC:
    mac = HMAC(secret, SHA256())
    mac.update(start.encode())
    return mac


def sign(token: Token, keys: Keys) -> str:
    """URL-safe text: key id, a dot, base64url of payload and MAC. No address in it."""
    payload = _HEAD.pack(1, token.purpose, token.number, token.epoch, token.expires)
    mac = _mac(keys.secrets[keys.current], keys.current, payload)
    return f"{keys.current}.{base64.urlsafe_b64encode(payload + mac).decode().rstrip('=')}"


def verify(text: str, purpose: Purpose, keys: Keys) -> Token | None:
    """The Token, or None when forged, truncated, made for another purpose or under an unknown key.

    Expiry is the caller's to judge: it knows the clock."""
    key_id, dot, body = text.partition(".")
    secret = keys.secrets.get(key_id)
    if not dot or secret is None or not body.isascii() or len(body) > 128:
        return None
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    payload, mac = raw[:-_MAC], raw[-_MAC:]
    if len(payload) != _HEAD.size or not hmac.compare_digest(mac, _mac(secret, key_id, payload)):
        return None
    version, made_for, number, epoch, expires = _HEAD.unpack(payload)
    if version != 1 or made_for != purpose:
        return None
    return Token(purpose=purpose, number=number, epoch=epoch, expires=expires)


def unsubscribe_url(outlet: Outlet, token: str) -> str:
    return f"{outlet.url}/u/{token}"


def manage_url(outlet: Outlet, token: str) -> str:
    """Where a reader changes choices."""
    return f"{outlet.url}/manage/{token}"


def copy_url(outlet: Outlet, token: str) -> str:
    """Where a reader sees the digest of one Delivery in a browser."""
    return f"{outlet.url}/issue/{token}"


def message_id(delivery_thing: str, recipient: str, domain: str, frozen_at: datetime) -> str:
    """Stable for one Delivery for ever, whatever becomes of keys. Without angle brackets.

    The instant at which the Issue was frozen tells apart what two databases, or one before and after it was restored,
    give the same number: mail programs show one of two mails that have the same Message-ID."""
    words = f"message-id\0{delivery_thing}\0{recipient}\0{_instant(frozen_at)}"
    return f"{hashlib.sha256(words.encode()).hexdigest()[:32]}@{domain}"


@lru_cache(maxsize=64)  # all mails of an Issue share one
def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


# --- addresses that mail comes back to -------------------------------------------------------

_SLIP = struct.Struct(">BQ4s")  # version and purpose, number, mark of the reader's address
_SLIP_LETTERS = 58  # hexadecimal of the Slip and its MAC
_PREFIXES = {Purpose.VERP: "b", Purpose.REPLY: "r", Purpose.UNSUBSCRIBE: "u"}
_RETURN = re.compile(rf"([bru])\+([0-9a-f]{{{_SLIP_LETTERS}}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What an address of ours tells: what it is for, which Delivery (VERP) or Subscription, and whose address."""

    purpose: Purpose
    number: int
    key_id: str
    mark: bytes


def bounce_address(delivery_id: int, reader: str, domain: str, keys: Keys) -> str:
    """b+token@domain: the envelope sender of one Delivery (VERP); reports about it come back to it.

    `reader` is the address that is written to. 60 octets stand before the @, where 64 may; case does not matter."""
    return _return_address(Purpose.VERP, delivery_id, reader, domain, keys)


def reply_address(subscription_id: int, reader: str, domain: str, keys: Keys) -> str:
    """r+token@domain: the Reply-To of one reader's mails."""
    return _return_address(Purpose.REPLY, subscription_id, reader, domain, keys)


def leave_address(subscription_id: int, reader: str, domain: str, keys: Keys) -> str:
    """u+token@domain: a mail to it ends the Subscription; for List-Unsubscribe (RFC 2369 section 3.2)."""
    return _return_address(Purpose.UNSUBSCRIBE, subscription_id, reader, domain, keys)


def _return_address(purpose: Purpose, number: int, reader: str, domain: str, keys: Keys) -> str:
    secret = keys.secrets[keys.current]
    payload = _SLIP.pack(0x10 | purpose, number, _reader_mark(secret, reader))
    return f"{_PREFIXES[purpose]}+{_sealed(payload, keys.current, secret)}@{domain}"


def read_return(address: str, domain: str, keys: Keys) -> Slip | None:
    """The Slip in an address of ours; None when forged, cut, changed, under an unknown key or at another domain."""
    local, _, host = address.rpartition("@")
    found = _RETURN.fullmatch(local.lower())
    if found is None or not local.isascii() or host.lower().rstrip(".") != domain:
        return None
    raw = bytes.fromhex(found[2])
    for key_id, secret in keys.secrets.items():
        payload = _opened(raw, key_id, secret)
        if payload is not None and _sealed(payload, key_id, secret) == found[2]:
            head, number, mark = _SLIP.unpack(payload)
            purpose = next((p for p, prefix in _PREFIXES.items() if (0x10 | p, prefix) == (head, found[1])), None)
            return None if purpose is None else Slip(purpose=purpose, number=number, key_id=key_id, mark=mark)
    return None


def _sealed(payload: bytes, key_id: str, secret: bytes) -> str:
    """The payload under a cover that only the key lifts: ids and how many there are stay ours."""
    mac = _slip_mac(secret, key_id, payload)
    return (_covered(payload, mac, secret) + mac).hex()


def _opened(raw: bytes, key_id: str, secret: bytes) -> bytes | None:
    """The payload, or None where the MAC is not ours."""
    payload, mac = _covered(raw[:-_MAC], raw[-_MAC:], secret), raw[-_MAC:]
    return payload if hmac.compare_digest(mac, _slip_mac(secret, key_id, payload)) else None


def _covered(octets: bytes, mac: bytes, secret: bytes) -> bytes:
    """Octets under a stream that hangs on the MAC, and so on all of them; covered twice they are bare again."""
    stream = _hmac(secret, "cover\0", mac)[: len(octets)]
    return (int.from_bytes(octets, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(octets), "big")


def made_for(slip: Slip, reader: str, keys: Keys) -> bool:
    """Whether a Slip was made for this address: not where the number has come to mean somebody else.

    So it is after a database was restored, and when a reader changed the address."""
    return hmac.compare_digest(slip.mark, _reader_mark(keys.secrets[slip.key_id], reader))


def _slip_mac(secret: bytes, key_id: str, payload: bytes) -> bytes:
    return _hmac(secret, f"return\0{key_id}\0", payload)[:_MAC]


@lru_cache(maxsize=16)  # a mail has several addresses of one reader
def _reader_mark(secret: bytes, reader: str) -> bytes:
    return _hmac(secret, "reader\0", normal_address(reader).encode())[:4]
