"""Replaces published files so that an older one never comes last, whoever else publishes; and notes what was done.

It makes no bytes. The order is always the same: ask for the mark, read what the bytes are made of, replace under that
mark. Whoever is outrun looks again. So no number of versions has to be kept, and a database that was restored from an
older copy publishes what it knows like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar
from weakref import WeakKeyDictionary

import structlog

from syndication.core.catalogue import DELETED, OPML, SITEMAP
from syndication.ports import Outrun, Permanent, Ports, Publisher, Store, Transient

T = TypeVar("T")

log = structlog.get_logger()

LOOKS = 20  # at a file that others keep replacing; of several at once one always wins
MOST_AT_ONCE = 8
MANIFEST = "feeds/manifest.json"
_OWED: WeakKeyDictionary[Store, set[str]] = WeakKeyDictionary()  # what this process could not tell yet
_CURRENT = ("digest", "articles")
_LISTS = (OPML, DELETED, SITEMAP)


@dataclass(slots=True)
class Noted:
    """A Publisher that notes which paths were published through it, and which of them changed."""

    publisher: Publisher
    published: set[str] = field(default_factory=set)  # and not named by the manifest since
    changed: set[str] = field(default_factory=set)

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        changed = self.publisher.publish(path, body, content_type, over=over, lasting=lasting)
        self.published.add(path)
        self.changed |= {path} if changed else set()
        return changed

    def mark(self, path: str) -> str:
        return self.publisher.mark(path)

    def digest(self, path: str) -> str | None:
        return self.publisher.digest(path)

    def read(self, path: str) -> bytes | None:
        return self.publisher.read(path)

    def changed_at(self, path: str) -> datetime | None:
        return self.publisher.changed_at(path)

    def try_out(self) -> None:
        self.publisher.try_out()


def at_once(calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """What each of some calls of a Publisher returned or raised. Over a network they take the time of one."""
    if len(calls) == 1:
        return [_tried(calls[0])]
    with ThreadPoolExecutor(min(len(calls), MOST_AT_ONCE) or 1) as threads:
        return list(threads.map(_tried, calls))


def _tried(call: Callable[[], T]) -> T | Exception:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whoever asked decides what becomes of it
        return error


def marks_of(publisher: Publisher, paths: Mapping[str, str]) -> dict[str, str]:
    """The marks of some paths, by the names that they are given by. Raises what goes wrong with one of them."""
    found = at_once([partial(publisher.mark, path) for path in paths.values()])
    return dict(zip(paths, sound(found), strict=True))


def sound(found: Sequence[T | Exception]) -> list[T]:
    """What calls returned. Raises what the first of them raised; Outrun comes after everything else."""
    faults = [one for one in found if isinstance(one, Exception)]
    if faults:
        raise min(faults, key=lambda fault: isinstance(fault, Outrun))
    return [one for one in found if not isinstance(one, Exception)]


def replaced(publisher: Publisher, path: str, make: Callable[[], bytes], content_type: str) -> bool:
    """Publish what `make` returns; returns whether it changed anything. `make` reads what it needs with each call.

    Raises Outrun when others were faster every time."""
    for _ in range(LOOKS):
        mark = publisher.mark(path)
        try:
            return publisher.publish(path, make(), content_type, over=mark)
        except Outrun:
            continue
    raise Outrun(f"{path} is being replaced by others all the time")


# --- the manifest ----------------------------------------------------------------------------


def note_published(publisher: Publisher, paths: Iterable[str]) -> None:
    """Write these Feeds and lists, as they stand now, into the manifest. It comes after what it names."""
    wanted = sorted(filter(is_listed, paths))
    if wanted:
        replaced(publisher, MANIFEST, lambda: _manifest(publisher, wanted), "application/json")


def is_listed(path: str) -> bool:
    """Whether the manifest names a path: current Feeds and lists, no archives and pages, which those lead to."""
    return path in _LISTS or (path.startswith("feeds/") and PurePosixPath(path).stem in _CURRENT)


def _manifest(publisher: Publisher, paths: Iterable[str]) -> bytes:
    listed = _listed(publisher.read(MANIFEST))
    wanted = [*paths]
    found = zip(wanted, sound(at_once([partial(publisher.digest, path) for path in wanted])), strict=True)
    merged = listed | {path: digest for path, digest in found if digest is not None}
    lines = {"sha256": dict(sorted(merged.items()))}
    return (json.dumps(lines, ensure_ascii=False, indent=0) + "\n").encode()


def _listed(body: bytes | None) -> dict[str, str]:
    """What a manifest names; an unreadable one names nothing, and is filled again file by file."""
    try:
        found = json.loads(body or b"{}")["sha256"]
        return {str(path): str(digest) for path, digest in found.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


# --- those who keep copies -------------------------------------------------------------------


def tell_copies(ports: Ports, paths: Iterable[str]) -> None:
    """Let those who keep copies fetch what changed. Who does not answer is told with the next call; without that
    the copies grow old by themselves."""
    if ports.invalidate is None:
        return
    owed = _OWED.setdefault(ports.store, set())
    told = sorted(owed | set(paths))
    owed.clear()
    if not told:
        return
    try:
        ports.invalidate(told)
    except Transient as error:
        owed.update(told)
        log.warning("keepers of copies not told yet", paths=len(told), reason=str(error))
    except Permanent as error:
        log.error("keepers of copies not told", paths=len(told), reason=str(error))
    else:
        log.info("keepers of copies told", paths=len(told))
