"""NITF 3.6, the News Industry Text Format (https://iptc.org/std/NITF/), for systems older than NewsML-G2.

Its text is plain paragraphs: what markup there is stays in the other dialects.
"""

from __future__ import annotations

import re
from datetime import datetime

from syndication.core.model import Image
from syndication.render.dialects.document import Document, Rendering, Standing
from syndication.render.dialects.facts import Facts, facts
from syndication.render.dialects.written import Element, add, rendering, start, told, xml_bytes
from syndication.render.feed_items import image_type

CONTENT_TYPE = "application/nitf+xml"
NITF = "http://iptc.org/std/NITF/2006-10-18/"
VERSION = "-//IPTC//DTD NITF 3.6//EN"
_STATUS = {
    Standing.EMBARGOED: "embargoed",
    Standing.WITHHELD: "withheld",
    Standing.CANCELED: "canceled",
}
_SUBJECT_CODE = re.compile(r"\d{8}")  # of the IPTC's subject reference system


def render(document: Document) -> Rendering:
    """One nitf document."""
    of = facts(document)
    root = told(start(NITF, "nitf"), {"version": VERSION})
    head = add(root, "head")
    add(head, "title", of.title or of.mark or of.provider)
    _subjects(head, of)
    _docdata(head, of, document)
    body = add(root, "body")
    _body_head(body, of)
    _body_content(body, of)
    return rendering(document, xml_bytes(root), CONTENT_TYPE, "xml")


def _subjects(head: Element, of: Facts) -> None:
    codes = [s for s in of.subjects if s.code is not None and _SUBJECT_CODE.fullmatch(s.code)]
    if codes:
        topics = told(add(head, "tobject"), {"tobject.type": "news"})
        for subject in codes:
            named = {"tobject.subject.refnum": subject.code, "tobject.subject.type": subject.name}
            told(add(topics, "tobject.subject"), named)


def _docdata(head: Element, of: Facts, document: Document) -> None:
    domain = document.outlet.domain
    data = add(head, "docdata", management_status=_STATUS.get(of.standing, "usable"))
    if of.replaces:
        data.set("management-doc-idref", of.id)
    if of.standing is Standing.CORRECTED:
        add(data, "correction", info=of.note, id_string=of.id, regsrc=domain)
    add(data, "doc-id", regsrc=domain, id_string=of.id)
    told(add(data, "date.issue"), {"norm": _norm(of.revised_at)})
    if of.embargo_until:
        told(add(data, "date.release"), {"norm": _norm(of.embargo_until)})
    if of.note:
        add(data, "ed-msg", info=of.note)
    add(data, "du-key", key=of.id, version=of.version)
    add(data, "doc.copyright", year=of.first_seen_at.year, holder=of.holder)
    add(data, "doc.rights", owner=of.holder, agent=of.provider)
    tags = of.subjects_of("tag")
    if tags:
        keys = add(data, "key-list")
        for tag in tags:
            add(keys, "keyword", key=tag.name)
    _identified(data, of)


def _identified(data: Element, of: Facts) -> None:
    """Section and region, each with a Partner's code or our own URI."""
    found = add(data, "identified-content")
    for region in of.subjects_of("region"):
        add(found, "location", region.name, location_code=region.code or region.uri)
    for section in of.subjects_of("section"):
        add(found, "classifier", section.name, type="section", value=section.code or section.uri)
    for told_of, name in ((of.sponsored, "sponsored"), (of.robot, "machine-made")):
        if told_of:
            add(found, "classifier", name, type="genre", value=name)


def _body_head(body: Element, of: Facts) -> None:
    head = add(body, "body.head")
    lines = add(head, "hedline")
    add(lines, "hl1", of.title or of.mark or "")
    if of.subtitle:
        add(lines, "hl2", of.subtitle)
    if of.notice:
        add(add(add(head, "note", noteclass="hd"), "body.content"), "p", of.notice)
    rights = add(head, "rights", of.terms)
    add(rights, "rights.owner", of.holder)
    for name in of.bylines:
        add(add(head, "byline"), "person", name)
    add(add(head, "distributor"), "org", of.provider)
    date = add(head, "dateline")
    if of.published_at:
        told(add(date, "story.date"), {"norm": _norm(of.published_at)})
    elif of.published_on:
        told(add(date, "story.date"), {"norm": f"{of.published_on:%Y%m%d}"})
    else:
        head.remove(date)
    if of.summary:
        add(add(head, "abstract"), "p", of.summary)


def _body_content(body: Element, of: Facts) -> None:
    content = add(body, "body.content")
    for paragraph in of.paragraphs:
        add(content, "p", paragraph)
    for image in of.pictures:
        _picture(content, image)


def _picture(content: Element, image: Image) -> None:
    media = add(content, "media", media_type="image")
    if image.licence:
        add(media, "media-metadata", name="licence", value=image.licence)
    told(
        add(media, "media-reference"),
        {
            "source": image.url,
            "mime-type": image_type(image.url),
            "width": image.width,
            "height": image.height,
            "alternate-text": image.alt or None,
            "source-credit": image.credit,
            "copyright": image.licence,
        },
    )
    if image.alt:
        add(media, "media-caption", image.alt)
    if image.credit:
        add(media, "media-producer", image.credit)


def _norm(at: datetime) -> str:
    """20260119T180000Z: ISO 8601 in its basic form, which NITF asks for."""
    return f"{at:%Y%m%dT%H%M%SZ}"
