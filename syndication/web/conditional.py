"""Whether a client's copy is still good, and which encoding it takes: RFC 9110 §8.8, §12.5.3, §13.

It serves nothing: headers and bytes in, headers and bytes out.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

SMALLEST_WORTH_PACKING = 512


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
    changed_at: datetime | None = None,
    vary: str = "Accept-Encoding",
) -> Answer:
    """200 or 304 for a GET or HEAD with these request headers (lower-case names).

    The ETag is strong: a hash of exactly the bytes sent, so gzip has another than plain.
    """
    packed = takes_gzip(asked.get("accept-encoding", "")) and len(body) >= SMALLEST_WORTH_PACKING
    sent = pack(body) if packed else body
    etag = entity_tag(sent)
    kept = [("ETag", etag), ("Cache-Control", cache_control), ("Vary", vary)]
    if changed_at is not None:
        kept.append(("Last-Modified", http_date(changed_at)))
    if unchanged(asked, etag, changed_at):
        return Answer(status=304, headers=tuple(kept), body=b"")
    entity = [("Content-Type", content_type), ("Content-Length", str(len(sent)))]
    if packed:
        entity.append(("Content-Encoding", "gzip"))
    return Answer(status=200, headers=(*entity, *kept), body=sent)


def entity_tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@lru_cache(maxsize=64)
def pack(body: bytes) -> bytes:
    """The same gzip bytes for the same input on every worker: no name, no time."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def unchanged(asked: Mapping[str, str], etag: str, changed_at: datetime | None) -> bool:
    """If-None-Match decides when it is there; only without it does If-Modified-Since count (RFC 9110 §13.2.2)."""
    tags = asked.get("if-none-match")
    if tags is not None:
        return _matches(tags, etag)
    since = _date(asked.get("if-modified-since", ""))
    return since is not None and changed_at is not None and changed_at.astimezone(UTC).replace(microsecond=0) <= since


def takes_gzip(accept_encoding: str) -> bool:
    """Whether gzip is acceptable: named (or *) and not with q=0."""
    weights = dict(_coding(part) for part in accept_encoding[:1000].lower().split(",") if part.strip())
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def http_date(at: datetime) -> str:
    """Tue, 20 Jan 2026 21:00:00 GMT"""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _matches(tags: str, etag: str) -> bool:
    """Weak comparison (RFC 9110 §8.8.3.2), as If-None-Match asks for."""
    if tags.strip() == "*":
        return True
    return any(tag.strip().removeprefix("W/") == etag for tag in tags[:8000].split(","))


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _coding(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, float(value)
            except ValueError:
                return name, 0.0
    return name, 1.0
