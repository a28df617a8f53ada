"""Fetches the secrets that the settings name, and notes those that are absent or unfit.

It never repeats what a secret says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

from syndication.core.links import Keys
from syndication.core.model import SourceKind
from syndication.core.signers import BadSigner, Signer, Transport, signer
from syndication.settings import secrets
from syndication.settings.amazon import Ses
from syndication.settings.problems import Severity, Wrong
from syndication.settings.reading import Draft, Entry
from syndication.settings.returns import Returns
from syndication.settings.secrets import Absent
from syndication.settings.signing import DkimKey

T = TypeVar("T")
_DATABASES = ("postgresql", "postgres", "postgresql+psycopg")
_BROKERS = ("redis", "rediss", "valkey", "valkeys", "amqp", "amqps", "pyamqp")


@dataclass(slots=True, kw_only=True)
class Found:
    """What the environment gave. None: not named, or absent and noted."""

    database_url: str | None = field(default=None, repr=False)
    broker_url: str | None = field(default=None, repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    signers: tuple[Signer, ...] = field(default=(), repr=False)
    returns: Returns | None = None
    ses: Ses | None = field(default=None, repr=False)
    kma_key: str | None = field(default=None, repr=False)
    hub_key: str | None = field(default=None, repr=False)
    air_key: str | None = field(default=None, repr=False)
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    invalidate_secret: str | None = field(default=None, repr=False)
    address_keys: Keys | None = field(default=None, repr=False)
    link_keys: Keys | None = field(default=None, repr=False)
    partner_secrets: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    source_keys: dict[str, str] = field(default_factory=dict, repr=False)
    site_key: str | None = None


def fetch(draft: Draft, environ: Mapping[str, str]) -> Found:
    """Every secret that the draft names."""
    harsh, mild = Severity.ERROR, Severity.WARNING
    absent = harsh if draft.live else mild
    storage, broker, mail = draft.single["storage"], draft.single["broker"], draft.single["mail"]
    weather, keys = draft.single["weather"], draft.single["keys"]

    def plain(entry: Entry, key: str, severity: Severity) -> str | None:
        return _take(entry, key, severity, lambda name: secrets.secret(environ, name))

    def installation_keys(key: str) -> Keys | None:
        return _take(keys, key, absent, lambda names: secrets.keys(environ, names))

    return Found(
        database_url=_take(storage, "database_from", harsh, lambda name: _url(environ, name, _DATABASES)),
        broker_url=_take(broker, "url_from", harsh, lambda name: _url(environ, name, _BROKERS)),
        user=plain(mail, "user_from", absent),
        password=plain(mail, "password_from", absent),
        signers=tuple(_signers(draft, environ, absent)),
        returns=_take(mail, "returns", absent, lambda found: _returns(environ, found)),
        ses=_take(mail, "ses", absent, lambda found: _ses(environ, found)),
        kma_key=plain(weather, "kma_key_from", mild),
        hub_key=plain(weather, "hub_key_from", mild),
        air_key=plain(weather, "air_key_from", mild),
        access_key=plain(draft.single["publish"], "access_key_from", absent),
        secret_key=plain(draft.single["publish"], "secret_key_from", absent),
        invalidate_secret=_take(
            draft.single["publish"],
            "invalidate_secret_from",
            absent,
            lambda name: secrets.signing_secret(environ, name),
        ),
        address_keys=installation_keys("address_key_from"),
        link_keys=installation_keys("link_key_from"),
        partner_secrets=_partner_secrets(draft, environ),
        source_keys=_source_keys(draft, environ, absent),
        site_key=_take(draft.single["indexnow"], "key_from", absent, lambda name: secrets.site_key(environ, name)),
    )


_SHORTEST_PUSH_TOKEN = 20


def _source_keys(draft: Draft, environ: Mapping[str, str], absent: Severity) -> dict[str, str]:
    """What APIs ask for, and what pushers must say, by Source id."""
    found: dict[str, str] = {}
    for source in draft.sources:
        key = _take(source, "token_from", absent, lambda name: secrets.secret(environ, name))
        if key is not None and source.get("kind") is SourceKind.PUSH and len(key) < _SHORTEST_PUSH_TOKEN:
            right = f"a secret of {_SHORTEST_PUSH_TOKEN} signs or more, such as: openssl rand -hex 24"
            source.complain("token_from", "this token is short enough to be guessed", right)
        elif key is not None and source.has("id"):
            found[source.get("id")] = key
    return found


def _take(entry: Entry, key: str, absent: Severity, fetch_it: Callable[[Any], T]) -> T | None:
    """What the variable named at `key` gives, or None with a problem noted."""
    if not entry.has(key):
        return None
    try:
        return fetch_it(entry.get(key))
    except Absent as error:
        entry.complain(key, error.wrong, error.right, absent)
    except Wrong as error:
        entry.complain(key, error.wrong, error.right)
    return None


def _returns(environ: Mapping[str, str], found: Returns) -> Returns:
    if found.user_from is None or found.password_from is None:
        return found
    return replace(
        found, user=secrets.secret(environ, found.user_from), password=secrets.secret(environ, found.password_from)
    )


def _ses(environ: Mapping[str, str], found: Ses) -> Ses:
    if found.access_key_from is None or found.secret_key_from is None:
        return found
    access, secret = (secrets.secret(environ, name) for name in (found.access_key_from, found.secret_key_from))
    return replace(found, access_key=access, secret_key=secret)


def _signers(draft: Draft, environ: Mapping[str, str], absent: Severity) -> list[Signer]:
    """Those who sign for the sender's domain; what is wrong with the others is noted."""
    mail, sender = draft.single["mail"], draft.single["outlet"].get("sender")
    found: list[Signer] = []
    for position, key in enumerate(mail.get("dkim") or () if sender else ()):
        try:
            made = _signer(draft, key, secrets.secret(environ, key.key_from))
        except Absent as error:
            mail.complain("dkim", error.wrong, error.right, absent, position=position)
        except Wrong as error:
            mail.complain("dkim", error.wrong, error.right, position=position)
        else:
            _note_order(mail, found, made, position)
            found.append(made)
    return found


