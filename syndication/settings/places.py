"""Finds on which line of a TOML text each key, table and array element stands.

It reads no values and does not judge the text: `tomllib` parses, this only points.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]

_GAP = re.compile(r"[ \t]*")
_GAP_AND_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'  # up to two quotation marks may end the text itself
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")


class _Lost(Exception):
    """The text is no TOML from here on."""


@dataclass(frozen=True, slots=True)
class Places:
    """Lines, counted from 1, by the path of keys and (counted from 0) positions in arrays."""

    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of the path, else of the nearest table around it, else 1."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return 1


def find_places(text: str) -> Places:
    """Where everything in a TOML text stands. In a broken text: what stands before the breach."""
    scanner = _Scanner(text)
    try:
        scanner.document()
    except _Lost:
        pass
    return Places(scanner.lines)


@dataclass(slots=True)
class _Scanner:
    text: str
    at: int = 0
    lines: dict[Path, int] = field(default_factory=dict)
    counts: dict[Path, int] = field(default_factory=dict)  # elements so far of each array of tables
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def document(self) -> None:
        table: Path = ()
        self.skip(_GAP_AND_LINES)
        while self.at < len(self.text):
            if self.peek("["):
                table = self.header()
            else:
                self.pair(table)
            self.skip(_GAP_AND_LINES)

    def header(self) -> Path:
        """Reads `[a.b]` or `[[a.b]]`; returns the path that the keys below it belong to."""
        line, brackets = self.line_here(), "[[" if self.peek("[[") else "["
        self.at += len(brackets)
        keys = self.dotted_key()
        self.expect("]" * len(brackets))
        parent = self.inside((), keys[:-1], line)
        path = self.enter((*parent, keys[-1]), line) if brackets == "[" else self.add((*parent, keys[-1]), line)
        self.lines[path] = line  # a later [header] of a table known from below names it better
        return path

    def inside(self, path: Path, keys: tuple[str, ...], line: int) -> Path:
        """The path that `keys` lead to; in an array of tables they mean its newest element."""
        for key in keys:
            path = self.enter((*path, key), line)
        return path

    def enter(self, path: Path, line: int) -> Path:
        self.lines.setdefault(path, line)
        return (*path, self.counts[path] - 1) if path in self.counts else path

    def add(self, path: Path, line: int) -> Path:
        self.lines.setdefault(path, line)
        self.counts[path] = self.counts.get(path, 0) + 1
        return (*path, self.counts[path] - 1)

    def pair(self, table: Path) -> None:
        """Reads `key = value`."""
        line = self.line_here()
        keys = self.dotted_key()
        self.expect("=")
        parent = self.inside(table, keys[:-1], line)
        path = (*parent, keys[-1])
        self.lines.setdefault(path, line)
        self.value(path)

    def value(self, path: Path) -> None:
        self.skip(_GAP)
        if self.peek("["):
            self.array(path)
        elif self.peek("{"):
            self.inline_table(path)
        elif self.peek('"') or self.peek("'"):
            self.take(_STRING)
        else:
            self.take(_BARE_VALUE)

    def array(self, path: Path) -> None:
        self.at += 1
        self.skip(_GAP_AND_LINES)
        position = 0
        while not self.peek("]"):
            element = (*path, position)
            self.lines[element] = self.line_here()
            self.value(element)
            self.skip(_GAP_AND_LINES)
            if self.peek(","):
                self.at += 1
                self.skip(_GAP_AND_LINES)
            elif not self.peek("]"):
                raise _Lost
            position += 1
        self.at += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        self.skip(_GAP_AND_LINES)  # TOML 1.1 lets inline tables span lines
        while not self.peek("}"):
            self.pair(path)
            self.skip(_GAP_AND_LINES)
            if self.peek(","):
                self.at += 1
                self.skip(_GAP_AND_LINES)
            elif not self.peek("}"):
                raise _Lost
        self.at += 1

    def dotted_key(self) -> tuple[str, ...]:
        keys = [self.key()]
        while self.peek("."):
            self.at += 1
            keys.append(self.key())
        return tuple(keys)

    def key(self) -> str:
        self.skip(_GAP)
        quoted = self.peek('"') or self.peek("'")
        written = self.take(_STRING if quoted else _BARE_KEY)
        self.skip(_GAP)
        return _unquoted(written) if quoted else written

    def expect(self, sign: str) -> None:
        self.skip(_GAP)
        if not self.peek(sign):
            raise _Lost
        self.at += len(sign)

    def peek(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise _Lost
        self.at = match.end()
        return match.group()

    def line_here(self) -> int:
        return bisect_right(self.starts, self.at)


def _unquoted(written: str) -> str:
    """What a quoted key says, read by the parser that reads the whole."""
    try:
        value: Any = tomllib.loads(f"key = {written}")["key"]
    except tomllib.TOMLDecodeError:
        raise _Lost from None
    return str(value)
