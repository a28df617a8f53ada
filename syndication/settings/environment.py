"""Fetches the secrets that the settings name, and notes those that are absent or unfit.

It never repeats what a secret says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from syndication.core.links import Keys
from syndication.render import dkim
from syndication.render.dkim import Signer
from syndication.settings import secrets
from syndication.settings.problems import Severity, Wrong
from syndication.settings.reading import Draft, Entry
from syndication.settings.secrets import Absent

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
    signer: Signer | None = field(default=None, repr=False)
    kma_key: str | None = field(default=None, repr=False)
    address_keys: Keys | None = field(default=None, repr=False)
    link_keys: Keys | None = field(default=None, repr=False)
    partner_secrets: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


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
        signer=_take(mail, "dkim_key_from", absent, lambda name: _signer(draft, secrets.secret(environ, name))),
        kma_key=plain(weather, "kma_key_from", mild),
        address_keys=installation_keys("address_key_from"),
        link_keys=installation_keys("link_key_from"),
        partner_secrets=_partner_secrets(draft, environ),
    )


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


def _signer(draft: Draft, pem: str) -> Signer | None:
    """Signs for the sender's domain. Raises Wrong for a key that cannot."""
    selector, sender = draft.single["mail"].get("dkim_selector"), draft.single["outlet"].get("sender")
    if not selector or not sender:
        return None  # what is missing is said where it is missing
    try:
        return dkim.signer(sender[1].rpartition("@")[2], selector, pem.encode())
    except dkim.BadSigner as error:
        raise Wrong(str(error), "openssl genrsa -out dkim.pem 2048", whole=True) from None


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
