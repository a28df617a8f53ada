"""A drop folder on local disk: files that an editor puts there, taken when they have come to rest.

It reads no meaning into a file (`core.dropped` does) and deletes none: each ends in done/ or set-aside/.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from syndication.ports import Dropped, Permanent

MAX_BYTES = 10_000_000
_LOOKS = ".looks.json"  # what the last look saw, so that two looks may be two processes
_DONE, _ASIDE = "done", "set-aside"
_UNFINISHED = ("~", ".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".swp", ".lock", ".filepart")
_STRAY = ("~$", "#", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One file as one look saw it."""

    size: int
    changed: int  # mtime in nanoseconds
    digest: str


class DropFolder:
    """Implements ports.Folder over one directory, which is made when it is not there."""

    def __init__(self, path: str | Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._path = Path(path)
        self._max_bytes = max_bytes

    def look(self) -> Sequence[Dropped]:
        """The files that are as the last look saw them (size, time and content), by name.

        Files too large or not readable go to set-aside/ at once. Raises Permanent when the folder cannot be used."""
        try:
            for part in (self._path, self._path / _DONE, self._path / _ASIDE):
                part.mkdir(parents=True, exist_ok=True)
            before = self._remembered()
            now = dict(self._seen())
            self._remember({name: seen for name, (seen, _) in now.items()})
        except OSError as error:
            raise Permanent(f"the drop folder {self._path} cannot be used: {error.strerror or error}") from None
        return [Dropped(name=name, body=body) for name, (seen, body) in sorted(now.items()) if before.get(name) == seen]

    def done(self, dropped: Dropped) -> None:
        """Move the file to done/, unless it changed since it was looked at: then it stays for the next look."""
        self._move(dropped, _DONE)

    def set_aside(self, dropped: Dropped, reason: str) -> None:
        """Move the file to set-aside/ and lay `<name>.reason.txt` beside it."""
        moved = self._move(dropped, _ASIDE)
        if moved is not None:
            _explain(moved, reason)

    # --- looking -----------------------------------------------------------------------------

    def _seen(self) -> Iterator[tuple[str, tuple[_Seen, bytes]]]:
        for entry in sorted(self._path.iterdir()):
            if not _counts(entry):
                continue
            try:
                size, changed, body = _read(entry, self._max_bytes)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._refuse(entry, f"it cannot be read: {error.strerror or error}")
                continue
            if body is None:
                self._refuse(entry, f"it is larger than {self._max_bytes:,} bytes")
                continue
            yield entry.name, (_Seen(size=size, changed=changed, digest=_digest(body)), body)

    def _refuse(self, entry: Path, reason: str) -> None:
        try:
            moved = _moved(entry, self._path / _ASIDE)
        except OSError:
            return  # not even movable: it is there again at the next look
        _explain(moved, reason)

    def _remembered(self) -> Mapping[str, _Seen]:
        try:
            said = json.loads((self._path / _LOOKS).read_text(encoding="utf-8"))
            return {name: _Seen(size=int(s), changed=int(c), digest=str(d)) for name, (s, c, d) in said.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # the first look, or a state nobody can read: every file waits for one look more

    def _remember(self, seen: Mapping[str, _Seen]) -> None:
        text = json.dumps({n: [s.size, s.changed, s.digest] for n, s in seen.items()}, ensure_ascii=True)
        fresh = self._path / f"{_LOOKS}.{os.getpid()}"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._path / _LOOKS)

    # --- moving ------------------------------------------------------------------------------

    def _move(self, dropped: Dropped, part: str) -> Path | None:
        """Where the file went; None when it is gone or no longer what was looked at."""
        entry = self._path / dropped.name
        try:
            _, _, body = _read(entry, self._max_bytes)
            if body != dropped.body:
                return None
            return _moved(entry, self._path / part)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Permanent(f"{dropped.name} cannot be moved to {part}/: {error.strerror or error}") from None


def _counts(entry: Path) -> bool:
    """Whether a directory entry is a file meant for us: no hidden, temporary or half-copied one, link or folder."""
    name = entry.name
    if name.startswith((".", *_STRAY)) or name.lower().endswith(_UNFINISHED):
        return False
    try:
        return stat.S_ISREG(entry.lstat().st_mode)
    except OSError:
        return False


def _read(entry: Path, limit: int) -> tuple[int, int, bytes | None]:
    """(size, mtime, content) of a file that is no link; the content is None above the limit."""
    handle = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as opened:
        facts = os.fstat(handle)
        body = opened.read(limit + 1)
        return facts.st_size, facts.st_mtime_ns, body if len(body) <= limit else None


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _moved(entry: Path, folder: Path) -> Path:
    """`entry` under its own name in `folder`; where the name is taken, under the next number."""
    folder.mkdir(parents=True, exist_ok=True)
    for target in _names(folder, entry.name):
        try:
            os.link(entry, target, follow_symlinks=False)  # fails where the name is taken; a rename would overwrite
        except FileExistsError:
            continue
        except OSError:
            if target.exists():
                continue
            entry.rename(target)  # a file system without hard links
            return target
        entry.unlink()
        return target
    raise OSError("no name is free")


def _names(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    stem, dot, ending = name.rpartition(".")
    for number in range(2, 100_000):
        yield folder / (f"{stem}.{number}.{ending}" if dot and stem else f"{name}.{number}")


def _explain(moved: Path, reason: str) -> None:
    shown = unicodedata.normalize("NFC", reason).strip()
    try:
        moved.with_name(f"{moved.name}.reason.txt").write_text(f"{shown}\n", encoding="utf-8")
    except OSError:
        pass  # the name may be too long for a longer one; the file itself is safe
