"""JSON Feed 1.1 for a Partner: a feed of one item, its standing in an extension.

The format itself knows no status, no revision and no embargo.
"""

from __future__ import annotations

import json

from syndication.render.dialects.document import Document, Rendering
from syndication.render.dialects.facts import Facts, facts, moment
from syndication.render.dialects.one_item import feed_of
from syndication.render.dialects.written import Data, json_bytes, known, rendering
from syndication.render.feeds import render_json

CONTENT_TYPE = "application/feed+json; charset=utf-8"
ABOUT = (
    "What became of the item: usable, updated, corrected, embargoed, withheld or canceled, in which revision, "
    "with the publisher's notice for readers and a note for editors."
)


def render(document: Document) -> Rendering:
    """A feed with one item. Raises Unfit for a Revision without a title."""
    of = facts(document)
    feed = json.loads(feed_of(document, of, render_json))
    feed["items"][0]["_status"] = _status(document, of)
    return rendering(document, json_bytes(feed), CONTENT_TYPE, "json")


def _status(document: Document, of: Facts) -> Data:
    return known(
        about=ABOUT,
        standing=of.standing.value,
        revision=of.version,
        correction=document.correction.value if document.correction else None,
        notice=of.notice,
        note=of.note,
        embargoed_until=moment(of.embargo_until) if of.embargo_until else None,
        terms=of.terms,
    )
