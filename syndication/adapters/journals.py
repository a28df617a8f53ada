"""Journals as files: what each sending process intends and hears, one locked file per process beside the database.

It decides nothing: core.ledger says what a testimony makes of a Delivery. Lines survive the process, not a power cut,
so a journal of an earlier start of the machine tells what it holds and is never taken for complete.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from syndication.core.ledger import Entry, Testimony, Witness, testimony_of
from syndication.core.model import Outcome, Reach, Verdict
from syndication.ports import Transient

KEPT = timedelta(days=14)  # how long a dead process's journal is kept, for whoever restores an older database
LARGEST = 64 * 1024 * 1024  # octets; then the process begins another one
_SUFFIX = ".journal"
_WITNESS = "witness.json"
_WHOLE = re.compile(rb'\{"lease":[0-9]+,"(?:intent|outcome)":[0-9]+,"(?:key|verdict)":"')


class FileJournals:
    """Journals below one folder. Processes that share the folder read each other's when their owner is gone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own: FileJournal | None = None
        self._epoch: tuple[str, int] | None = None  # of the database, when our journal was last asked for

    def own(self) -> FileJournal:
        seen = self.witness()
        epoch = None if seen is None else (seen.installation, seen.epoch)
        # another database, or a restored one, gives the same numbers to other leases and Deliveries
        same, self._epoch = self._epoch in (None, epoch), epoch
        if self._own is None or not self._own.usable or not same:
            if self._own is not None:
                self._own.close()
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._own = FileJournal.begin(self.folder)
            except OSError as error:
                raise Transient(f"no journal can be written in {self.folder}: {error.strerror}") from None
        return self._own

    def recall(self, name: str, lease_id: int) -> Testimony | None:
        own = self._own
        if own is None or own.name != name or own.forked:
            return None
        try:
            return testimony_of(_entries(own.path.read_bytes(), of=lease_id), lease_id, boot=boot_id())
        except OSError:
            return None

    def testimony(self, host: str, name: str, lease_id: int) -> Testimony | None:
        if self._own is not None and self._own.name == name and not self._own.forked:
            return None  # our own, and we live
        path = self.folder / name
        if not name.endswith(_SUFFIX) or path.parent != self.folder:
            return None
        try:
            with _unlocked(path) as words:
                return None if words is None else testimony_of(_entries(words, of=lease_id), lease_id, boot=boot_id())
        except OSError:
            return None

    def entries(self) -> Iterator[Entry]:
        """Everything that is written down here, the oldest journal first; also what living processes wrote."""
        for path in sorted(self.folder.glob(f"*{_SUFFIX}"), key=lambda p: p.name):
            try:
                yield from _entries(path.read_bytes())
            except OSError:
                continue

    def sweep(self, now: datetime) -> None:
        """Remove journals of dead processes that nobody will ask for any more."""
        for path in self.folder.glob(f"*{_SUFFIX}"):
            try:
                if path.stat().st_mtime < (now - KEPT).timestamp():
                    with _unlocked(path) as words:
                        if words is not None:
                            path.unlink()
            except OSError:
                continue

    # --- the witness: what the database cannot tell of itself ---

    def witness(self) -> Witness | None:
        """What is known here, outside the database, of the database; None when nothing is."""
        try:
            told = json.loads((self.folder / _WITNESS).read_text())
            return Witness(installation=str(told["installation"]), epoch=int(told["epoch"]), lease=int(told["lease"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def attest(self, witness: Witness) -> None:
        """Remember a witness; the highest lease of one epoch stands."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.folder / f".{_WITNESS}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                there = self.witness()
                if there is None or there != max(there, witness, key=lambda w: (w.epoch, w.lease)):
                    self._write(witness)
        except OSError as error:
            raise Transient(f"nothing can be written in {self.folder}: {error.strerror}") from None

    def _write(self, witness: Witness) -> None:
        draft = self.folder / f".{_WITNESS}.{os.getpid()}"
        words = {"installation": witness.installation, "epoch": witness.epoch, "lease": witness.lease}
        with draft.open("w") as file:
            json.dump(words, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / _WITNESS)


class FileJournal:
    """One process's journal: append only, locked for as long as the process lives."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._file = descriptor
        self._pid = os.getpid()
        self._size = 0
        self._torn = False  # its last line is cut short

    @classmethod
    def begin(cls, folder: Path) -> FileJournal:
        path = folder / f"{os.getpid()}-{secrets.token_hex(6)}{_SUFFIX}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        made = cls(path, descriptor)
        made._append({"boot": boot_id()})
        return made

    def close(self) -> None:
        """Let go of it, unless it is another process's: whoever asks then may read it."""
        if not self.forked:
            os.close(self._file)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def forked(self) -> bool:
        """Whether it belongs to the process that this one was forked from."""
        return self._pid != os.getpid()

    @property
    def usable(self) -> bool:
        """Whether this process may go on with it: it is ours, still where it was, whole, and not too large."""
        if self.forked or self._torn or self._size > LARGEST:
            return False
        try:
            return os.fstat(self._file).st_ino == self.path.stat().st_ino
        except OSError:
            return False

    def intend(self, lease_id: int, delivery_id: int, key: str) -> None:
        self._append({"lease": lease_id, "intent": delivery_id, "key": key})

    def note(self, lease_id: int, delivery_id: int, outcome: Outcome) -> None:
        told = {
            "verdict": outcome.verdict.value,
            "receipt": outcome.receipt,
            "code": outcome.code,
            "reason": outcome.reason,
            "suppress": outcome.suppress or None,
            "reach": None if outcome.reach is Reach.DELIVERY else outcome.reach.value,
        }
        self._append({"lease": lease_id, "outcome": delivery_id, **{k: v for k, v in told.items() if v is not None}})

    def _append(self, words: dict[str, object]) -> None:
        line = json.dumps(words, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise Transient(f"the journal cannot be written: {error.strerror}") from None
        self._size += written
        if written != len(line):
            self._torn = True  # whatever came next would be unreadable, too
            raise Transient("the journal cannot be written: the disk is full")


def boot_id() -> str:
    """This start of this machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


@contextmanager
def _unlocked(path: Path) -> Iterator[bytes | None]:
    """A journal's octets, held while they are looked at; None while its owner lives."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file.read()


def _entries(words: bytes, *, of: int | None = None) -> Iterator[Entry]:
    """The lines as values, those of one lease only where that is enough; one that cannot be read is told as such."""
    mine = b'{"lease":%d,' % of if of is not None else b""
    for line in words.split(b"\n")[:-1] + ([b"torn"] if not words.endswith(b"\n") else []):
        if mine and not line.startswith(mine) and _WHOLE.match(line) and line.endswith(b"}"):
            continue  # a day's journal is long, and asked for again as long as one mail in it is uncertain
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError):
            yield Entry()


def _entry(told: dict[str, object]) -> Entry:
    if "boot" in told:
        return Entry(boot=str(told["boot"]))
    lease = int(str(told["lease"]))
    if "intent" in told:
        return Entry(lease=lease, delivery=int(str(told["intent"])), key=str(told["key"]))
    outcome = Outcome(
        verdict=Verdict(str(told["verdict"])),
        receipt=_text(told, "receipt"),
        code=_text(told, "code"),
        reason=_text(told, "reason"),
        suppress=told.get("suppress") is True,
        reach=Reach(_text(told, "reach") or Reach.DELIVERY),
    )
    return Entry(lease=lease, delivery=int(str(told["outcome"])), outcome=outcome)


def _text(told: dict[str, object], name: str) -> str | None:
    value = told.get(name)
    return None if value is None else str(value)
