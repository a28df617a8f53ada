"""Opens a finished mail for judging: its header as it travels, its two parts as people see them.

It judges nothing and trusts nothing: whatever the octets are, something comes out.
"""

from __future__ import annotations

import base64
import binascii
import email
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message

_FIELD_ENDS = re.compile(r"\r\n(?![ \t])")
_WORD = re.compile(r"=\?([A-Za-z0-9_-]+)(?:\*[A-Za-z-]+)?\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_FOLD = re.compile(r"\r\n(?=[ \t])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A mail: its fields from top to bottom, folded as they travel, and the text of its parts where there are any."""

    octets: bytes
    fields: tuple[tuple[str, str], ...]  # name as written, value with its folds
    kinds: tuple[str, ...]  # content types of the parts that hold something, in order
    text: str | None
    html: str | None

    def all(self, name: str) -> Sequence[str]:
        """The values of every field of this name, unfolded."""
        return [_FOLD.sub("", value).strip() for there, value in self.fields if there.lower() == name.lower()]

    def first(self, name: str) -> str:
        """The value of the field, unfolded; nothing where it is missing."""
        return next(iter(self.all(name)), "")

    def folded(self, name: str) -> str:
        return next((value for there, value in self.fields if there.lower() == name.lower()), "")


def opened(octets: bytes) -> Opened:
    """Never fails: what is no mail has no fields and no parts."""
    head = octets.partition(b"\r\n\r\n")[0].decode("latin-1")
    pairs = (line.partition(":") for line in _FIELD_ENDS.split(head) if ":" in line)
    message = email.message_from_bytes(octets)
    parts = [part for part in message.walk() if not part.is_multipart()]
    return Opened(
        octets=octets,
        fields=tuple((name.strip(), value) for name, _, value in pairs),
        kinds=tuple(part.get_content_type() for part in parts),
        text=_first(parts, "text/plain"),
        html=_first(parts, "text/html"),
    )


def _first(parts: Sequence[Message], kind: str) -> str | None:
    part = next((part for part in parts if part.get_content_type() == kind), None)
    if part is None:
        return None
    octets = part.get_payload(decode=True)
    return octets.decode("utf-8", "replace") if isinstance(octets, bytes) else ""


# --- encoded words -------------------------------------------------------------------------------


class BadWord(ValueError):
    """An encoded-word that some readers show as it stands."""


def decoded(value: str) -> str:
    """A field of free text as readers show it (RFC 2047 section 6). Raises BadWord."""
    words = value.split()
    for word in words:
        if word.startswith("=?") and not _WORD.fullmatch(word):
            raise BadWord(word)
    return _WORD.sub(_one, _BETWEEN.sub(r"\1", value)).strip()


def longest_word(value: str) -> int:
    """Characters of the longest encoded-word of a value; at most 75 are allowed."""
    return max((len(found[0]) for found in _WORD.finditer(value)), default=0)


def _one(found: re.Match[str]) -> str:
    try:
        if found[2] in "bB":
            octets = base64.b64decode(found[3], validate=True)
        else:
            octets = quopri.decodestring(found[3].encode("ascii"), header=True)
        return octets.decode(found[1])
    except (binascii.Error, ValueError, LookupError):
        raise BadWord(found[0]) from None
