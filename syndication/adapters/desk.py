"""The file desk.toml beside publisher.toml: what the editor wrote there by hand.

It reads no wish out of it: `core.desk` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from pwd import getpwuid

from syndication.core.desk import FILE
from syndication.ports import Permanent, Written

_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class DeskFile:
    """`ports.Desk` on the local disk."""

    path: Path

    def read(self) -> Written | None:
        try:
            with self.path.open("rb") as file:
                body = file.read(_LARGEST + 1)
                found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Permanent(f"{FILE} cannot be read: {error.strerror}") from error
        if len(body) > _LARGEST:
            raise Permanent(f"{FILE} is larger than 1 MB: wishes alone take some kilobytes")
        at = datetime.fromtimestamp(found.st_mtime, UTC)
        return Written(text=_text(body), by=f"{FILE}, {_owner(found.st_uid)}", at=at)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Permanent(f"{FILE} line {line}: this is not UTF-8 text; save the file as UTF-8") from error


def _owner(number: int) -> str:
    try:
        return getpwuid(number).pw_name
    except KeyError:
        return str(number)
