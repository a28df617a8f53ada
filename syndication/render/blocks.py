"""Renders a frozen Issue once into its blocks, HTML and text, within the size that mail programs show whole.

It addresses nobody: a reader's digest is made of these blocks by `email.join`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from syndication.core.audience import (
    MOST_CELLS,
    all_block_keys,
    following_key,
    leading_key,
    row_key,
    sections_of,
    station_key,
)
from syndication.core.links import BadAddress, issue_url, normal_address
from syndication.core.model import Block, Cadence, Edition, IssueContent, Outlet
from syndication.render import cells, filling, stories, text
from syndication.render.tokens import tokens
from syndication.render.words import Words, words

BUDGET = 85_000  # bytes of HTML of the largest digest a reader can get, before transfer encoding
HARD = 100_000  # mail programs hide what comes after about this much, the unsubscribe link first of all
_MOST_HEADLINES = 200
_SLOT_BYTES = 450  # what a filled slot may take more than its mark

_HTML = "email/digest.mjml"
_TEXT = "email/digest.txt"
# Keeps mail programs from showing the body's first words after a short preheader.
_FILLER = Markup("&#847;&zwnj;&nbsp;" * 30)  # noqa: S704 - a constant of ours


class TooLarge(ValueError):
    """An Issue that cannot be shown whole even in the fewest words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The blocks of an Issue, which of `stories.ROOMS` fitted, and the bytes of the largest digest made of them."""

    blocks: tuple[Block, ...]
    room: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What is to be rendered."""

    content: IssueContent
    outlet: Outlet
    edition: Edition
    on: date
    words: Words
    cadence: Cadence
    own_pages: bool = False


def render_blocks(
    content: IssueContent,
    *,
    outlet: Outlet,
    edition: Edition,
    on: date,
    language: str,
    templates: Mapping[str, str],
    cadence: Cadence = Cadence.DAILY,
    own_pages: bool = False,
) -> tuple[Block, ...]:
    """Every block of `core.audience.all_block_keys(content)`, in that order. Raises BadTemplate and TooLarge.

    `templates` are texts by name: email/digest.mjml, email/parts.mjml, email/style.css, email/digest.txt and, for a
    language other than Korean, words/en.po. `own_pages`: readers have a page of their own to change their choices."""
    return render_issue(
        content,
        outlet=outlet,
        edition=edition,
        on=on,
        language=language,
        templates=templates,
        cadence=cadence,
        own_pages=own_pages,
    ).blocks


def render_issue(
    content: IssueContent,
    *,
    outlet: Outlet,
    edition: Edition,
    on: date,
    language: str,
    templates: Mapping[str, str],
    cadence: Cadence = Cadence.DAILY,
    own_pages: bool = False,
) -> Rendered:
    """The blocks in the most words that keep the largest digest within BUDGET; no story is dropped for it.

    Where even headlines alone do not fit, sections show as many as do and a link with the number of the others."""
    said = words(language, templates)
    order = _Order(
        content=content, outlet=outlet, edition=edition, on=on, words=said, cadence=cadence, own_pages=own_pages
    )
    sources = filling.templates_of(templates)
    for number, room in _rooms(content):
        blocks = _rendered(order, room, sources)
        size = largest(blocks)
        if size <= BUDGET:
            return Rendered(blocks=blocks, room=number, size=size)
    if size <= HARD:
        return Rendered(blocks=blocks, room=number, size=size)
    raise TooLarge(
        f"edition {edition.id}: the digest of {on} has {size:,} bytes of HTML with headlines alone, more than"
        f" {HARD:,}; lower the edition's cap or name fewer sections and stations"
    )


def issue_document(
    content: IssueContent,
    *,
    outlet: Outlet,
    edition: Edition,
    on: date,
    language: str,
    templates: Mapping[str, str],
    cadence: Cadence = Cadence.DAILY,
) -> str:
    """The MJML of an Issue in its most words, as it goes to the engine: to be looked at or measured."""
    said = words(language, templates)
    order = _Order(content=content, outlet=outlet, edition=edition, on=on, words=said, cadence=cadence)
    keys = tuple(dict.fromkeys(all_block_keys(content)))
    values = {**_values(order, stories.ROOMS[0]), "mark": _marker(keys, filling.html_mark)}
    return filling.templates_of(templates).document(_HTML, values)


