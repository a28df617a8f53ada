"""Where the web reads published files: the folder on this machine's disk, or whatever a Publisher writes to.

It keeps nothing and labels nothing.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from syndication.ports import Publisher, Transient

Mark = Hashable  # another one whenever the file was replaced

# A name of any script that is neither hidden nor leads elsewhere, as the Publisher's own.
_NAME = re.compile(r"[^./\\\x00-\x1f\x7f\ud800-\udfff\ufffd][^/\\\x00-\x1f\x7f\ud800-\udfff\ufffd]*")
_LONGEST = 255  # octets of a name
_LONGEST_PATH = 900  # letters of all of them
_STILL = 100_000_000  # nanoseconds: within one tick of the disk's clock two replacements may look alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file as it stood at one moment; without a mark it has to be read again before it is shown again."""

    body: bytes
    changed_at: datetime | None
    mark: Mark | None


class Place(Protocol):
    """Published files by path. `quick`: asking for a mark costs microseconds and may be done anywhere."""

    quick: bool

    def mark(self, path: str) -> Mark | None:
        """What tells the file at a path from the one before it; None when there is none. Raises Transient."""
        ...

    def read(self, path: str) -> Found | None:
        """The file at a path. Raises Transient when the place does not answer."""
        ...


def is_safe(path: str) -> bool:
    """Whether a path can be that of a published file at all."""
    names = path.split("/")
    return len(path) <= _LONGEST_PATH and all(_NAME.fullmatch(n) and len(n.encode()) <= _LONGEST for n in names)


class Folder:
    """The folder that adapters.files.FilePublisher writes: each file is replaced whole, by a rename."""

    quick = True

    def __init__(self, folder: Path, *, now: Callable[[], int] = time.time_ns) -> None:
        self._root = str(folder.absolute())
        self._now = now

    def mark(self, path: str) -> Mark | None:
        try:
            return _mark(os.stat(f"{self._root}/{path}"))  # noqa: PTH116 - with every request: a Path costs thrice that
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Transient(f"{path} could not be read: {error.strerror}") from None

    def read(self, path: str) -> Found | None:
        target = Path(self._root, path)
        try:
            if not target.resolve().is_relative_to(Path(self._root).resolve()):
                return None  # a link leads out of the folder
            with target.open("rb") as file:
                facts = os.fstat(file.fileno())
                body = file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except (OSError, RuntimeError) as error:
            raise Transient(f"{path} could not be read: {error}") from None
        still = self._now() - facts.st_mtime_ns > _STILL
        changed_at = datetime.fromtimestamp(facts.st_mtime, UTC)
        return Found(body=body, changed_at=changed_at, mark=_mark(facts) if still else None)


def _mark(facts: os.stat_result) -> Mark:
    return facts.st_mtime_ns, facts.st_ino, facts.st_size


class Published:
    """Whatever a Publisher writes to, asked with every request whether it was replaced since."""

    quick = False

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def mark(self, path: str) -> Mark | None:
        return self._publisher.mark(path) or None

    def read(self, path: str) -> Found | None:
        mark = self.mark(path)  # before the bytes: an early mark is only asked about once more
        changed_at = self._publisher.changed_at(path)  # the same: a late date would hide a change for ever
        body = self._publisher.read(path)
        return None if body is None else Found(body=body, changed_at=changed_at, mark=mark)
