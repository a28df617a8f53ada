"""Publishes finished files into a local folder: atomically, and only when their bytes changed.

It renders and serves nothing. A reader of the folder sees the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from syndication.core.paths import parts_of
from syndication.ports import Outrun, Permanent, Transient

_TEMPORARY = re.compile(r"\.publishing-\w+\.tmp")
_PREFIX, _SUFFIX = ".publishing-", ".tmp"


class FilePublisher:
    """Implements ports.Publisher for a folder of a local disk.

    The modification time of a file says when its bytes last changed. Its media type is not kept: whoever serves the
    folder knows it by the suffix."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        """Replace the file at `path` when its bytes differ; returns whether they did.

        Writers of one folder take turns, so of two at once the later call wins whole; with `over` only the one that
        knew what it replaces. After a kill at any point the old bytes stand there or the new ones do. Raises Permanent
        for a path outside the folder, Outrun when another file stands there than `over` says, Transient when the disk
        refuses."""
        target = self._target(path)
        try:
            with self._turn(target.parent):
                _sweep(target.parent)
                if _read(target) == body:
                    return False
                if over is not None and _mark(target) != over:
                    raise Outrun(f"{path} was replaced meanwhile")
                _replace(target, body)
                return True
        except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
            raise Permanent(f"{path} cannot be published: a file and a folder have the same name: {error}") from None
        except OSError as error:
            raise Transient(f"{path} could not be published: {error}") from None

    def mark(self, path: str) -> str:
        """Inode, time and size of the file at `path`: a replacement is another file."""
        try:
            return _mark(self._target(path))
        except OSError as error:
            raise Transient(f"{path} could not be read: {error}") from None

    def digest(self, path: str) -> str | None:
        body = self.read(path)
        return None if body is None else hashlib.sha256(body).hexdigest()

    def read(self, path: str) -> bytes | None:
        """The bytes at `path`, or None when there are none."""
        try:
            return _read(self._target(path))
        except OSError as error:
            raise Transient(f"{path} could not be read: {error}") from None

    def changed_at(self, path: str) -> datetime | None:
        """When the bytes at `path` last changed; None when there are none."""
        target = self._target(path)
        try:
            return datetime.fromtimestamp(target.stat().st_mtime, UTC) if target.is_file() else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Transient(f"{path} could not be read: {error}") from None

    def try_out(self) -> None:
        """Write a small file into the folder and remove it. Raises Transient, with the reason."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=self._folder)
            os.close(handle)
            Path(name).unlink()
        except OSError as error:
            raise Transient(f"nothing can be published in {self._folder}: {error.strerror or error}") from None

    def _target(self, path: str) -> Path:
        """The file under the folder. Raises Permanent for anything that could lead elsewhere."""
        parts = parts_of(path)
        if parts is None:
            raise Permanent(f"{path!a} is no path inside the publishing folder: use names separated by /")
        target = self._folder.joinpath(*parts)
        if not target.resolve().is_relative_to(self._folder.resolve()):
            raise Permanent(f"{path!a} leads out of the publishing folder through a link")
        return target

    @contextlib.contextmanager
    def _turn(self, folder: Path) -> Iterator[None]:
        """The exclusive right to write in one folder; the kernel gives it back when its holder dies."""
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _read(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _mark(target: Path) -> str:
    try:
        facts = target.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{facts.st_ino}-{facts.st_mtime_ns}-{facts.st_size}"


def _replace(target: Path, body: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # mkstemp's 0600 would hide it from the web server
            _date(file.fileno(), target)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _date(file: int, target: Path) -> None:
    """Give a file a time that the one it replaces does not have: the kernel's own clock ticks too seldom for that."""
    now = time.time_ns()
    with contextlib.suppress(FileNotFoundError):
        now = max(now, target.stat().st_mtime_ns + 1)
    os.utime(file, ns=(now, now))


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what killed writers left; the turn says that nobody is writing."""
    for entry in folder.iterdir():
        if _TEMPORARY.fullmatch(entry.name):
            entry.unlink(missing_ok=True)