def _signer(draft: Draft, key: DkimKey, pem: str) -> Signer:
    """Raises Wrong for a key that cannot sign."""
    domain = draft.single["outlet"].get("sender")[1].rpartition("@")[2]
    way = draft.single["mail"].get("transport") or Transport.SMTP
    try:
        return signer(domain, key.selector, pem.encode(), transport=way, since=key.since)
    except BadSigner as error:
        raise Wrong(str(error), "openssl genrsa -out dkim.pem 2048", whole=True) from None


def _note_order(mail: Entry, before: list[Signer], made: Signer, position: int) -> None:
    """A key below one of its kind that began no later never signs."""
    above = (one for one in before if one.algorithm == made.algorithm)
    if any(one.since is None or (made.since is not None and one.since <= made.since) for one in above):
        wrong = f'the key "{made.selector}" never signs: one of its kind above it begins no later'
        mail.complain("dkim", wrong, "the newest key first, with from = the day it begins", position=position)


def _url(environ: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    url = secrets.secret(environ, name)
    try:
        known = urlsplit(url).scheme.lower() in schemes and "://" in url
    except ValueError:
        known = False
    if not known:
        right = f"{name}={schemes[0]}://…"
        raise Wrong(f"{name} does not hold a URL that begins with {', '.join(schemes)} and ://", right, whole=True)
    return url


def _partner_secrets(draft: Draft, environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for partner in draft.partners:
        if not partner.has("id", "secrets_from"):
            continue
        found[partner.get("id")] = tuple(_signing_secrets(partner, draft.live, environ))
    return found


def _signing_secrets(partner: Entry, live: bool, environ: Mapping[str, str]) -> list[str]:
    """Those that are there; the sandbox needs none from the environment."""
    found: list[str] = []
    for name in partner.get("secrets_from"):
        try:
            found.append(secrets.signing_secret(environ, name))
        except Absent as error:
            if live or not partner.get("loopback"):
                severity = Severity.ERROR if live else Severity.WARNING
                partner.complain("secrets_from", error.wrong, error.right, severity)
        except Wrong as error:
            partner.complain("secrets_from", error.wrong, error.right)
    return found
