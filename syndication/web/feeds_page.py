"""A feed as a page for a person, by the feed's own stylesheet: for browsers that no longer apply it themselves.

It serves nothing.
"""

from __future__ import annotations

from io import BytesIO

from lxml import etree

_NO_ACCESS = etree.XSLTAccessControl.DENY_ALL  # type: ignore[attr-defined]  # the stubs leave it out


def readable_page(feed: bytes, stylesheet: bytes) -> bytes | None:
    """The feed as an HTML page by its own stylesheet; None for what is no feed in XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        transform = etree.XSLT(etree.fromstring(stylesheet, parser), access_control=_NO_ACCESS)
        return bytes(transform(etree.fromstring(feed, parser)))
    except (etree.XMLSyntaxError, etree.XSLTError):
        return None


def links(feed: bytes, rel: str) -> list[str]:
    """Addresses that the head of a feed or of a page of its archive names with a relation (RFC 4287 §4.2.7)."""
    found = []
    try:
        for _, element in etree.iterparse(BytesIO(feed), events=("start",), resolve_entities=False, no_network=True):
            name = etree.QName(element).localname
            if name in ("item", "entry"):
                break
            if name == "link" and element.get("rel") == rel:
                found.append(element.get("href", ""))
    except etree.XMLSyntaxError:
        pass
    return found
