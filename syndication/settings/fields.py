"""What a field and a table of the settings are, as data.

It names no particular field: those stand in `schema`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from syndication.settings.kinds import Read


class Mode(StrEnum):
    REHEARSAL = "rehearsal"  # mail only to allow-listed addresses, pushes only to sandbox partners
    LIVE = "live"


class Tls(StrEnum):
    """How the connection to the mail relay is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key. `example` and `default` are written as TOML; without both `default` and `required` it may be missing."""

    name: str
    read: Read
    example: str
    about: str
    default: str | None = None
    required: bool = False

    def default_value(self) -> Any:
        """The default as read; None where there is none."""
        return None if self.default is None else self.read(tomllib.loads(f"value = {self.default}")["value"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the file; `many` for an array of tables. The name is empty for keys outside any table."""

    name: str
    about: str
    fields: tuple[Field, ...]
    many: bool = False

    @property
    def header(self) -> str:
        return f"[[{self.name}]]" if self.many else f"[{self.name}]"

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def required(name: str, read: Read, example: str, about: str) -> Field:
    return Field(name=name, read=read, example=example, about=about, required=True)


def defaulting(name: str, read: Read, default: str, about: str, example: str | None = None) -> Field:
    return Field(name=name, read=read, example=example or default, about=about, default=default)


def optional(name: str, read: Read, example: str, about: str) -> Field:
    return Field(name=name, read=read, example=example, about=about)
