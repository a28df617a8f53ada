"""NewsML-G2 2.35: a newsItem of the IPTC with its text as XHTML (https://iptc.org/std/NewsML-G2/).

It writes no package and no NewsML 1.2, which some contracts mean by the name.
"""

from __future__ import annotations

import lxml.html

from syndication.core.model import Image
from syndication.render.dialects.document import Document, Rendering, Standing
from syndication.render.dialects.facts import Facts, Subject, facts, moment
from syndication.render.dialects.ninjs import MACHINE_MADE, PUB_STATUS
from syndication.render.dialects.written import Element, add, rendering, start, xml_bytes
from syndication.render.feed_items import image_type

CONTENT_TYPE = "application/vnd.iptc.g2.newsitem+xml"  # registered with IANA
NAR = "http://iptc.org/std/nar/2006-10-01/"
XHTML = "http://www.w3.org/1999/xhtml"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
CATALOG = "http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_41.xml"
SIGNALS = {Standing.CORRECTED: "sig:correction", Standing.UPDATED: "sig:update"}


def render(document: Document) -> Rendering:
    """One newsItem."""
    of = facts(document)
    root = start(NAR, "newsItem")
    for name, value in (
        ("guid", of.id),
        ("version", str(of.version)),
        ("standard", "NewsML-G2"),
        ("standardversion", "2.35"),
        ("conformance", "power"),
        (XML_LANG, of.language),
    ):
        root.set(name, value)
    add(root, "catalogRef", href=CATALOG)
    _rights(root, of)
    _item(root, of, document)
    _content(root, of)
    if not of.gone and of.markup:
        _text(root, of)
    return rendering(document, xml_bytes(root), CONTENT_TYPE, "xml")


def _rights(root: Element, of: Facts) -> None:
    rights = add(root, "rightsInfo")
    add(add(rights, "copyrightHolder", literal=of.holder), "name", of.holder)
    add(rights, "copyrightNotice", of.copyright)
    if of.terms:
        add(rights, "usageTerms", of.terms)


def _item(root: Element, of: Facts, document: Document) -> None:
    """Metadata of the item. The schema wants this order."""
    item = add(root, "itemMeta")
    add(item, "itemClass", qcode="ninat:text")
    add(add(item, "provider", uri=document.outlet.url), "name", of.provider)
    add(item, "versionCreated", moment(of.revised_at))
    add(item, "firstCreated", moment(of.first_seen_at))
    if of.embargo_until:
        add(item, "embargoed", moment(of.embargo_until))
    add(item, "pubStatus", qcode=f"stat:{PUB_STATUS.get(of.standing, 'usable')}")
    add(item, "fileName", f"{document.name}.xml")
    if of.note:
        add(item, "edNote", of.note)
    if of.standing in SIGNALS:
        add(item, "signal", qcode=SIGNALS[of.standing])
    if of.url:
        add(item, "altRep", of.url, contenttype="text/html")
    for image in of.pictures:
        _picture(item, of, image)


def _picture(item: Element, of: Facts, image: Image) -> None:
    """A link to each picture with who took it and whose it is: its rights are not those of the text."""
    link = add(item, "link", rel="irel:seeAlso", href=image.url, contenttype=image_type(image.url))
    add(link, "title", image.alt or of.picture_id(image))
    if image.credit:
        add(link, "creditline", image.credit)
    if image.licence:
        add(add(link, "rightsInfo"), "copyrightNotice", image.licence)


def _content(root: Element, of: Facts) -> None:
    """Metadata of the content; what administers stands before what describes."""
    meta = add(root, "contentMeta")
    created = moment(of.published_at) if of.published_at else of.published_on and _day(of)
    if created:
        add(meta, "contentCreated", created)
    if of.robot:
        add(meta, "digitalSourceType", uri=MACHINE_MADE)
    for name in of.bylines:
        add(add(meta, "creator", literal=name), "name", name)
    add(meta, "language", tag=of.language)
    if of.sponsored:
        add(meta, "genre", literal="sponsored")
    for tag in of.subjects_of("tag"):
        add(meta, "keyword", tag.name)
    for section in of.subjects_of("section"):
        _subject(meta, section, "cpnat:abstract")
    for region in of.subjects_of("region"):
        _subject(meta, region, "cpnat:geoArea")
    for rank, line in enumerate(filter(None, (of.title, of.subtitle)), 1):
        add(meta, "headline", line, rank=rank)
    if of.bylines:
        add(meta, "by", ", ".join(of.bylines))
    for line in filter(None, (of.notice, of.summary)):
        add(meta, "description", line)


def _day(of: Facts) -> str | None:
    """A bare date stays one: contentCreated may be cut off behind the day."""
    return of.published_on.isoformat() if of.published_on else None


def _subject(meta: Element, subject: Subject, kind: str) -> None:
    code = subject.code
    if code is None:
        concept = add(meta, "subject", type=kind, uri=subject.uri)
    elif subject.coded_by_uri:
        concept = add(meta, "subject", type=kind, uri=code)
    else:
        concept = add(meta, "subject", type=kind, literal=code)
    add(concept, "name", subject.name)


# --- text ------------------------------------------------------------------------------------


def _text(root: Element, of: Facts) -> None:
    inline = add(add(root, "contentSet"), "inlineXML", contenttype="application/xhtml+xml")
    page = start(XHTML, "html")
    inline.append(page)
    page.set(XML_LANG, of.language)
    add(add(page, "head"), "title", of.title or of.provider)
    body = add(page, "body")
    parts: Element = lxml.html.fragments_fromstring(of.markup)
    for part in parts:
        if isinstance(part, str):
            add(body, "p", part)
        else:
            _moved(body, part)


def _moved(body: Element, part: Element) -> None:
    """An HTML element into the XHTML body, every element below it in the namespace."""
    tail, part.tail = part.tail, None
    body.append(part)
    for element in list(part.iter()):
        element.tag = f"{{{XHTML}}}{element.tag}"
    if tail and tail.strip():
        add(body, "p", tail)
