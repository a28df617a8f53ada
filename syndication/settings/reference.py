"""Writes the reference of all settings, docs/publisher.md: python -m syndication.settings.reference > docs/publisher.md

It knows no keys of its own: they come from the tables that also read them.
"""

from __future__ import annotations

from syndication.settings.fields import Field, Table
from syndication.settings.partner import PARTNER
from syndication.settings.schema import TABLES, TOP

_HEAD = """\
# publisher.toml

One file says what an installation does: `publisher.toml`, in [TOML](https://toml.io/), with one file for each partner
in `partners/` beside it. `syndication init FOLDER` writes a commented one; `syndication check` names file, line and
field of all that is wrong in it, says what is wrong and what would be right, and ends with a non-zero code when the
settings cannot be used. Warnings do not stop anything.

- Names of fields that problems print count tables of one kind from 1: `edition[1].hour` is the hour of the first
  `[[edition]]`, `edition[1].stations[2]` its second station.
- **Lengths of time** are written with their unit, in quotation marks: `"40s"`, `"30m"`, `"36h"`, `"2d"`, `"1h 30m"`,
  `"10 min"`, `"90분"`. **Times of day** are written on the 24-hour clock: `"06:30"` or `"06:30:15"`.
- **Weekdays** go by Korean or English names: `"월"`, `"월요일"`, `"mon"`, `"Monday"`.
- **Paths** count from the folder in which `publisher.toml` lies.
- **Secrets never stand in these files.** A field that ends in `_from` holds the *name* of an environment variable. For
  a name `NAME` the environment holds either `NAME` itself or `NAME_FILE`, the path of a file with the secret that
  nobody else may read (mode 0600).
- **Rehearsal is the default.** Until `mode = "live"`, mail goes only to the addresses of `[rehearsal] allow`, and
  pushes only to partners that are not marked as `production`. A rehearsal without keys mints one in the storage folder
  and keeps it; going live asks for keys of your own, and what the rehearsal signed stays valid.
- The **embedded database** is SQLite in the storage folder: it needs a local disk and serves one host only. For more
  than one host name a PostgreSQL database and a broker.
"""
_PARTNER_HEAD = """\
## partners/NAME.toml

A portal that receives stories or digests; one file each. What a filter does not name is not sent.

"""


def reference() -> str:
    """The reference as Markdown: every table and every field."""
    parts = [_HEAD, "## Before the first table\n\n" + _rows(TOP)]
    parts += [f"## {table.header}\n\n{table.about}\n\n{_rows(table)}" for table in TABLES]
    return "\n".join([*parts, _PARTNER_HEAD + _rows(PARTNER)])


def _rows(table: Table) -> str:
    head = "| field | without it | example | what it is for |\n|---|---|---|---|\n"
    return head + "".join(_row(field) for field in table.fields)


def _row(field: Field) -> str:
    without = "**must be there**" if field.required else "–" if field.default is None else f"`{field.default}`"
    return f"| `{field.name}` | {without} | `{field.example}` | {field.about.replace('|', chr(92) + '|')} |\n"


if __name__ == "__main__":
    print(reference(), end="")
