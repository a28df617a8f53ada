"""Turns a draft without errors into Settings.

It judges nothing any more; in a rehearsal without keys it has one minted in the storage folder.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from syndication.core.links import Keys
from syndication.core.model import Edition, Outlet, Partner, Source, SourceKind
from syndication.settings import secrets
from syndication.settings.closing import closed
from syndication.settings.environment import Found
from syndication.settings.fields import Mode
from syndication.settings.publishing import Publishing
from syndication.settings.reading import Draft, Entry
from syndication.settings.values import Broker, IndexNow, MailRelay, Sandbox, Settings, Storage, WeatherSettings, Web

T = TypeVar("T")


def build(draft: Draft, found: Found) -> Settings:
    """The Settings of a draft in which no error was found."""
    single = draft.single
    storage = _storage(draft, found)
    editions = tuple(_edition(edition) for edition in draft.editions)
    address_keys, link_keys = _keys(storage.folder, found)
    partners = tuple(_made(Partner, p, secret_names=p.get("secrets_from")) for p in draft.partners)
    return Settings(
        file=draft.file,
        mode=Mode(single[""].get("mode")),
        outlet=_outlet(single["outlet"]),
        sources=tuple(_source(source, draft.folder) for source in draft.sources),
        editions=editions,
        partners=partners,
        storage=storage,
        broker=Broker(url=found.broker_url),
        mail=_mail(single["mail"], found),
        allow=single["rehearsal"].get("allow"),
        weather=WeatherSettings(
            kma_key=found.kma_key,
            hub_key=found.hub_key,
            air_key=found.air_key,
            keyless=single["weather"].get("keyless"),
            fallback=single["weather"].get("fallback"),
            daily_calls=single["weather"].get("daily_calls"),
            stand_in=single["weather"].get("stand_in"),
            stations=single["weather"].get("stations") or _all_stations(editions),
        ),
        address_keys=address_keys,
        link_keys=link_keys,
        partner_secrets=_partner_secrets(partners, found, address_keys),
        starts_at=single["clock"].get("starts_at"),
        publishing=_made(
            Publishing,
            single["publish"],
            access_key=found.access_key,
            secret_key=found.secret_key,
            invalidate_secret=found.invalidate_secret,
        ),
        source_keys=found.source_keys,
        web=_made(Web, single["web"]),
        tick=single["schedule"].get("tick"),
        lease=single["schedule"].get("lease"),
        sandbox=_sandbox(single["sandbox"], draft.folder),
        hub=single["feeds"].get("hub"),
        moved=dict(single["feeds"].get("moved")),
        ended=single["feeds"].get("ended"),
        indexnow=_indexnow(single["indexnow"], found),
    )


def _made(kind: type[T], entry: Entry, **more: Any) -> T:
    """A dataclass from the values whose keys are its fields."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    values = {key: value for key, value in entry.values.items() if key in names}
    return kind(**(values | more))


def _outlet(entry: Entry) -> Outlet:
    name, address = entry.get("sender")
    return _made(Outlet, entry, sender_name=name, sender_address=address)


def _edition(entry: Entry) -> Edition:
    return _made(Edition, entry, closed=closed(entry.get("holidays"), entry.get("closed")))


def _source(entry: Entry, base: Path) -> Source:
    if entry.get("kind") is SourceKind.FOLDER:
        return _made(Source, entry, location=str(_inside(base, entry.get("folder"))))
    if entry.get("kind") is SourceKind.PUSH:
        return _made(Source, entry, location="push")
    return _made(Source, entry, location=entry.get("url"))


def _inside(base: Path, folder: str) -> Path:
    return (base / Path(folder).expanduser()).resolve()


def _storage(draft: Draft, found: Found) -> Storage:
    folder = _inside(draft.folder, draft.single["storage"].get("folder"))
    if found.database_url is not None:
        return Storage(folder=folder, database_url=found.database_url, embedded=False)
    return Storage(folder=folder, database_url=f"sqlite:///{folder / 'syndication.sqlite3'}")


def _mail(entry: Entry, found: Found) -> MailRelay:
    return _made(
        MailRelay,
        entry,
        host=entry.get("relay"),
        user=found.user,
        password=found.password,
        signers=found.signers,
        returns=found.returns,
        ses=found.ses,
    )


def _keys(folder: Path, found: Found) -> tuple[Keys, Keys]:
    """Keys for addresses and for links. A key of earlier rehearsals goes on verifying what it signed."""
    minted = secrets.rehearsal_keys(folder) if found.address_keys is None or secrets.was_minted(folder) else None
    address = found.address_keys or minted
    assert address is not None
    link = found.link_keys or address
    return _also(address, minted), _also(link, minted)


def _also(keys: Keys, older: Keys | None) -> Keys:
    return keys if older is None else Keys(current=keys.current, secrets={**older.secrets, **keys.secrets})


def _partner_secrets(partners: tuple[Partner, ...], found: Found, keys: Keys) -> dict[str, tuple[str, ...]]:
    secrets_ = {partner.id: found.partner_secrets.get(partner.id, ()) for partner in partners}
    for partner in partners:
        if not secrets_[partner.id] and partner.loopback:
            secrets_[partner.id] = (secrets.sandbox_secret(keys, partner.id),)
    return secrets_


def _indexnow(entry: Entry, found: Found) -> IndexNow | None:
    return None if found.site_key is None else IndexNow(key=found.site_key, engines=entry.get("engines"))


def _all_stations(editions: tuple[Edition, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(station for edition in editions for station in edition.stations))


def _sandbox(entry: Entry, base: Path) -> Sandbox | None:
    if "sandbox" not in entry.sheet.raw:
        return None
    return _made(Sandbox, entry, folder=_inside(base, entry.get("folder")))
