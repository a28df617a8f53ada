"""A loopback SMTP server that keeps every mail as a file of its own, and the reading of those files.

It relays nothing, rewrites nothing and refuses nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import itertools
import re
import sys
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import unquote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from syndication.sandbox.loopback import HOST, append_line, file_name, run, write_whole

LOG = "accepted.log"

_STAMP = "%Y%m%dT%H%M%S%fZ"
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?([\x21-\x7e]{1,998})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail as it lies in the mailbox. Unreadable parts are empty; the raw file always tells."""

    address: str
    subject: str
    html: str
    text: str
    path: Path
    received_at: datetime  # by this machine's own clock

    @property
    def raw(self) -> bytes:
        return self.path.read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One line of the log: a message that was taken, written before the sender was told so."""

    message_id: str
    recipient: str
    at: datetime


class Mailbox:
    """Takes mail until stopped. `delay` is kept between taking a message and saying so."""

    def __init__(self, folder: Path, port: int = 0, *, delay: timedelta = timedelta()) -> None:
        self.folder = folder
        self.port = port
        self._keeper = _Keeper(folder, delay)
        self._controller: _Controller | None = None

    def start(self) -> int:
        """The port it listens on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        controller = _Controller(self._keeper, hostname=HOST, port=self.port, server_hostname="mailbox.localhost")
        controller.start()
        self._controller, self.port = controller, controller.port
        return self.port

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


class _Controller(Controller):
    """A controller that also knows which free port it got."""

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        made: Awaitable[asyncio.AbstractServer] = super()._create_server()

        async def noted() -> asyncio.AbstractServer:
            server = await made
            assert isinstance(server, asyncio.Server)
            self.port = int(server.sockets[0].getsockname()[1])
            return server

        return noted()


class _Keeper:
    """Stores what arrives. The names of its methods are aiosmtpd's."""

    def __init__(self, folder: Path, delay: timedelta) -> None:
        self._folder = folder
        self._delay = delay
        self._numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        receipt = ""
        assert isinstance(envelope.content, bytes)
        try:
            for recipient in envelope.rcpt_tos:
                receipt = self._keep(recipient, envelope.content)
        except OSError as error:
            return f"452 4.3.1 cannot store it: {error.strerror}"
        if self._delay:
            await asyncio.sleep(self._delay.total_seconds())
        return f"250 2.0.0 Ok: queued as {receipt}"

    def _keep(self, recipient: str, octets: bytes) -> str:
        now = datetime.now(UTC)
        name = f"{now.strftime(_STAMP)}-{next(self._numbers):06d}"
        write_whole(self._folder / file_name(recipient) / f"{name}.eml", octets)
        found = _MESSAGE_ID.search(octets.partition(b"\r\n\r\n")[0])
        message_id = found.group(1).decode("ascii") if found else "-"
        append_line(self._folder / LOG, "\t".join((message_id, re.sub(r"\s", " ", recipient), now.isoformat())))
        return name


# --- reading ---------------------------------------------------------------------------------


def mails(folder: Path, *, address: str | None = None, limit: int | None = None) -> Sequence[Message]:
    """The newest mails first, of one address or of all."""
    where = "*" if address is None else None
    boxes = folder.glob(where) if where else [folder / file_name(address or "")]
    paths = [path for box in boxes if box.is_dir() for path in box.glob("*.eml") if not path.name.startswith(".")]
    return [read(path) for path in sorted(paths, key=lambda path: path.name, reverse=True)[:limit]]


def read(path: Path) -> Message:
    """One stored mail."""
    mail = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return Message(
        address=unquote(path.parent.name),
        subject=_subject(mail),
        html=_body(mail, "html"),
        text=_body(mail, "plain"),
        path=path,
        received_at=datetime.strptime(path.name.partition("-")[0], _STAMP).replace(tzinfo=UTC),
    )


def accepted(folder: Path) -> Sequence[Accepted]:
    """The log, oldest first; a last line still being written is left out."""
    try:
        text = (folder / LOG).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = [line.split("\t") for line in text.rpartition("\n")[0].split("\n") if line]
    return [Accepted(message_id=m, recipient=r, at=datetime.fromisoformat(at)) for m, r, at in lines]


def _subject(mail: EmailMessage) -> str:
    try:
        return str(mail["Subject"] or "")
    except Exception:  # noqa: BLE001 - a foreign header can break the parser in many ways; the mail is still shown
        return ""


def _body(mail: EmailMessage, subtype: str) -> str:
    """The text of the first part of a kind, with plain line breaks."""
    try:
        part = mail.get_body(preferencelist=(subtype,))
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")
    except Exception:  # noqa: BLE001 - as above: unknown charset, broken encoding
        return ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m syndication.sandbox.mailbox", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between taking a message and saying so")
    asked = parser.parse_args(arguments)
    return run(Mailbox(asked.folder, asked.port, delay=timedelta(seconds=asked.delay)))


if __name__ == "__main__":
    sys.exit(main())
