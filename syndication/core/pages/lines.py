"""Breaks the tree of a page into lines of text as a browser would.

Trees are broken by their serialised markup, which is well-formed, several times as fast as by walking through them;
only where parts of a tree are to be left out it is walked. What a line means is judged by `words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape

from selectolax.lexbor import LexborNode

from syndication.core.flow import one_line
from syndication.core.shape import names

_BLOCKS = names(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html main nav ol p pre section summary table tbody tfoot thead ul"
)
_LINES = names("li tr option caption")
_CELLS = names("td th")
_HTML_BLANKS = re.compile(r"[ \t\r\n\f]+")  # U+00A0 is none: a paragraph of it is an empty one
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# Attributes are written in double quotes, < in text as an entity: so a tag of serialised markup ends where this does.
_TAG = re.compile(r'<(/?[a-z][^\s/>]*)(?:[^>"]|"[^"]*")*+>')
_PRE = re.compile(r"<pre[\s>].*?</pre>", re.DOTALL)
_BLOCK = "\ue002"  # a private sign, in no text that was cleaned
_EMPTY = re.compile(rf"[ \n]*{_BLOCK}(?:[ \n]*{_BLOCK})*")
_BREAKS = {
    **dict.fromkeys(_BLOCKS, ("\n\n", "\n\n")),
    **dict.fromkeys(_LINES, ("\n", "\n")),
    "li": ("\n  • ", "\n"),
    **dict.fromkeys(_CELLS, (" ", " ")),
    "br": ("\n", ""),
}  # (where it begins, where it ends)
_NO_BREAK = ("", "")
_INSTEAD = {
    slash + tag: _BLOCK if tag in _BLOCKS else breaks[slash == "/"]
    for tag, breaks in _BREAKS.items()
    for slash in ("", "/")
}
_BEGUN = "data-body-begins"


def lines_of(root: LexborNode) -> list[str]:
    """The text of a tree in lines. Blocks stand between empty lines, list items begin with a bullet."""
    return _broken(root.html or "")


def lines_around(root: LexborNode, body: LexborNode) -> tuple[list[str], list[str]]:
    """The lines before an element, and those from where it begins."""
    body.attrs[_BEGUN] = "1"
    html = root.html or ""
    del body.attrs[_BEGUN]
    found = html.find(f' {_BEGUN}="1"')
    at = html.rfind("<", 0, max(found, 0)) if found >= 0 else len(html)
    return _broken(html[:at]), _broken(html[at:]) if _may_tell_weather(html, at) else []


def _may_tell_weather(html: str, at: int) -> bool:
    """Whether a widget may stand behind a place: nothing else is wanted from there."""
    return html.find("℃", at) >= 0 or html.find("°", at) >= 0


def _broken(html: str) -> list[str]:
    if "<!--" in html:
        html = _COMMENT.sub("", html)
    parts = _TAG.split(_folded(html).replace(_BLOCK, ""))
    parts[1::2] = [_INSTEAD.get(tag, "") for tag in parts[1::2]]
    text = _EMPTY.sub("\n\n", "".join(parts))
    return (unescape(text) if "&" in text else text).split("\n")


def _folded(html: str) -> str:
    """Markup whose line breaks are blanks, but for those of preformatted text."""
    if "<pre" not in html:
        return _HTML_BLANKS.sub(" ", html)
    out, at = [], 0
    for found in _PRE.finditer(html):
        out += [_HTML_BLANKS.sub(" ", html[at : found.start()]), found.group()]
        at = found.end()
    return "".join((*out, _HTML_BLANKS.sub(" ", html[at:])))


def _joined(pieces: Iterator[str]) -> list[str]:
    """Pieces of text and breaks; several empty lines in a row between blocks are one."""
    out: list[str] = []
    for piece in pieces:
        if piece == "\n\n":
            while out and not out[-1].strip(" \n"):
                out.pop()
        out.append(piece)
    return out


def lines_without(root: LexborNode, instead: Mapping[int, str]) -> list[str]:
    """The text of a tree in lines, where instead of some elements (by node id) the text stands that is given."""
    return "".join(_joined(_pieces(root, instead))).split("\n")


def _pieces(root: LexborNode, instead: Mapping[int, str]) -> Iterator[str]:
    todo: list[tuple[LexborNode, bool]] = [(root, False)]
    preformatted = 0
    while todo:
        node, closing = todo.pop()
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            yield text if preformatted else _HTML_BLANKS.sub(" ", text)
            continue
        if not closing and node.mem_id in instead:
            yield instead[node.mem_id]
            continue
        preformatted += (-1 if closing else 1) if tag == "pre" else 0
        yield _BREAKS.get(tag, _NO_BREAK)[closing]
        if not closing:
            todo.append((node, True))
            todo.extend((child, False) for child in reversed(list(node.iter(include_text=True))))


def text_of(node: LexborNode | None) -> str:
    """The words of an element on one line, words of neighbouring elements parted."""
    return _words(node.html or "") if node is not None else ""


def _words(html: str) -> str:
    return _short_words(html) if len(html) < _SHORT else _joined_words(html)


def _joined_words(html: str) -> str:
    return one_line(" ".join(_broken(html)).replace("•", " "))


_SHORT = 300  # characters: menus and headings, which many pages of one paper share
_short_words = lru_cache(maxsize=4096)(_joined_words)
