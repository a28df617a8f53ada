"""The command `run`: web, worker, beat and sandbox as one foreground program that shows the morning.

It supervises and tells; the work is done by the children, which share nothing but the store.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import click

from syndication import bootstrap
from syndication.bootstrap import House
from syndication.cli.children import Child, Children, taken_ports
from syndication.cli.house import Context, load, out, quiet_logs
from syndication.cli.morning import Morning
from syndication.cli.staff import Watch, beat, workers
from syndication.core import links
from syndication.settings import FILE, Settings, starting

WORKERS = 2
STOP_WITHIN = timedelta(seconds=8)
_LOOK_EVERY = 0.5
_DEFAULT = Path("var")


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=_DEFAULT,
    show_default=True,
    help="Where the sample publisher and all it writes go, when there is no publisher.toml here.",
)
@click.option("--once", is_flag=True, help="Stop when the first Issue has been delivered.")
@click.pass_obj
def run(context: Context, folder: Path, once: bool) -> None:
    """Start web, worker, beat and sandbox, and show a whole morning. Ctrl-C stops it cleanly.

    \b
    Example: syndication run
    """
    quiet_logs()
    path, is_sample = _publisher(context.named, folder)
    settings = load(path)
    _refuse_taken_ports(settings)
    resume_clock(settings)
    os.environ[bootstrap.PUBLISHER] = str(path.resolve())
    house = bootstrap.open_house(settings)
    if is_sample:
        add_sample_readers(house, path.parent / starting.SUBSCRIBERS_FILE)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    children = Children(_commands(settings), settings.storage.folder / "log")
    try:
        _watch(house, children, stopping, once=once)
    finally:
        out.print("stopping …")
        children.stop(STOP_WITHIN)
        keep_clock(house)
        house.close()
        out.print("stopped; the next run goes on from here")


def _publisher(named: Path | None, folder: Path) -> tuple[Path, bool]:
    """The publisher to run: the one named or found here, else the sample, written out on the first run."""
    sample = folder / FILE
    found = bootstrap.find_publisher(os.environ, named)
    if found is not None and found.is_dir():
        found = found / FILE
    is_other_sample = named is None and found == _DEFAULT / FILE and folder != _DEFAULT
    if found is not None and found.resolve() != sample.resolve() and not is_other_sample:
        return found, False
    if not sample.exists():
        starting.write_starter(folder)
        out.print(f"wrote the sample publisher to {folder}/", markup=False)
    return sample, True


def _watch(house: House, children: Children, stopping: threading.Event, *, once: bool) -> None:
    morning = Morning(house)
    forget_messages(house.settings)
    children.start()
    watch = Watch(house, children)
    morning.greet()
    while not stopping.is_set():
        watch.look()
        keep_clock(house)
        if morning.look() and once:
            return
        stopping.wait(_LOOK_EVERY)


def forget_messages(settings: Settings) -> None:
    """Empty the embedded broker: its messages only wake, and what was left over would all be rung at once."""
    queue = settings.storage.folder / "broker" / "queue"
    for message in queue.glob("*") if settings.broker.embedded else ():
        message.unlink(missing_ok=True)


def _commands(settings: Settings) -> list[Child]:
    children = [
        Child(name="web", command=web_command(settings)),
        *workers(settings, WORKERS),
        beat(),
    ]
    return [*_sandbox(settings), *children]


def web_command(settings: Settings) -> list[str]:
    """What serves pages and feeds. It needs no proxy's word for who asks: nothing depends on it."""
    web = settings.web
    words = ["--factory", "syndication.cli.serving:app", "--host", web.host, "--port", str(web.port)]
    quick = ["--http", "syndication.web.quick:Quick"]
    quiet = ["--no-access-log", "--no-server-header", "--no-proxy-headers"]
    return [sys.executable, "-m", "uvicorn", *words, *quick, "--workers", str(web.workers), *quiet]


def _sandbox(settings: Settings) -> list[Child]:
    sandbox = settings.sandbox
    if sandbox is None:
        return []
    folder = settings.storage.folder
    return [
        Child(name="mailbox", command=_sandbox_command("mailbox", sandbox.mailbox_port, folder / "mailbox")),
        Child(name="origin", command=_origin(settings, sandbox.origin_port, sandbox.folder)),
        _portal(settings, sandbox.portal_port),
    ]


def _origin(settings: Settings, port: int, folder: Path) -> list[str]:
    """The sandbox origin makes up the weather of the rehearsal's time."""
    shifted = ["--clock", str(bootstrap.clock_file(settings))] if settings.starts_at is not None else []
    return _sandbox_command("origin", port, folder) + shifted


def _portal(settings: Settings, port: int) -> Child:
    """The sandbox portal knows the secrets of the Partners that are rehearsed with, and the rehearsal's time."""
    secrets = [s for p in settings.partners if p.rehearsed_with for s in settings.partner_secrets[p.id]]
    command = _sandbox_command("portal", port, settings.storage.folder / "portal")
    if settings.starts_at is not None:
        command += ["--clock", str(bootstrap.clock_file(settings))]
    return Child(name="portal", command=command, environ={"PORTAL_SECRETS": " ".join(secrets)})


def _sandbox_command(module: str, port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", f"syndication.sandbox.{module}", "--port", str(port), "--folder", str(folder)]


def _refuse_taken_ports(settings: Settings) -> None:
    wanted = {"web": settings.web.port}
    if settings.sandbox is not None:
        wanted |= {
            "sandbox origin": settings.sandbox.origin_port,
            "sandbox mailbox": settings.sandbox.mailbox_port,
            "sandbox portal": settings.sandbox.portal_port,
        }
    taken = taken_ports(wanted)
    if taken:
        listed = ", ".join(f"{port} ({name})" for name, port in taken.items())
        raise click.ClickException(
            f"another program listens on port {listed}: stop it (another `syndication run`?), "
            f"or give other ports in {settings.file}"
        )


def add_sample_readers(house: House, file: Path) -> None:
    """The sample's Subscribers, once."""
    if house.store.subscriptions():
        return
    for reader in starting.read_subscribers(file):
        house.store.subscribe(
            address=reader.address,
            key=links.address_key(reader.address, house.setup.address_keys),
            edition_id=reader.edition_id,
            choices=reader.choices,
            consent=reader.consent,
            language=reader.language,
        )


# --- the rehearsal's clock goes on where it stopped ------------------------------------------


def resume_clock(settings: Settings) -> None:
    kept = _kept(settings)
    if settings.starts_at is not None and kept.exists():
        bootstrap.set_clock(settings, datetime.fromisoformat(kept.read_text()))


def keep_clock(house: House) -> None:
    if house.settings.starts_at is not None:
        kept = _kept(house.settings)
        draft = kept.with_name(f".{kept.name}")
        draft.write_text(house.ports.clock.now().isoformat())
        draft.replace(kept)  # whole, also when this program is killed while writing


def _kept(settings: Settings) -> Path:
    return settings.storage.folder / "clock-shown"


COMMANDS = (run,)
