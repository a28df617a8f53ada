"""Plain JSON: an event of Standard Webhooks with everything known of one Revision, unknown as null.

It has the keys that `partner_json` has, and says besides which kind of correction it is, the notice and the codes.
"""

from __future__ import annotations

from syndication.core.model import Image
from syndication.render.dialects.document import Document, Rendering, Standing
from syndication.render.dialects.facts import Facts, Subject, facts, moment
from syndication.render.dialects.written import Data, json_bytes, rendering
from syndication.render.feed_articles import paragraphs_html

CONTENT_TYPE = "application/json; charset=utf-8"
_EVENTS = {
    Standing.USABLE: "article.published",
    Standing.UPDATED: "article.updated",
    Standing.CORRECTED: "article.corrected",
    Standing.EMBARGOED: "article.embargo_changed",
    Standing.WITHHELD: "article.retracted",
    Standing.CANCELED: "article.retracted",
}


def render(document: Document) -> Rendering:
    """One event."""
    of = facts(document)
    event = {"type": _EVENTS[of.standing], "timestamp": moment(of.revised_at), "data": data(document, of)}
    return rendering(document, json_bytes(event), CONTENT_TYPE, "json")


def data(document: Document, of: Facts) -> Data:
    """One Revision. Every key is always there."""
    section, region = (next(iter(of.subjects_of(kind)), None) for kind in ("section", "region"))
    return {
        "id": of.id,
        "revision": of.version,
        "status": document.article.status.value,
        "title": of.title,
        "section": section.name if section else None,
        "region": region.name if region else None,
        "bylines": list(of.bylines),
        "tags": [tag.name for tag in of.subjects_of("tag")],
        "published_at": moment(of.published_at) if of.published_at else None,
        "published_on": of.published_on.isoformat() if of.published_on else None,
        "first_seen_at": moment(of.first_seen_at),
        "revised_at": moment(of.revised_at),
        "embargo_until": moment(of.embargo_until) if of.embargo_until else None,
        "rights": {"holder": of.holder, "kind": of.rights.value},
        "url": of.url,
        "robot": of.robot,
        "sponsored": of.sponsored,
        **_text(of),
        "standing": of.standing.value,
        "correction": document.correction.value if document.correction else None,
        "notice": of.notice,
        "note": of.note,
        "language": of.language,
        "terms": of.terms,
        "codes": {kind: _code(subject) for kind, subject in (("section", section), ("region", region))},
    }


def _text(of: Facts) -> Data:
    if of.gone:
        return {"text": "none", "paragraphs": [], "html": None, "images": []}
    return {
        "text": "full" if of.full else "excerpt",
        "paragraphs": list(of.paragraphs),
        "html": (of.html or paragraphs_html(of.paragraphs) or None) if of.full else None,
        "images": [_image(image) for image in of.pictures],
    }


def _image(image: Image) -> Data:
    return {
        "url": image.url,
        "alt": image.alt,
        "credit": image.credit,
        "licence": image.licence,
        "width": image.width,
        "height": image.height,
    }


def _code(subject: Subject | None) -> str | None:
    return (subject.code or subject.uri) if subject is not None else None
