"""Reads publisher.toml and partners/*.toml into checked single values, noting every problem with its line.

It does not judge what must agree between values, and resolves no secrets.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syndication.settings import places as lines
from syndication.settings.fields import Field, Table
from syndication.settings.kinds import WrongElement, nearest, shown
from syndication.settings.partner import PARTNER
from syndication.settings.places import Places, find_places
from syndication.settings.problems import Findings, Severity, Wrong
from syndication.settings.schema import OUTLET, TABLES, TOP, table_named

FILE = "publisher.toml"
_LARGEST_FILE = 1 << 20
_SECRET_KEY = re.compile(
    r"pass(?:word|wd|phrase)?$|secrets?$|token$|credentials?$|(?:^|_)key$|apikey$|dsn$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"whsec_|://[^/@\s]*:[^/@\s]+@|-----BEGIN [A-Z ]*PRIVATE KEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One parsed file, and where in it everything stands."""

    file: str  # as problems name it
    raw: Mapping[str, Any]
    places: Places
    findings: Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One table as read: values by key, defaults filled in. A key that could not be read is missing."""

    sheet: Sheet
    table: Table
    path: lines.Path
    at: str  # as problems name it: edition[1], mail; empty for keys outside any table
    values: dict[str, Any] = field(default_factory=dict)
    written: frozenset[str] = frozenset()

    def get(self, key: str) -> Any:
        """The value, or None when it is missing or could not be read."""
        return self.values.get(key)

    def has(self, *keys: str) -> bool:
        """Whether all of these could be read."""
        return all(self.values.get(key) is not None for key in keys)

    def complain(
        self, key: str, wrong: str, right: str | None = None, severity: Severity = Severity.ERROR, *, position: int = -1
    ) -> None:
        """Note a problem at a key (or element of its list); without `right` the field's example is what is right."""
        path = (*self.path, key) if position < 0 else (*self.path, key, position)
        example = f"{key} = {self.table.field(key).example}" if right is None else right
        where = f"{self.at}.{key}" if self.at else key
        where = where if position < 0 else f"{where}[{position + 1}]"
        self.sheet.findings.add(self.sheet.file, self.sheet.places.line(path), where, wrong, example, severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that was read. Single tables are always there; what was not written has its defaults."""

    folder: Path  # where publisher.toml lies, absolute
    file: Path
    single: Mapping[str, Entry]
    sources: tuple[Entry, ...]
    editions: tuple[Entry, ...]
    partners: tuple[Entry, ...]

    @property
    def live(self) -> bool:
        return bool(self.single[""].get("mode") == "live")


def read_draft(path: Path, findings: Findings) -> Draft | None:
    """Everything that was written; None when publisher.toml itself cannot be read."""
    file = (path / FILE if path.is_dir() else path).absolute()
    sheet = read_sheet(file, file.name, findings)
    beside = sorted((file.parent / "partners").glob("*.toml"))
    partner_sheets = [read_sheet(partner, f"partners/{partner.name}", findings) for partner in beside]
    partners = tuple(_partner(partner) for partner in partner_sheets if partner is not None)
    if sheet is None:
        return None
    _unknown_tables(sheet)
    return Draft(
        folder=file.parent,
        file=file,
        single={"": _top(sheet), **{t.name: _single(sheet, t) for t in TABLES if not t.many}},
        sources=_many(sheet, "source"),
        editions=_many(sheet, "edition"),
        partners=partners,
    )


# --- files -----------------------------------------------------------------------------------


def read_sheet(file: Path, name: str, findings: Findings) -> Sheet | None:
    """One file, parsed; None (and a problem noted) when it cannot be."""
    text = _text_of(file, name, findings)
    if text is None:
        return None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _note_syntax(text, name, str(error), findings)
        return None
    except RecursionError:
        findings.add(name, 1, "", "lists or tables are nested too deeply to be read", "at most three levels")
        return None
    return Sheet(file=name, raw=raw, places=find_places(text), findings=findings)


def _text_of(file: Path, name: str, findings: Findings) -> str | None:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            findings.add(name, 1, "", "the file is larger than 1 MB", "settings alone, in some kilobytes")
            return None
        body = file.read_bytes()
    except FileNotFoundError:
        findings.add(name, 1, "", f"there is no file {file}", "syndication init FOLDER writes one to fill in")
        return None
    except OSError as error:
        findings.add(name, 1, "", f"the file cannot be read: {error.strerror}", "a file that this user may read")
        return None
    try:
        return body.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        findings.add(name, line, "", "this line is not UTF-8 text", "save the file as UTF-8 (not EUC-KR or CP949)")
        return None


_SYNTAX = (
    ("Cannot overwrite", "this key stands here a second time", "each key once in a table"),
    (
        "Cannot declare",
        "this table stands here a second time",
        "each [table] once; [[source]] and [[edition]] may repeat",
    ),
    ("Expected '=' after a key", "a key must be followed by = and a value", 'key = "value"'),
    ("Illegal character '\\n'", "the quotation mark that ends the text is missing", 'key = "value"'),
    ("Unterminated string", "the quotation mark that ends the text is missing", 'key = "value"'),
    ("Unclosed array", "the ] that closes the list is missing", 'days = ["월", "화"]'),
    ("Expected newline or end of document", "something stands after the end of the value", 'key = "value"  # comment'),
    ("Invalid statement", "this is neither a key = value nor a [table]", 'key = "value", or # before a comment'),
)


def _note_syntax(text: str, name: str, message: str, findings: Findings) -> None:
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    every = text.splitlines() or [""]
    line = int(match[1]) if match else max(len(text.rstrip().splitlines()), 1)
    written = every[min(line, len(every)) - 1]
    wrong, right = _said_plainly(message, written)
    key = re.match(r"\s*([A-Za-z0-9_-]+)\s*=", written)
    findings.add(name, line, key[1] if key else "", f"this is not TOML: {wrong}", right)


def _said_plainly(message: str, written: str) -> tuple[str, str]:
    bare = re.match(r"\s*([A-Za-z0-9_-]+)\s*=\s*([^\"'\[{\s#][^#]*?)\s*(?:#.*)?$", written)
    if bare and ("Invalid value" in message or "Expected newline" in message):
        secret = _SECRET_VALUE.search(written) or _SECRET_KEY.search(bare[1].removesuffix("_from")) or "?" in bare[2]
        right = f'{bare[1]} = "…"' if secret else f'{bare[1]} = "{bare[2]}"'
        return "text and times stand in quotation marks", right
    for start, wrong, right in _SYNTAX:
        if message.startswith(start):
            return wrong, right
    return message.partition(" (at ")[0], 'key = "value"'


# --- tables ----------------------------------------------------------------------------------


def _top(sheet: Sheet) -> Entry:
    names = {table.name for table in TABLES}
    raw = {key: value for key, value in sheet.raw.items() if key not in names and not _is_table(value)}
    return read_entry(sheet, TOP, raw, (), "")


def _single(sheet: Sheet, table: Table) -> Entry:
    raw = sheet.raw.get(table.name, {})
    if not isinstance(raw, dict):
        _note_shape(sheet, table)
        return Entry(sheet=sheet, table=table, path=(table.name,), at=table.name)
    if table is OUTLET and table.name not in sheet.raw:
        right = "[outlet] with " + ", ".join(field.name for field in table.fields if field.required)
        sheet.findings.add(sheet.file, 1, table.name, "the table [outlet] is missing", right)
        return Entry(sheet=sheet, table=table, path=(table.name,), at=table.name)
    return read_entry(sheet, table, raw, (table.name,), table.name)


def _many(sheet: Sheet, name: str) -> tuple[Entry, ...]:
    table = table_named(name)
    assert table is not None
    raw = sheet.raw.get(name, [])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        _note_shape(sheet, table)
        return ()
    if not raw:
        keys = ", ".join(field.name for field in table.fields if field.required)
        sheet.findings.add(
            sheet.file, 1, name, f"there is no {table.header}", f"at least one {table.header} with {keys}"
        )
    return tuple(read_entry(sheet, table, one, (name, n), f"{name}[{n + 1}]") for n, one in enumerate(raw))


def _partner(sheet: Sheet) -> Entry:
    entry = read_entry(sheet, PARTNER, sheet.raw, (), "")
    if "id" not in entry.written:
        stem = Path(sheet.file).stem
        try:
            entry.values["id"] = PARTNER.field("id").read(stem)
        except Wrong:
            entry.complain("id", f"the file's name {shown(stem)} cannot serve as id")
    return entry


def _note_shape(sheet: Sheet, table: Table) -> None:
    brackets = "two brackets" if table.many else "one pair of brackets, and only once"
    line = sheet.places.line((table.name,))
    sheet.findings.add(sheet.file, line, table.name, f"{table.name} is written with {brackets}", table.header)


def _unknown_tables(sheet: Sheet) -> None:
    names = [table.name for table in TABLES]
    for key, value in sheet.raw.items():
        if key in names or not _is_table(value):
            continue
        meant = table_named(nearest(key, names) or "")
        right = meant.header if meant else "one of " + ", ".join(f"[{name}]" for name in names)
        sheet.findings.add(sheet.file, sheet.places.line((key,)), key, f'there is no table "{key}"', right)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))


def read_entry(sheet: Sheet, table: Table, raw: Mapping[str, Any], path: lines.Path, at: str) -> Entry:
    """One table's values; every unknown, missing or wrong key is noted."""
    entry = Entry(sheet=sheet, table=table, path=path, at=at, written=frozenset(raw))
    known = {field.name: field for field in table.fields}
    meant: set[str | None] = set()  # a misspelt key is not missing as well
    for key, value in raw.items():
        if _secret_inside(value) or (key not in known and _SECRET_KEY.search(key)):
            _note_secret(entry, key)
        elif key not in known:
            meant.add(_note_unknown(entry, key, value))
        else:
            _read_field(entry, known[key], value)
    for each in table.fields:
        if each.name not in raw:
            _fill_in(entry, each, misspelt=each.name in meant)
    return entry


def _read_field(entry: Entry, field: Field, value: Any) -> None:
    try:
        entry.values[field.name] = field.read(value)
    except WrongElement as error:
        entry.complain(field.name, error.wrong, error.right, position=error.position)
    except Wrong as error:
        right = error.right if error.whole or error.right is None else f"{field.name} = {error.right}"
        entry.complain(field.name, error.wrong, right)


def _fill_in(entry: Entry, field: Field, *, misspelt: bool) -> None:
    if field.required and not misspelt:
        entry.complain(field.name, "this is missing")
    elif field.default is not None:
        entry.values[field.name] = field.default_value()


def _secret_inside(value: Any) -> bool:
    if isinstance(value, str):
        return _SECRET_VALUE.search(value) is not None
    if isinstance(value, dict):
        return any(_secret_inside(inner) for inner in value.values())
    return isinstance(value, list) and any(_secret_inside(inner) for inner in value)


def _note_secret(entry: Entry, key: str) -> None:
    """A secret in the file: what it says is never repeated."""
    wrong = "a secret stands in the file; only the name of its environment variable may"
    entry.complain(key, wrong, _instead_of_secret(entry, key))


def _instead_of_secret(entry: Entry, key: str) -> str:
    known = [field.name for field in entry.table.fields]
    names = [name.removesuffix("_from") for name in known if name.endswith("_from")]
    bare = key.removesuffix("_from")
    meant = bare if bare in names else None if key in known else nearest(bare, names)
    if meant is not None:
        return f"{meant}_from = {entry.table.field(f'{meant}_from').example}"
    return "the address without user name and password" if key in known else "the secret in the environment"


def _note_unknown(entry: Entry, key: str, value: Any) -> str | None:
    """Note a key that is not known; returns the known one that it was probably meant to be."""
    names = [field.name for field in entry.table.fields]
    meant = nearest(key, names)
    if meant is not None:
        plain = isinstance(value, str | bool | int) and not meant.endswith("_from")
        right = shown(value) if plain else entry.table.field(meant).example
        entry.complain(key, f'there is no key "{key}" (did you mean "{meant}"?)', f"{meant} = {right}")
        return meant
    elsewhere = [t.header if t.name else "no table, above the first one" for t in (TOP, *TABLES) if _has(t, key)]
    if elsewhere and entry.table is not PARTNER:
        entry.complain(key, f'there is no key "{key}" here', f"{key} under {elsewhere[0]}")
    else:
        entry.complain(key, f'there is no key "{key}"', "one of " + ", ".join(names))
    return None


def _has(table: Table, key: str) -> bool:
    return any(field.name == key for field in table.fields)
