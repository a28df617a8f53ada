"""What a publisher writes: publisher.toml and partners/*.toml, read, checked, and turned into Settings.

It opens no databases and no connections; `bootstrap` wires what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from syndication.settings.agreement import judge_draft
from syndication.settings.building import build
from syndication.settings.environment import Found, fetch
from syndication.settings.fields import Mode, Tls
from syndication.settings.problems import BadSettings, Findings, Problem, Severity, Wrong
from syndication.settings.reading import FILE, Draft, read_draft
from syndication.settings.starting import (
    AlreadyThere,
    SampleSubscriber,
    init,
    read_subscribers,
    write_starter,
)
from syndication.settings.values import Broker, IndexNow, MailRelay, Sandbox, Settings, Storage, WeatherSettings, Web

__all__ = [
    "FILE",
    "AlreadyThere",
    "BadSettings",
    "Broker",
    "IndexNow",
    "MailRelay",
    "Mode",
    "Problem",
    "SampleSubscriber",
    "Sandbox",
    "Settings",
    "Severity",
    "Storage",
    "Tls",
    "WeatherSettings",
    "Web",
    "check",
    "init",
    "load",
    "notes",
    "read_subscribers",
    "write_starter",
]


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The Settings of a publisher.toml (or of the folder it lies in). Raises BadSettings with every problem."""
    draft, found, problems = _examine(path, environ)
    if draft is None or found is None or any(problem.is_error for problem in problems):
        raise BadSettings(problems)
    try:
        return build(draft, found)
    except (Wrong, OSError) as error:
        raise BadSettings((*problems, _unfit_folder(draft, error))) from error


def _unfit_folder(draft: Draft, error: Wrong | OSError) -> Problem:
    """What only shows when a key is kept in the storage folder."""
    storage = draft.single["storage"]
    wrong = error.wrong if isinstance(error, Wrong) else f"{error.filename} cannot be used: {error.strerror}"
    right = error.right if isinstance(error, Wrong) else None
    return Problem(
        file=storage.sheet.file,
        line=storage.sheet.places.line((*storage.path, "folder")),
        field="storage.folder",
        wrong=wrong,
        right=right or "a folder that this user may write to",
    )


def check(path: Path, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every problem of a publisher.toml and its partners, in reading order. Writes nothing."""
    return _examine(path, environ)[2]


def notes(settings: Settings) -> tuple[str, ...]:
    """What an operator should know about sound settings."""
    embedded = f"The embedded database in {settings.storage.folder} needs a local disk and serves one host only."
    rehearsal = "Rehearsal: mail goes only to the addresses of [rehearsal] allow, pushes only to sandbox partners."
    return tuple(
        words for words, holds in ((rehearsal, settings.rehearsing), (embedded, settings.storage.embedded)) if holds
    )


def _examine(path: Path, environ: Mapping[str, str]) -> tuple[Draft | None, Found | None, tuple[Problem, ...]]:
    findings = Findings()
    draft = read_draft(path, findings)
    if draft is None:
        return None, None, findings.in_reading_order()
    judge_draft(draft)
    found = fetch(draft, environ)
    return draft, found, findings.in_reading_order()
