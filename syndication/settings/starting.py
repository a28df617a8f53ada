"""Begins an installation: writes a publisher.toml to fill in, or the sample publisher that the package carries.

It overwrites nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from syndication.core.model import Choices, Consent
from syndication.settings import kinds
from syndication.settings.blank import DROP_FOLDER, blank_partner, blank_publisher
from syndication.settings.fields import Table, defaulting, optional, required
from syndication.settings.problems import BadSettings, Findings
from syndication.settings.reading import FILE, Entry, read_entry, read_sheet

SUBSCRIBERS_FILE = "subscribers.toml"
FIRST_PORT = 8600
_PORTS = 4  # web, origin, mailbox, portal


class AlreadyThere(FileExistsError):
    """A file that would be overwritten; the message names it and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSubscriber:
    """A reader of the sample publisher."""

    about: str
    address: str
    edition_id: str
    language: str
    choices: Choices
    consent: Consent


def init(folder: Path) -> tuple[Path, ...]:
    """Write publisher.toml, partners/example.toml.sample and a drop folder; returns what was written.

    Raises AlreadyThere before anything is written, and OSError."""
    texts = {
        folder / FILE: blank_publisher(),
        folder / "partners" / "example.toml.sample": blank_partner(),
    }
    _refuse_to_overwrite(texts)
    for file, text in texts.items():
        _write(file, text.encode())
    (folder / DROP_FOLDER).mkdir(exist_ok=True)
    return (*texts, folder / DROP_FOLDER)


def write_starter(folder: Path, *, first_port: int = FIRST_PORT) -> tuple[Path, ...]:
    """Write the sample publisher into a folder; returns the files. Pages, origin, mailbox and portal listen on
    `first_port` and the three ports after it. Raises AlreadyThere before anything is written, and OSError."""
    bodies = {folder / path: body for path, body in _shipped(files("syndication") / "starter", "")}
    _refuse_to_overwrite(bodies)
    for file, body in bodies.items():
        _write(file, _with_ports(body, first_port) if file.suffix == ".toml" else body)
    return tuple(bodies)


def _shipped(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir():
            found += _shipped(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _with_ports(body: bytes, first_port: int) -> bytes:
    shift = first_port - FIRST_PORT
    last = FIRST_PORT + _PORTS - 1
    ports = rf"\b{FIRST_PORT // 10}[{FIRST_PORT % 10}-{last % 10}]\b"
    return re.sub(ports, lambda port: str(int(port[0]) + shift), body.decode()).encode()


def _refuse_to_overwrite(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.exists() or path.is_symlink():
            raise AlreadyThere(f"{path} is there already; choose an empty folder, or move the file away")


def _write(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as fresh:
        fresh.write(body)


# --- the sample's readers --------------------------------------------------------------------

_SUBSCRIBER = Table(
    name="subscriber",
    many=True,
    about="A reader of the sample publisher.",
    fields=(
        defaulting("about", kinds.text, '"표본 독자"', "What this reader is a sample of."),
        required("address", kinds.mail_address, '"reader-1@example.com"', "The address as typed."),
        required("edition", kinds.slug, '"daily"', "Id of the Edition."),
        defaulting("language", kinds.choice(("ko", "en")), '"ko"', "Language of the words around the stories."),
        defaulting("stations", kinds.several(kinds.station), "[]", "Chosen stations; empty means the Edition's."),
        defaulting("sections", kinds.several(kinds.text), "[]", "Chosen sections; empty means all."),
        optional("hour", kinds.time_of_day, '"07:00"', "Chosen hour."),
        required("how", kinds.text, '"표본 구독 신청서"', "How consent came about."),
        required("text_version", kinds.text, '"표본 2026-01"', "Which wording was agreed to."),
        required("at", kinds.instant, '"2026-01-15T10:00:00+09:00"', "When it was."),
    ),
)


def read_subscribers(file: Path) -> tuple[SampleSubscriber, ...]:
    """The readers of a subscribers.toml. Raises BadSettings."""
    findings = Findings()
    sheet = read_sheet(file, file.name, findings)
    tables = sheet.raw.get("subscriber", []) if sheet else []
    entries = [
        read_entry(sheet, _SUBSCRIBER, raw, ("subscriber", n), f"subscriber[{n + 1}]")
        for n, raw in enumerate(tables)
        if sheet is not None
    ]
    if findings.problems:
        raise BadSettings(findings.in_reading_order())
    return tuple(_subscriber(entry) for entry in entries)


def _subscriber(entry: Entry) -> SampleSubscriber:
    at: datetime = entry.get("at")
    choices = Choices(stations=entry.get("stations"), sections=entry.get("sections"))
    return SampleSubscriber(
        about=entry.get("about"),
        address=entry.get("address"),
        edition_id=entry.get("edition"),
        language=entry.get("language"),
        choices=replace(choices, hour=entry.get("hour")),
        consent=Consent(at=at, how=entry.get("how"), text_version=entry.get("text_version"), origin=SUBSCRIBERS_FILE),
    )
