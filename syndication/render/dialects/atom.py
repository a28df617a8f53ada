"""Atom 1.0 for a Partner: a feed of one entry; what must not be shown is a draft, what was taken back has a tombstone.

Readers do not act on tombstones, so the entry itself stays and says so, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from lxml import etree

from syndication.render.dialects.document import Document, Rendering, Standing
from syndication.render.dialects.facts import Facts, facts, moment
from syndication.render.dialects.one_item import feed_of
from syndication.render.dialects.rss import before, term
from syndication.render.dialects.written import Element, add, rendering
from syndication.render.feeds import render_atom

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
APP = "http://www.w3.org/2007/app"  # RFC 5023 §13.1: a draft is not to be shown
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"  # RFC 6721
# The entry beside it may carry a fraction of a second, and one that is later than its tombstone is alive again.
_AFTER = timedelta(seconds=1)
_DRAFTS = (Standing.EMBARGOED, Standing.WITHHELD, Standing.CANCELED)


def render(document: Document) -> Rendering:
    """A feed with one entry. Raises Unfit for a Revision without a title."""
    of = facts(document)
    feed = before(feed_of(document, of, render_atom), b"</entry>", _more(of))
    if of.gone:
        feed = before(feed, b"</feed>", iter([_tombstone(of)]))
    return rendering(document, feed, CONTENT_TYPE, "xml")


def _more(of: Facts) -> Iterator[Element]:
    if of.embargo_until:
        yield term("available", moment(of.embargo_until))
    if of.standing in _DRAFTS:
        control = etree.Element(f"{{{APP}}}control", nsmap={"app": APP})
        add(control, "draft", "yes")
        yield control


def _tombstone(of: Facts) -> Element:
    grave = etree.Element(f"{{{TOMBSTONES}}}deleted-entry", nsmap={"at": TOMBSTONES})
    grave.set("ref", of.id)
    grave.set("when", moment(of.revised_at + _AFTER))
    add(grave, "comment", of.note)
    return grave
