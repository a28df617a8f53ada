"""Values written down as JSON or XML, the same bytes on every machine.

It cleans nothing: what comes here is fit already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lxml import etree

from syndication.render.dialects.document import Document, Rendering

Data = dict[str, Any]
Element = Any  # lxml's elements: its stubs are stricter than the library


def known(**values: object) -> Data:
    """The pairs that say something, in order."""
    return {name: value for name, value in values.items() if value is not None and value != [] and value != ""}


def json_bytes(data: Mapping[str, Any]) -> bytes:
    """UTF-8 with keys in the order given. Raises ValueError for NaN."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def start(namespace: str, tag: str) -> Element:
    """An element whose namespace is the default one below it."""
    prefixes: Any = {None: namespace}
    return etree.Element(f"{{{namespace}}}{tag}", nsmap=prefixes)


def add(parent: Element, tag: str, text: str | None = None, /, **attributes: object) -> Element:
    """A child in the parent's namespace; attributes that are None stay away, and _ in a name stands for -."""
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{tag}" if namespace else tag)
    child.text = text
    return told(child, attributes)


def told(element: Element, attributes: Mapping[str, object]) -> Element:
    for name, value in attributes.items():
        if value is not None:
            element.set(name.replace("_", "-"), str(value))
    return element


def xml_bytes(root: Element) -> bytes:
    body: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return body


def rendering(document: Document, body: bytes, content_type: str, extension: str) -> Rendering:
    return Rendering(body=body, content_type=content_type, name=f"{document.name}.{extension}")
