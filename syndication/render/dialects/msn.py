"""RSS as Microsoft Start (MSN) takes it: its limits for titles, dates, markup and pictures.

It knows no embargo: MSN shows what it reads. Rules: MSN's feed item metadata requirements and HTML guidelines; the
names in the `mi` namespace are as publishers' feeds have them and were not seen in a schema.
"""

from __future__ import annotations

from datetime import timedelta

import lxml.html
import nh3
from lxml import etree

from syndication.core.model import Image, Rights
from syndication.render.dialects.document import Document, Rendering, Standing
from syndication.render.dialects.facts import Facts, facts, moment
from syndication.render.dialects.rss import DCTERMS
from syndication.render.dialects.written import Element, rendering, told, xml_bytes
from syndication.render.feed_articles import paragraphs_html
from syndication.render.feed_items import Unfit, image_type
from syndication.render.feed_repairs import ATOM, DC, MEDIA, rfc822

CONTENT_TYPE = "application/rss+xml; charset=utf-8"
MI = "http://schemas.ingestion.microsoft.com/common/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
SHORTEST_TITLE, LONGEST_TITLE = 20, 150
OLDEST = timedelta(days=365)
DEEPEST = 9  # "below 10 levels"
_MAP = {"atom": ATOM, "content": CONTENT, "dc": DC, "dcterms": DCTERMS, "media": MEDIA, "mi": MI}
_TAGS = (
    "b i em strong sub sup small h1 h2 h3 h4 h5 a img table thead tbody tfoot tr td th caption ul ol li p div span br "
    "blockquote"
)
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes={"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)


def render(document: Document) -> Rendering:
    """A channel with one item. Raises Unfit with the reason for what MSN would refuse; never for what is taken back."""
    of = facts(document)
    if of.standing is Standing.EMBARGOED:
        raise Unfit("MSN knows no embargo: it shows what it reads")
    root = told(etree.Element("rss", nsmap=_MAP), {"version": "2.0"})
    channel = etree.SubElement(root, "channel")
    for name, value in (
        ("title", of.provider),
        ("link", document.outlet.url),
        ("description", of.provider),
        ("language", of.language),
        ("lastBuildDate", rfc822(of.revised_at)),
    ):
        _put(channel, name, value)
    _item(etree.SubElement(channel, "item"), of, document)
    return rendering(document, xml_bytes(root), CONTENT_TYPE, "xml")


def _item(item: Element, of: Facts, document: Document) -> None:
    _put(item, "guid", of.id).set("isPermaLink", "false")
    _put(item, "title", _title(of))
    _put(item, "link", _web(of, document))
    _put(item, "pubDate", _published(of))
    _put(item, f"{{{DCTERMS}}}modified", moment(of.revised_at))
    if of.gone:  # MSN takes an item down by its expiration alone; leaving it out of the feed does nothing
        _put(item, f"{{{MI}}}expirationDate", moment(of.revised_at))
    summary = " ".join(filter(None, (of.notice, of.summary)))
    if summary:
        _put(item, "description", summary)
    _put(item, f"{{{CONTENT}}}encoded", _body(of))
    for name in of.bylines:
        _put(item, f"{{{DC}}}creator", name)
    for subject in of.subjects:
        _put(item, "category", subject.code or subject.name)
    for image in of.pictures:
        _picture(item, of, image)


def _put(parent: Element, name: str, text: str) -> Element:
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _title(of: Facts) -> str:
    """Between 20 and 150 characters; of what was taken back the notice makes up for what is missing."""
    title = of.headed or ""
    for more in (of.notice, of.provider, of.id) if of.gone else ():
        title = title if more is None or len(title) >= SHORTEST_TITLE else f"{title} {more}"
    if len(title) < SHORTEST_TITLE:
        raise Unfit(f"MSN takes titles of {SHORTEST_TITLE} characters and more: this one has {len(title)}")
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"


def _web(of: Facts, document: Document) -> str:
    if of.url is None and not of.gone:
        raise Unfit("MSN wants the address of the story")
    return of.url or document.outlet.url


def _published(of: Facts) -> str:
    """Its own instant, else when we first saw it: MSN wants one, in the past and less than a year old."""
    at = of.published_at or of.first_seen_at
    if of.published_at is not None and of.published_at > of.revised_at:
        at = of.first_seen_at
    if of.revised_at - at >= OLDEST and not of.gone:
        raise Unfit("MSN takes nothing that is a year old")
    return rfc822(at)


def _body(of: Facts) -> str:
    """The text in the markup that MSN allows; as bare paragraphs where it is nested too deeply."""
    body: str = _CLEANER.clean(of.markup).strip()
    if not body:
        raise Unfit("MSN wants a text")
    return body if _depth(body) <= DEEPEST else paragraphs_html(of.paragraphs)


def _depth(markup: str) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(lxml.html.fragment_fromstring(markup, create_parent="div"), ("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest - 1  # without the parent made for it


def _picture(item: Element, of: Facts, image: Image) -> None:
    """With the publisher's word on whether MSN may show it: what is not our own names its licensor."""
    content = etree.SubElement(item, f"{{{MEDIA}}}content", url=image.url, medium="image")
    told(content, {"type": image_type(image.url), "width": image.width, "height": image.height})
    if image.credit:
        _put(content, f"{{{MEDIA}}}credit", image.credit)
    if image.alt:
        _put(content, f"{{{MEDIA}}}title", image.alt)
    own = of.rights is Rights.OWN
    _put(content, f"{{{MI}}}hasSyndicationRights", "1" if own else "0")
    if not own:
        _put(content, f"{{{MI}}}licensorName", of.holder)
    if image.licence:
        _put(content, f"{{{MI}}}licenseId", image.licence)
