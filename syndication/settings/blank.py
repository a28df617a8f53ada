"""The texts that `syndication init` writes: every key that exists, explained, those that may wait commented out.

It writes no files and knows no keys of its own: they come from the tables that also read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

from syndication.settings.fields import Field, Table
from syndication.settings.partner import PARTNER
from syndication.settings.schema import EDITION, OUTLET, REHEARSAL, TABLES, TOP
from syndication.settings.source import SOURCE

DROP_FOLDER = "drop"
_WIDTH = 100

# What stands uncommented, so that the file is sound as it is.
_ACTIVE: Mapping[str, Mapping[str, str]] = {
    TOP.name: {"mode": '"rehearsal"'},
    OUTLET.name: {field.name: field.example for field in OUTLET.fields if field.required},
    SOURCE.name: {
        "id": '"city-desk"',
        "kind": '"folder"',
        "folder": f'"{DROP_FOLDER}"',
        "outlet": '"garam"',
        "first_poll": '"take"',
        "every": '"1m"',
    },
    EDITION.name: {
        "id": '"daily"',
        "title": '"가람 아침"',
        "hour": '"06:30"',
        "sections": '["사회", "경제", "문화", "생활"]',
        "stations": '["서울", "대전"]',
    },
    REHEARSAL.name: {"allow": '["reader-1@example.com"]'},
}
# they exclude a key that stands there, or belong to another kind of Source
_LEFT_OUT = {("storage", "database"), ("broker", "url")} | {
    ("source", name) for name in ("url", "watch", "links", "website", "token_from")
}

_HEAD = """\
# The settings of this installation. Replace what stands after each = by your own; the values are samples (표본).
# Lines that begin with "# " and a key show what may be set; without them the value shown or none at all is used.
# `syndication check` says what is wrong and what would be right. Secrets never stand here, only the names of
# environment variables that hold them; NAME_FILE may name a file (mode 0600) instead of NAME.
"""
_FEED = """\
# A second Source, fetched over HTTP:
# [[source]]
# id = "city-feed"
# kind = "feed"
# url = "https://www.garam.example/rss/all.xml"
# outlet = "garam"
"""


def blank_publisher() -> str:
    """A publisher.toml that passes `check` as it is, in rehearsal mode."""
    parts = [_HEAD, _table(TOP)]
    for table in TABLES:
        parts.append(_table(table))
        parts += [_FEED] if table is SOURCE else []
    return "\n".join(parts)


def blank_partner() -> str:
    """A partner's file to fill in."""
    head = "# A partner. Rename this file to NAME.toml; NAME becomes the partner's id.\n"
    active = {field.name: field.example for field in PARTNER.fields if field.required} | {"sections": '["*"]'}
    return head + "\n" + "\n".join(_field(field, active.get(field.name)) for field in PARTNER.fields)


def _table(table: Table) -> str:
    active = _ACTIVE.get(table.name, {})
    fields = [field for field in table.fields if (table.name, field.name) not in _LEFT_OUT]
    head = f"{_comment(table.about)}{_off(table, active)}{table.header}\n" if table.name else ""
    return head + "\n".join(_field(field, active.get(field.name)) for field in fields)


def _off(table: Table, active: Mapping[str, str]) -> str:
    """A table of which nothing is set is itself commented out: an empty [sandbox] would mean one."""
    return "" if active or table.name not in ("sandbox", "clock") else "# "


def _field(field: Field, value: str | None) -> str:
    line = f"# {field.name} = {field.example}" if value is None else f"{field.name} = {value}"
    return f"{_comment(field.about)}{line}\n"


def _comment(words: str) -> str:
    return "".join(f"## {line}\n" for line in wrap(words, _WIDTH, break_on_hyphens=False))