def _rooms(content: IssueContent) -> Iterator[tuple[int, stories.Room]]:
    """The rooms worth trying: beyond so many stories not even all headlines can fit."""
    return ((n, r) for n, r in enumerate(stories.ROOMS) if r.most or len(content.items) <= _MOST_HEADLINES)


def largest(blocks: Sequence[Block]) -> int:
    """Bytes of HTML of the largest digest that any choice of sections and stations can make of these blocks."""
    size = {b.key: len(b.html.encode()) + _SLOT_BYTES * len(filling.SLOT.findall(b.html)) for b in blocks}
    following = {key: n for key, n in size.items() if key.startswith("section:")}
    extra = (size[f"lead:{key.partition(':')[2]}"] - n for key, n in following.items())
    leading = sum(n for key, n in size.items() if key.startswith("lead:"))
    cells = sorted(n for key, n in size.items() if key.startswith("station:"))
    rows = sum(n for key, n in size.items() if key.startswith("row:"))
    weather = max(sum(cells[-MOST_CELLS:]), rows)
    return sum(size.values()) - leading - sum(cells) - rows + max(extra, default=0) + weather


# --- one rendering ---------------------------------------------------------------------------


def _rendered(order: _Order, room: stories.Room, sources: filling.Templates) -> tuple[Block, ...]:
    keys = tuple(dict.fromkeys(all_block_keys(order.content)))
    values = _values(order, room)
    html = sources.html(_HTML, {**values, "mark": _marker(keys, filling.html_mark)})
    plain = sources.text(_TEXT, {**values, "mark": _marker(keys, filling.text_mark)})
    html_pieces = filling.cut_html(html, len(keys), _HTML)
    text_pieces = filling.cut_text(plain, len(keys), _TEXT)
    return tuple(
        Block(key=key, html=one, text=text.laid_out(other))
        for key, one, other in zip(keys, html_pieces, text_pieces, strict=True)
    )


def _marker(keys: Sequence[str], mark: Callable[[int], Markup]) -> Callable[[str], Markup]:
    """Marks carry numbers: a section's name could hold anything."""
    number = {key: n for n, key in enumerate(keys)}
    return lambda key: mark(number[key])


def _values(order: _Order, room: stories.Room) -> dict[str, object]:
    look = tokens(order.outlet.accent)
    weather = cells.view(order.content.weather, order.words, order.edition.zone, details=not room.spare)
    return {
        "_": order.words,
        "t": look,
        "light": look.light,
        "dark": look.dark,
        "font": Markup(look.font),  # noqa: S704 - a constant of ours
        "filler": _FILLER,
        "lean": room.spare,
        "own_pages": order.own_pages,
        "rule": "-" * text.WIDTH,
        "outlet": order.outlet,
        "contact_link": _contact_link(order.outlet.contact),
        "edition_title": order.edition.title,
        "date_line": order.words.day(order.on),
        "weather": weather,
        "cells": _keyed(station_key, order.content, weather),
        "rows": _keyed(row_key, order.content, weather) if len(weather.cells) > MOST_CELLS else (),
        "sections": _sections(order, room),
    }


def _keyed(
    form: Callable[[str], str], content: IssueContent, weather: cells.WeatherView
) -> tuple[tuple[str, cells.Cell], ...]:
    keyed = {form(s.station_id): c for s, c in zip(content.weather.stations, weather.cells, strict=True)}
    return tuple(keyed.items())


def _sections(order: _Order, room: stories.Room) -> tuple[tuple[str, str, stories.Section], ...]:
    writer = stories.Writer(
        outlet=order.outlet,
        zone=order.edition.zone,
        on=order.on,
        page=issue_url(order.outlet, order.edition.id, order.on, order.cadence),
        words=order.words,
        room=room,
    )
    items = order.content.items
    return tuple(
        (leading_key(name), following_key(name), writer.section(name, [i for i in items if i.section == name]))
        for name in sections_of(order.content)
    )


def _contact_link(contact: str) -> str:
    """A mailto or telephone link where the contact is one, else nothing."""
    try:
        return f"mailto:{normal_address(contact)}"
    except BadAddress:
        digits = contact.replace("-", "").replace(" ", "")
        return f"tel:{digits}" if digits.removeprefix("+").isdigit() else ""
