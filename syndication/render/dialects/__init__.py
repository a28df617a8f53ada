"""Dialects in which Partners read: one file each, all from a Document to a Rendering.

They send and store nothing, and the same Document always has the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from syndication.render.dialects import (
    atom,
    json_feed,
    msn,
    newsml_g2,
    ninjs,
    ninjs1,
    nitf,
    plain_json,
    rss,
    templated,
)
from syndication.render.dialects.document import Document, Rendering

RENDER: Mapping[str, Callable[[Document], Rendering]] = {
    "json": plain_json.render,
    "rss": rss.render,
    "atom": atom.render,
    "json-feed": json_feed.render,
    "ninjs": ninjs.render,
    "ninjs-1": ninjs1.render,
    "newsml-g2": newsml_g2.render,
    "nitf": nitf.render,
    "msn": msn.render,
    "template": templated.render,
}
