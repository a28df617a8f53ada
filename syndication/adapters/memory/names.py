"""The in-memory DNS: records as a table.

It knows no time and no servers; a name in `broken` answers as one whose servers fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syndication.ports import Transient

Table = Mapping[tuple[str, str], Sequence[str]]  # (TXT, name) -> texts; MX hosts preferred first; PTR by address


@dataclass(slots=True)
class MemoryNames:
    table: Table = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    asked: list[tuple[str, str]] = field(default_factory=list)

    def txt(self, name: str) -> Sequence[str]:
        return self._look("TXT", name)

    def mx(self, name: str) -> Sequence[str]:
        return self._look("MX", name)

    def a(self, name: str) -> Sequence[str]:
        return self._look("A", name)

    def aaaa(self, name: str) -> Sequence[str]:
        return self._look("AAAA", name)

    def ptr(self, address: str) -> Sequence[str]:
        return self._look("PTR", address)

    def _look(self, kind: str, name: str) -> Sequence[str]:
        key = name.removesuffix(".").lower()
        self.asked.append((kind, key))
        if key in self.broken:
            raise Transient(f"{kind} {key}: the name servers refused or failed")
        return tuple(self.table.get((kind, key), ()))
