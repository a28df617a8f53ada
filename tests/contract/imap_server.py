"""IMAP servers for tests of a Postbox: one that follows a script, and Dovecot where it is installed."""

from __future__ import annotations

import imaplib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import die_with_parent, free_port

USER, PASSWORD = "returns", "a-throw-away-password"
_NOBODY = 65534


@dataclass
class Kept:
    """One mail in a scripted mailbox."""

    message: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Scripted:
    """An IMAP server that knows what a Postbox says, and fails as told. UIDs count from 1."""

    mails: list[Kept] = field(default_factory=list)
    validity: int = 7
    keywords: bool = True  # whether clients may make flags of their own
    cut_after: int | None = None  # hang up in the middle of so many octets of a mail, once
    deaf: bool = False  # hang up at the next NOOP
    port: int = 0
    heard: list[str] = field(default_factory=list)

    def put(self, message: bytes) -> None:
        self.mails.append(Kept(message))

    def flags_of(self, number: int) -> set[str]:
        return set(self.mails[number - 1].flags)

    def talk(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as lines:
            peer.sendall(b"* OK ready\r\n")
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                self.heard.append(command)
                if not self._answer(peer, tag, command):
                    return

    def _answer(self, peer: socket.socket, tag: str, command: str) -> bool:
        said, refused = self._untagged(command)
        if said is None:
            return False
        if self.cut_after is not None and b"BODY[]" in said:
            peer.sendall(said[: self.cut_after])
            self.cut_after = None
            return False
        peer.sendall(said + f"{tag} {'NO' if refused else 'OK'} done\r\n".encode())
        return not command.upper().startswith("LOGOUT")

    def _untagged(self, command: str) -> tuple[bytes | None, bool]:
        words = command.split(" ")
        match [word.upper() for word in words[:2]]:
            case ["CAPABILITY"]:
                return b"* CAPABILITY IMAP4rev1\r\n", False
            case ["LOGIN", _]:
                return b"", f'"{PASSWORD}"' not in command
            case ["SELECT", _]:
                flags = "\\Seen \\Flagged" + (" \\*" if self.keywords else "")
                told = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] fine\r\n"
                return f"{told}* OK [PERMANENTFLAGS ({flags})] fine\r\n".encode(), '"INBOX"' not in command
            case ["NOOP"]:
                return (None if self.deaf else b""), False
            case ["UID", "SEARCH"]:
                return self._search(words[2:]), False
            case ["UID", "FETCH"]:
                return self._fetch(int(words[2]), int(re.findall(r"<0\.(\d+)>", command)[0])), False
            case ["UID", "STORE"]:
                self.mails[int(words[2]) - 1].flags |= set(re.findall(r"[\\\w]+", command.partition("(")[2]))
                return b"", False
        return b"* BYE\r\n", False

    def _search(self, asked: list[str]) -> bytes:
        flag = "\\Seen" if asked[0] == "UNSEEN" else asked[1]
        found = [str(n) for n, mail in enumerate(self.mails, 1) if flag not in mail.flags]
        return f"* SEARCH {' '.join(found)}\r\n".encode()

    def _fetch(self, uid: int, limit: int) -> bytes:
        body = self.mails[uid - 1].message[:limit]
        return f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(body)}}}\r\n".encode() + body + b")\r\n"


@contextmanager
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = int(listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=server.talk, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@dataclass
class Dovecot:
    """A private Dovecot with one mailbox."""

    port: int

    @contextmanager
    def _session(self) -> Iterator[imaplib.IMAP4]:
        session = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            session.login(USER, PASSWORD)
            session.select("INBOX")
            yield session
        finally:
            session.logout()

    def put(self, message: bytes) -> None:
        with self._session() as session:
            assert session.append("INBOX", "", "", message)[0] == "OK"

    def flags_of(self, number: int) -> set[str]:
        with self._session() as session:
            _, data = session.fetch(str(number), "(FLAGS)")
            return {flag.decode() for flag in imaplib.ParseFlags(data[0])}


_CONFIGURATION = """
base_dir = {0}/run
state_dir = {0}/state
log_path = {0}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{0}/mail/%u
passdb {{
  driver = static
  args = password={1}
}}
userdb {{
  driver = static
  args = uid={2} gid={2} home={0}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {3}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Runs in a folder of its own, on a port of its own; as root, as Dovecot wants it."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", _NOBODY, _NOBODY)
    port = free_port()
    configuration = folder / "dovecot.conf"
    configuration.write_text(_CONFIGURATION.format(folder, PASSWORD, _NOBODY, port))
    server = subprocess.Popen(
        ["/usr/sbin/dovecot", "-F", "-c", configuration],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    try:
        _wait_for(port)
        yield Dovecot(port)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int) -> None:
    ends = time.monotonic() + 20
    while True:
        try:
            imaplib.IMAP4("127.0.0.1", port, timeout=2).logout()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
        else:
            return
