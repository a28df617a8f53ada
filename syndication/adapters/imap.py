"""A Postbox in an IMAP mailbox: looks for mails that carry no mark of ours, and marks them once they were read.

It deletes nothing, moves nothing and reads no meaning out of a mail. The marks are kept by the server, with the mails:
however many processes look, and whatever becomes of our own database, it alone says what was read.
"""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from syndication.core.addresses import is_loopback
from syndication.ports import Arrived, Permanent, Transient

READ = "SyndicationRead"  # a keyword flag (RFC 9051 section 2.3.2)
LARGEST = 10 * 1024 * 1024  # octets of a mail that are fetched


class ImapPostbox:
    """One folder of a mailbox. A connection is opened for a look and kept until `close` or until it breaks."""

    def __init__(
        self,
        *,
        host: str,
        user: str,
        password: str,
        port: int = 993,
        tls: str = "implicit",
        folder: str = "INBOX",
        timeout: timedelta = timedelta(seconds=30),
        ca_file: str | None = None,
    ) -> None:
        """`tls` is implicit, starttls or none; none only for a server on this machine. Raises Permanent."""
        if tls == "none" and not is_loopback(host):
            raise Permanent(f"mailbox on {host}: without encryption only a server on this machine may be used")
        self._host, self._port, self._tls = host, port, tls
        self._user, self._password, self._folder = user, password, folder
        self._timeout = timeout.total_seconds()
        self._ca_file = ca_file
        self._connection: imaplib.IMAP4 | None = None
        self._mark = "\\Seen"
        self._validity = ""

    def look(self, limit: int) -> Iterator[Arrived]:
        """Mails without our mark, oldest first; of a mail larger than 10 MB its beginning."""
        self._freshen()
        with self._talking() as server:
            unread = "UNSEEN" if self._mark == "\\Seen" else f"UNKEYWORD {self._mark}"
            found, validity = _ok(server.uid("SEARCH", f"{unread} UNDELETED")), self._validity
        uids = [word for part in found if part for word in part.split()][:limit]
        for uid in uids:
            name = f"{validity}/{uid.decode('ascii')}"
            with self._talking() as server:
                octets = _fetched(server, self._uid(name))
            if octets is not None:  # else somebody took it away meanwhile
                yield Arrived(message=octets, name=name)

    def done(self, arrived: Arrived) -> None:
        self._store(arrived, self._mark)

    def set_aside(self, arrived: Arrived) -> None:
        """Marked as read and flagged, so that a person finds it with any mail program."""
        self._store(arrived, f"{self._mark} \\Flagged")

    def close(self) -> None:
        """Say goodbye; what the server makes of that does not matter any more."""
        server, self._connection = self._connection, None
        if server is not None:
            try:
                server.logout()
            except (imaplib.IMAP4.error, OSError):
                pass

    def _freshen(self) -> None:
        """Hear of what came since the last look; a connection that idled to death is put away."""
        if self._connection is not None:
            try:
                _ok(self._connection.noop())
            except (imaplib.IMAP4.error, OSError):
                _shut(self._connection)
                self._connection = None

    def _store(self, arrived: Arrived, flags: str) -> None:
        with self._talking() as server:
            _ok(server.uid("STORE", self._uid(arrived.name), "+FLAGS.SILENT", f"({flags})"))

    def _uid(self, name: str) -> str:
        """The number of a mail, while numbers mean what they meant (RFC 9051 section 2.3.1.1)."""
        validity, _, uid = name.partition("/")
        if validity != self._validity:
            raise ValueError("the mailbox was numbered anew")
        return uid

    @contextmanager
    def _talking(self) -> Iterator[imaplib.IMAP4]:
        """The open connection; whatever breaks on it is Transient and the connection is given up."""
        try:
            if self._connection is None:
                self._connection = self._opened()
            yield self._connection
        except Permanent:
            self.close()
            raise
        except (imaplib.IMAP4.error, OSError, EOFError, ValueError) as error:
            broken, self._connection = self._connection, None
            if broken is not None:
                _shut(broken)
            raise Transient(f"mailbox on {self._host}: {type(error).__name__}") from None

    def _opened(self) -> imaplib.IMAP4:
        server = self._connected()
        try:
            _told(lambda: server.login(self._user, self._password), "the mailbox refuses user and password")
            _told(lambda: server.select(_quoted(self._folder)), f"there is no folder {self._folder}")
            allowed = b" ".join(part for part in server.response("PERMANENTFLAGS")[1] if isinstance(part, bytes))
        except BaseException:
            _shut(server)
            raise
        self._validity = b"".join(v for v in server.response("UIDVALIDITY")[1] if isinstance(v, bytes)).decode("ascii")
        self._mark = READ if b"\\*" in allowed or READ.encode() in allowed else "\\Seen"
        return server

    def _connected(self) -> imaplib.IMAP4:
        context = ssl.create_default_context(cafile=self._ca_file)
        if self._tls == "implicit":
            return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout)
        server = imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        if self._tls == "starttls":
            try:
                server.starttls(context)
            except BaseException:
                _shut(server)
                raise
        return server


def _fetched(server: imaplib.IMAP4, uid: str) -> bytes | None:
    """The mail as it lies there, without marking it as seen (BODY.PEEK)."""
    answer = _ok(server.uid("FETCH", uid, f"(UID BODY.PEEK[]<0.{LARGEST}>)"))
    return next((part[1] for part in answer if isinstance(part, tuple) and len(part) > 1), None)


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error("the server says no")
    return data


def _told(ask: Callable[[], tuple[str, list[Any]]], refusal: str) -> None:
    """A no that trying again does not change."""
    try:
        status, _ = ask()
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise Permanent(refusal) from None
    if status != "OK":
        raise Permanent(refusal)


def _quoted(folder: str) -> str:
    """A folder's name as a quoted string, other than ASCII in modified UTF-7 (RFC 3501 section 5.1.3)."""
    runs = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", folder)
    name = "".join(run.replace("&", "&-") if run[0] <= "~" else f"&{_utf7(run)}-" for run in runs)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _utf7(run: str) -> str:
    return base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")


def _shut(server: imaplib.IMAP4) -> None:
    try:
        server.shutdown()
    except OSError:
        pass
