"""Questions to the DNS as values: a check is a generator that asks, is told, and returns what it makes of it.

Nothing is asked here: who runs a check answers its questions, from the net or from a table.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from syndication.core.remarks import Said, say

T = TypeVar("T")


class Kind(StrEnum):
    """What is asked for. PAGE is no DNS question: a file over HTTPS that a record points to."""

    TXT = "TXT"
    MX = "MX"
    A = "A"
    AAAA = "AAAA"
    PTR = "PTR"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Question:
    kind: Kind
    name: str  # a domain; an address for PTR, a URL for PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is there; nothing where the name or the record does not exist.

    TXT: each record as one text. MX: hosts, preferred first, "" for the null MX. A, AAAA: addresses. PTR: names.
    PAGE: where the file came from after redirects, its content type, its text."""

    values: tuple[str, ...] = ()
    failed: str | None = None  # why it could not be made out; then `values` say nothing


Asking = Generator[Question, Answer, T]


def ask(kind: Kind, name: str) -> Asking[Answer]:
    return (yield Question(kind, name))


def unknown(failed: str) -> Said:
    """What is said of an answer that did not come."""
    return say("DNS에서 답을 받지 못했습니다: {reason}", reason=failed)


# --- names -----------------------------------------------------------------------------------

# RFC 2606, 6761, 6762, 7686, 8375, 9476 and ICANN's resolution on .internal: names that nobody can register. Those of
# the second list are there all the same, with a page that says so.
_RESERVED = ("example", "test", "invalid", "localhost", "local", "onion", "alt", "internal", "home.arpa")
_EXAMPLES = ("example.com", "example.net", "example.org")


def labels(name: str) -> tuple[str, ...]:
    """The labels of a name in small letters, leftmost first; none for the root."""
    bare = name.strip().removesuffix(".").lower()
    return tuple(bare.split(".")) if bare else ()


def within(name: str, parent: str) -> bool:
    """Whether a name is `parent` or lies below it."""
    tail = labels(parent)
    return bool(tail) and labels(name)[-len(tail) :] == tail


def inner(name: str) -> bool:
    """Whether the public DNS never leads anywhere from a name."""
    return len(labels(name)) < 2 or any(within(name, held) for held in _RESERVED)


def reserved(name: str) -> bool:
    """Whether nobody but the keepers of the DNS can publish anything under a name."""
    return inner(name) or any(within(name, held) for held in _EXAMPLES)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# --- tag lists -------------------------------------------------------------------------------

_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)


def tag_list(text: str) -> Sequence[tuple[str, str]] | None:
    """The tags of `a=1; b=2` in their order, names in small letters (RFC 6376 section 3.2); None for what is none."""
    parts = text.split(";")
    if parts and not parts[-1].strip():
        parts.pop()
    found = [_TAG.fullmatch(part) for part in parts]
    return [(m[1].lower(), m[2].strip()) for m in found if m] if found and all(found) else None
