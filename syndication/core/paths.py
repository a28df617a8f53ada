"""Which paths files may be published under: names that lead nowhere else on a disk, in a bucket or in an address.

It touches no disk.
"""

from __future__ import annotations

import re

LONGEST_NAME = 255  # octets, on every file system in use
LONGEST_PATH = 900  # octets: keys of S3 have 1024, prefix included
_PART = re.compile(r"[^./\\\x00-\x1f\x7f\ud800-\udfff][^/\\\x00-\x1f\x7f\ud800-\udfff]*")  # no hidden names either


def parts_of(path: str) -> tuple[str, ...] | None:
    """The names of a path separated by /; None for one that could lead elsewhere."""
    parts = tuple(path.split("/"))
    if not all(_PART.fullmatch(part) and octets(part) <= LONGEST_NAME for part in parts):
        return None
    return parts if octets(path) <= LONGEST_PATH else None


def octets(name: str) -> int:
    return len(name.encode("utf-8", "surrogatepass"))
