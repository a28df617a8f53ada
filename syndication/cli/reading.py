"""Commands that need no installation: read (what an input gives), try (its digest), init.

They store nothing and send nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.progress import track

from syndication import __version__, assemble, bootstrap, press
from syndication.adapters.memory import FixedClock, MemoryMailer, MemoryPortal, MemoryPublisher, MemoryStore
from syndication.adapters.memory.journals import MemoryJournals
from syndication.cli.house import err, json_option, out, print_json, quiet_logs, table
from syndication.cli.writing import write_preview
from syndication.core import links, timetable
from syndication.core.model import (
    Choices,
    Consent,
    Edition,
    Origin,
    Outlet,
    Reading,
    SetAside,
    Source,
    SourceKind,
    WeatherReading,
)
from syndication.core.report import reading_json
from syndication.core.sources import read_input
from syndication.ports import Permanent, Ports, Setup, Transient
from syndication.settings import starting

AGENT = f"syndication/{__version__}"
_LARGEST_FILE = 60 * 1024 * 1024  # larger ones are not even read; the readers have tighter limits of their own


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="FILE|URL...")
@json_option
def read(inputs: tuple[str, ...], as_json: bool) -> None:
    """Show what an input gives, without storing it: date line, weather, articles, teasers, what was set aside.

    \b
    Example: syndication read page.txt https://example.com/rss.xml --json
    """
    quiet_logs()
    steps = inputs if as_json or len(inputs) < 3 else track(inputs, console=err, description="reading")
    for name in steps:
        reading = look(name)[0]
        if as_json:
            print_json(reading_json(name, reading))
        else:
            _show(name, reading)


def look(name: str) -> tuple[Reading, str | None]:
    """What one file or URL gives, and the URL it came from. An unreadable one is an entry in `set_aside`."""
    try:
        body, content_type, url = fetched(name)
    except (Permanent, Transient, OSError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        return Reading(set_aside=(SetAside(what=name, reason=reason),)), None
    outlet = urlsplit(url).hostname if url else Path(name).stem
    return read_input(body, url=url, content_type=content_type, outlet=outlet or "input"), url


def fetched(name: str) -> tuple[bytes, str, str | None]:
    """Body, media type and address of a file or URL; raises Permanent, Transient or OSError."""
    return _fetch(name) if is_url(name) else _open(Path(name))


def is_url(name: str) -> bool:
    return "://" in name


def _fetch(url: str) -> tuple[bytes, str, str]:
    """An address that the operator typed counts as named by the settings, loopback included."""
    fetched = bootstrap.fetcher(AGENT).fetch(url, loopback=True)
    if fetched.body is None:
        raise Permanent("there is nothing at this address any more")
    return fetched.body, fetched.content_type, fetched.url


def _open(path: Path) -> tuple[bytes, str, None]:
    with path.open("rb") as file:
        body = file.read(_LARGEST_FILE + 1)
    if len(body) > _LARGEST_FILE:
        raise Permanent(f"larger than {_LARGEST_FILE // 1024 // 1024} MB")
    return body, "", None


def _show(name: str, reading: Reading) -> None:
    out.print(name, style="bold", markup=False)
    if reading.date_line:
        out.print(f"date line {reading.date_line}")
    rows = [
        (o.station or "–", o.condition or "관측 없음", "–" if o.temperature is None else f"{o.temperature} ℃")
        for o in reading.observations
    ]
    if rows:
        out.print(table(f"{len(rows)} observations ({reading.attribution or 'no attribution'})", ("", "", ""), rows))
    for found in reading.articles:
        content = found.content
        when = content.published_at or content.published_on or "date unknown"
        out.print(f"• {content.title}", markup=False)
        out.print(f"  {content.section or 'no section'} · {when} · {len(content.paragraphs)} paragraphs", markup=False)
    for teaser in reading.teasers:
        out.print(f"  teaser{' (cut)' if teaser.cut else ''}: {teaser.title or teaser.text}", markup=False)
    for aside in reading.set_aside:
        out.print(f"  set aside: {aside.what}: {aside.reason}", markup=False)
    for warning in reading.warnings:
        out.print(f"  note: {warning}", markup=False)


# --- try -------------------------------------------------------------------------------------


@click.command("try")
@click.argument("inputs", nargs=-1, required=True, metavar="URL|FILE...")
@click.option("--out", "folder", type=click.Path(path_type=Path), default=Path("var/try"), show_default=True)
@click.option("--title", default="오늘의 소식", show_default=True, help="Title of the digest.")
def try_(inputs: tuple[str, ...], folder: Path, title: str) -> None:
    """Make the digest of any feed or page: nothing configured, nothing stored, nothing sent.

    \b
    Example: syndication try https://example.com/rss.xml
    """
    quiet_logs()
    now = datetime.now(UTC)
    edition = Edition(id="try", title=title, hour=(now + timedelta(hours=9)).time().replace(microsecond=0))
    store = MemoryStore()
    setup, ports = _bench(edition, store, now, inputs)
    for name, source in zip(inputs, setup.sources.values(), strict=True):
        _take(store, source, *look(name), now)
    slot = replace(timetable.slot(edition, timetable.local_date(edition, now)), cut_off_at=now + timedelta(seconds=1))
    draft = assemble.compose(ports, setup, edition, slot)
    if not draft.frozen.content.items:
        raise click.ClickException("there is no story in it; `syndication read` says what it gave")
    store.register_editions([edition], now)
    issue = store.freeze(draft.frozen, draft.blocks)
    reader = store.subscribe(
        address="reader-1@example.com",
        key=links.address_key("reader-1@example.com", setup.address_keys),
        edition_id=edition.id,
        choices=Choices(),
        consent=Consent(at=now, how="try", text_version="try"),
        language="ko",
    )
    mail = press.Press(ports=ports, setup=setup).digest(
        issue, press.whole_recipe(issue, edition), reader, thing=f"issue:{issue.id}"
    )
    for line in write_preview(folder, "digest", mail.message):
        out.print(line, markup=False, soft_wrap=True)
    for article, reason in draft.left_out:
        out.print(f"left out: {article.content.title}: {reason}", markup=False)


def _bench(edition: Edition, store: MemoryStore, now: datetime, inputs: tuple[str, ...]) -> tuple[Setup, Ports]:
    keys = links.Keys(current="try", secrets={"try": b"nothing made with this key is ever sent anywhere"})
    outlet = Outlet(
        name="syndication try",
        domain="example.com",
        url="https://example.com",
        address="(표본) 발행인 주소",
        contact="editor@example.com",
        sender_name=edition.title,
        sender_address="digest@example.com",
    )
    sources = {
        f"input-{n}": Source(id=f"input-{n}", kind=SourceKind.PAGE, location=name, outlet=f"input-{n}", weather=True)
        for n, name in enumerate(inputs, 1)
    }
    setup = Setup(
        outlet=outlet,
        sources=sources,
        editions={edition.id: edition},
        partners={},
        partner_secrets={},
        keys=keys,
        address_keys=keys,
        templates=bootstrap.templates(),
    )
    ports = Ports(
        store=store,
        clock=FixedClock(now + timedelta(seconds=2)),
        fetcher=bootstrap.fetcher(AGENT),
        mailer=MemoryMailer(),
        portal=MemoryPortal(),
        publisher=MemoryPublisher(),
        folders={},
        journals=MemoryJournals(),
    )
    return setup, ports


def _take(store: MemoryStore, source: Source, reading: Reading, url: str | None, now: datetime) -> None:
    for aside in reading.set_aside:
        err.print(f"set aside: {aside.what}: {aside.reason}", markup=False, soft_wrap=True)
    # there is no Issue page to link to: a story without a page of its own is found where it was read
    found = [replace(f, content=replace(f.content, url=f.content.url or url)) for f in reading.articles]
    store.store_articles(source, found, now, domain="example.com", baseline=False)
    if reading.observations:
        store.store_weather(
            WeatherReading(
                origin=Origin.WIDGET,
                source_id=source.id,
                fetched_at=now,
                on=reading.date_line,
                observations=reading.observations,
            )
        )


# --- init ------------------------------------------------------------------------------------


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def init(folder: Path) -> None:
    """Write a commented publisher.toml, a sample partner and a drop folder.

    \b
    Example: syndication init my-paper
    """
    try:
        for path in starting.init(folder):
            out.print(f"wrote {path}", markup=False)
    except FileExistsError as error:
        raise click.ClickException(str(error)) from error
    out.print(f"Now edit it and ask: syndication --publisher {folder / 'publisher.toml'} check", markup=False)


COMMANDS = (read, try_, init)
