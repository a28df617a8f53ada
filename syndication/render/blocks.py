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
    close_key,
    following_key,
    leading_key,
    open_key,
    row_key,
    sections_of,
    station_key,
    story_keys,
)
from syndication.core.links import BadAddress, issue_url, normal_address
from syndication.core.model import Block, Cadence, Edition, IssueContent, IssueItem, Outlet
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
    """The rooms worth trying: beyond so many stories not even all headlines can fit. Stories that are blocks of their
    own are all there."""
    rooms = enumerate(stories.ROOMS)
    if content.by_story:
        return ((n, r) for n, r in rooms if not r.most)
    return ((n, r) for n, r in rooms if r.most or len(content.items) <= _MOST_HEADLINES)


def largest(blocks: Sequence[Block]) -> int:
    """Bytes of HTML of the largest digest that any choice of sections and stations can make of these blocks."""
    size = {b.key: len(b.html.encode()) + _SLOT_BYTES * len(filling.SLOT.findall(b.html)) for b in blocks}
    following = {key: n for key, n in size.items() if key.startswith("section:")}
    extra = (size[f"lead:{key.partition(':')[2]}"] - n for key, n in following.items())
    leading = sum(n for key, n in size.items() if key.startswith("lead:"))
    cells = sorted(n for key, n in size.items() if key.startswith("station:"))
    rows = sum(n for key, n in size.items() if key.startswith("row:"))
    weather = max(sum(cells[-MOST_CELLS:]), rows)
    single, spared = _singly(size)
    return sum(size.values()) - leading - sum(cells) - rows - spared + max(extra, default=0) + weather + single


def _singly(size: Mapping[str, int]) -> tuple[int, int]:
    """Of stories that are blocks of their own: the most that one digest holds of them, and all their forms together."""
    numbers = [key.partition(":")[2] for key in size if key.startswith("story:")]
    behind = {n: max(size[f"first:{n}"], size[f"story:{n}"]) for n in numbers}
    lead = max((size[f"lead-story:{n}"] - most for n, most in behind.items()), default=0)
    every = sum(size[f"{form}:{n}"] for n in numbers for form in ("lead-story", "first", "story"))
    return sum(behind.values()) + lead, every


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
        "edition_title": _title(order),
        "note": [line for line in (order.content.note or "").splitlines() if line.strip()],
        "date_line": order.words.day(order.on),
        "weather": weather,
        "cells": _keyed(station_key, order.content, weather),
        "rows": _keyed(row_key, order.content, weather) if len(weather.cells) > MOST_CELLS else (),
        "sections": () if order.content.by_story else _sections(order, room),
        "singles": _singles(order, room) if order.content.by_story else (),
    }


def _title(order: _Order) -> str:
    kinds = {Cadence.WEEKLY: "주간", Cadence.EXTRA: "호외"}
    kind = kinds.get(order.cadence)
    return f"{order.edition.title} {order.words(kind)}" if kind else order.edition.title


def _keyed(
    form: Callable[[str], str], content: IssueContent, weather: cells.WeatherView
) -> tuple[tuple[str, cells.Cell], ...]:
    keyed = {form(s.station_id): c for s, c in zip(content.weather.stations, weather.cells, strict=True)}
    return tuple(keyed.items())


def _writer(order: _Order, room: stories.Room) -> stories.Writer:
    return stories.Writer(
        outlet=order.outlet,
        zone=order.edition.zone,
        on=order.on,
        page=issue_url(order.outlet, order.edition.id, order.on, order.cadence),
        words=order.words,
        room=room,
    )


def _sections(order: _Order, room: stories.Room) -> tuple[tuple[str, str, stories.Section], ...]:
    writer, items = _writer(order, room), order.content.items
    return tuple(
        (leading_key(name), following_key(name), writer.section(name, [i for i in items if i.section == name]))
        for name in sections_of(order.content)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Single:
    """A story in its forms, with the keys of the blocks that they are."""

    lead_key: str
    first_key: str
    story_key: str
    lead: stories.Story
    story: stories.Story


@dataclass(frozen=True, slots=True, kw_only=True)
class _Singles:
    """A section whose stories are blocks of their own."""

    open_key: str
    close_key: str
    name: str
    stories: tuple[_Single, ...]


def _singles(order: _Order, room: stories.Room) -> tuple[_Singles, ...]:
    writer, items = _writer(order, room), order.content.items
    return tuple(
        _Singles(
            open_key=open_key(name),
            close_key=close_key(name),
            name=writer.named(name),
            stories=tuple(_single(writer, item) for item in items if item.section == name),
        )
        for name in sections_of(order.content)
    )


def _single(writer: stories.Writer, item: IssueItem) -> _Single:
    lead, first, behind = story_keys(item.article.id)
    return _Single(
        lead_key=lead, first_key=first, story_key=behind, lead=writer.lead(item), story=writer.following(item)
    )


def _contact_link(contact: str) -> str:
    """A mailto or telephone link where the contact is one, else nothing."""
    try:
        return f"mailto:{normal_address(contact)}"
    except BadAddress:
        digits = contact.replace("-", "").replace(" ", "")
        return f"tel:{digits}" if digits.removeprefix("+").isdigit() else ""
