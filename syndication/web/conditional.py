"""Whether a client's copy is still good, and which encoding it takes: RFC 9110 §8.8, §12.5.3, §13.

It serves nothing: headers and bytes in, headers and bytes out.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

import brotli

SMALLEST_WORTH_PACKING = 512
IDENTITY = "identity"
CODINGS = ("br", "gzip")  # what can be offered, the better one first
_LONGEST_LIST = 8000  # characters of a list of tags that are read
_LONGEST_WORDS = 500  # of other fields: what was read is remembered, so strangers must not fill our memory

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_GAP = re.compile(r"[ \t]*,[ \t,]*")
_WEIGHT = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")
_SAME = {"x-gzip": "gzip"}  # RFC 9110 §8.4.1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer; `body` is empty for 304 and kept for HEAD, whose Content-Length tells its size."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def asked_of(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Request headers by lower-case name; a field sent several times is one list (RFC 9110 §5.3)."""
    asked: dict[str, str] = {}
    for name, value in fields:
        key = name.lower()
        asked[key] = f"{asked[key]}, {value}" if key in asked else value
    return asked


def answer(
    body: bytes,
    *,
    asked: Mapping[str, str],
    content_type: str,
    cache_control: str,
    vary: str = "Accept-Encoding",
) -> Answer:
    """200 or 304 for a GET or HEAD of a page with these request headers (lower-case names).

    The ETag is strong: a hash of exactly the bytes sent, so gzip has another than plain.
    """
    wanted = coding_for(asked.get("accept-encoding"), ("gzip",))
    coding, sent = (wanted, pack(body)) if wanted == "gzip" and worth_packing(body) else (IDENTITY, body)
    etag = entity_tag(sent)
    kept = (("ETag", etag), ("Cache-Control", cache_control), ("Vary", vary))
    if none_match(asked.get("if-none-match", ""), etag):
        return Answer(status=304, headers=kept, body=b"")
    encoding = () if coding == IDENTITY else (("Content-Encoding", coding),)
    entity = (("Content-Type", content_type), ("Content-Length", str(len(sent))), *encoding)
    return Answer(status=200, headers=(*entity, *kept), body=sent)


# --- bytes -----------------------------------------------------------------------------------


def entity_tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def worth_packing(body: bytes) -> bool:
    return len(body) >= SMALLEST_WORTH_PACKING


def packed(body: bytes, coding: str) -> bytes:
    """The same bytes for the same input on every worker, in one of CODINGS or as they are."""
    match coding:
        case "gzip":
            return gzip.compress(body, compresslevel=6, mtime=0)  # no name, no time
        case "br":
            return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=5))
        case _:
            return body


@lru_cache(maxsize=64)
def pack(body: bytes) -> bytes:
    """A page in gzip; the last ones asked for are kept."""
    return packed(body, "gzip")


# --- what a client takes ---------------------------------------------------------------------


def coding_for(accept_encoding: str | None, offered: tuple[str, ...] = CODINGS) -> str:
    """The coding to send: the one with the highest weight, of equals the first offered (RFC 9110 §12.5.3).

    A client that says nothing, or that takes nothing we have, gets the bytes as they are."""
    return _best(accept_encoding[:_LONGEST_WORDS], offered) if accept_encoding else IDENTITY


@lru_cache(maxsize=512)
def _best(accept_encoding: str, offered: tuple[str, ...]) -> str:
    weights = dict(_weighed(accept_encoding.lower()))
    rest = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, rest))
    good = weights.get(best, rest)
    return best if good > 0 and good >= weights.get(IDENTITY, 0.0) else IDENTITY


def _weighed(accept_encoding: str) -> Iterator[tuple[str, float]]:
    for part in accept_encoding.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name:
            yield _SAME.get(name, name), _weight(parameters)


def _weight(parameters: list[str]) -> float:
    """1 where none is given; 0 for one that is no weight: what cannot be read is not asked for."""
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return float(value) if _WEIGHT.fullmatch(value.strip()) else 0.0
    return 1.0


# --- what a client has -----------------------------------------------------------------------


def none_match(tags: str, etag: str) -> bool:
    """Whether If-None-Match names the tag, by weak comparison (RFC 9110 §8.8.3.2, §13.1.2); never for nothing."""
    return tags == etag or tags.strip() == "*" or any(tag == etag for tag, _ in _tags(tags))


def match(tags: str, etag: str) -> bool:
    """Whether If-Match names the tag, by strong comparison (RFC 9110 §13.1.1)."""
    return tags.strip() == "*" or any(tag == etag and not weak for tag, weak in _tags(tags))


def _tags(tags: str) -> Iterator[tuple[str, bool]]:
    """(opaque tag, whether weak), up to the first that is none."""
    at, text = 0, tags.strip(" \t,")[:_LONGEST_LIST]
    while (found := _TAG.match(text, at)) is not None:
        gap = _GAP.match(text, found.end())
        if gap is None and found.end() != len(text):
            return
        yield found[1], text.startswith("W/", at)
        at = len(text) if gap is None else gap.end()


def instant(text: str) -> datetime | None:
    """The instant that a header names, in whole seconds; None for what is no date (RFC 9110 §5.6.7)."""
    return _instant(text[:_LONGEST_WORDS])


@lru_cache(maxsize=512)
def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def http_date(at: datetime) -> str:
    """Tue, 20 Jan 2026 21:00:00 GMT"""
    return format_datetime(at.astimezone(UTC), usegmt=True)
