"""The shape of markup judged before any parser sees it: how deep it nests and how many elements it would become.

It builds no tree and keeps no text; one pass, linear in the length, whatever the input.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_DEPTH = 256  # real newspaper pages stay under 60
MAX_ELEMENTS = 400_000
MAX_CHARACTERS = 12_000_000
_MAX_OPEN_MARKS = 48  # formatting elements that a parser would open again in every block


class Unreadable(ValueError):
    """Markup that is not read at all; the message is a sentence that says why."""


def names(words: str) -> frozenset[str]:
    """The set of the words."""
    return frozenset(words.split())


VOID = names("area base br col embed frame hr img input link meta param source track wbr basefont bgsound keygen")
_RAW = names("script style textarea title xmp iframe noembed noframes plaintext")
_CELLS = names("td th p")
_ROWS = _CELLS | names("tr thead tbody tfoot")
# what a parser ends by itself where one of these begins
_ENDS = {
    **dict.fromkeys(names("td th"), _CELLS),
    "tr": _CELLS | {"tr"},
    **dict.fromkeys(names("thead tbody tfoot"), _ROWS),
    **dict.fromkeys(names("dt dd"), names("dt dd p")),
    "li": names("li p"),
    "p": names("p"),
    **dict.fromkeys(names("option optgroup"), names("option")),
}
_MARKS = names("a b big code em font i nobr s small strike strong tt u")
_SVG = names(
    "path circle rect line polygon polyline ellipse use g stop defs lineargradient radialgradient "
    "clippath mask text tspan symbol view animate filter pattern marker image title desc"
)
_TOKEN = re.compile(r"<!--|<!\[CDATA\[|<[!?]|<(/?)([A-Za-z][^\s/><]{0,60})", re.ASCII)
_IN_TAG = re.compile(r"""=\s{0,200}(["'])|(/?)>""")


@dataclass(slots=True)
class _Shape:
    """What is open at one point of the scan, and what has been seen."""

    limit: int
    xml: bool
    stack: list[str] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=dict)
    marks: list[tuple[str, str]] = field(default_factory=list)
    deepest: int = 0
    elements: int = 0

    def push(self, name: str) -> None:
        self.stack.append(name)
        self.open[name] = self.open.get(name, 0) + 1
        self.deepest = max(self.deepest, len(self.stack))
        if len(self.stack) > self.limit:
            raise Unreadable(f"the markup nests more than {self.limit} elements deep")

    def pop(self) -> str:
        name = self.stack.pop()
        self.open[name] -= 1
        return name

    def pop_to(self, name: str) -> None:
        while self.open.get(name) and self.pop() != name:
            pass

    def start(self, name: str, tag: str, closed: bool) -> None:
        self.elements += 1 + len(self.marks)
        if self.elements > MAX_ELEMENTS:
            raise Unreadable(f"the markup would become more than {MAX_ELEMENTS:,} elements")
        if self.xml:
            if not closed:
                self.push(name)
            return
        self._start_html(name, tag, closed)

    def _start_html(self, name: str, tag: str, closed: bool) -> None:
        if self.open.get("svg") and name not in _SVG:
            self.pop_to("svg")  # as parsers do: an HTML element ends the drawing
        if name in VOID or (closed and self.open.get("svg")):
            return
        ended = _ENDS.get(name, ())
        while self.stack and self.stack[-1] in ended:
            self.pop()
        self.push(name)
        if name in _MARKS and self.marks.count((name, tag)) < 3:
            self.marks.append((name, tag))
            if len(self.marks) > _MAX_OPEN_MARKS:
                raise Unreadable(f"the markup leaves more than {_MAX_OPEN_MARKS} formatting elements open")

    def end(self, name: str) -> None:
        self.pop_to(name)
        if name in _MARKS and not self.xml:
            for n in range(len(self.marks) - 1, -1, -1):
                if self.marks[n][0] == name:
                    del self.marks[n]
                    break


# Without comments, every tag that a parser could see is one of these; possessive, so that it never goes back. A comment
# that holds a tag may end earlier than it seems: such markup is not plain.
_COMMENT = re.compile(r"<!--[^<>]{0,2000}-->")
_WHOLE = re.compile(r"""<(/?)([A-Za-z][^\s/><]*+)(?:[^>"'<]|"[^"]{0,4000}"|'[^']{0,4000}')*+>""")
_ANY_TAG = re.compile(r"</?[A-Za-z]")
_PLAIN_DEPTH = 90
_PLAIN_TAGS = 4_000


def is_plain(text: str) -> bool:
    """Whether markup is surely neither deep nor large: a quick look that errs on the side of no.

    End tags count only where they close what was opened last, so what is counted is never less than what a parser
    builds. Where it says no, `measure` says exactly."""
    bare = _COMMENT.sub("", text) if "<!--" in text else text
    if "<!--" in bare:
        return False
    tags = _WHOLE.findall(bare)
    if len(tags) > _PLAIN_TAGS or len(tags) != len(_ANY_TAG.findall(bare)):
        return False
    stack: list[str] = []
    for closing, name in tags:
        if not closing:
            if name not in VOID:
                stack.append(name)
                if len(stack) > _PLAIN_DEPTH:
                    return False
        elif stack and stack[-1] == name:
            stack.pop()
    return True


def depth(text: str, *, xml: bool = False, limit: int = MAX_DEPTH) -> int:
    """How deep the elements of HTML (or XML) nest. Raises Unreadable as `measure` does."""
    return measure(text, xml=xml, limit=limit)[0]


def measure(text: str, *, xml: bool = False, limit: int = MAX_DEPTH) -> tuple[int, int]:
    """(how deep the elements nest, how many there are at most).

    Raises Unreadable when deeper than `limit`, longer than MAX_CHARACTERS (HTML only: a feed's length is judged by
    whoever reads it) or of more elements than any article."""
    if not xml and len(text) > MAX_CHARACTERS:
        raise Unreadable(f"the markup is longer than {MAX_CHARACTERS:,} characters")
    shape = _Shape(limit=limit, xml=xml)
    at = 0
    while found := _TOKEN.search(text, at):
        at = _after(text, found, shape)
    return shape.deepest, shape.elements


def _after(text: str, found: re.Match[str], shape: _Shape) -> int:
    """The place where the scan goes on after one token."""
    mark = found.group()
    if mark == "<!--":
        return _behind(text, "-->", found.end())
    if mark == "<![CDATA[" and shape.xml:
        return _behind(text, "]]>", found.end())
    if found.group(2) is None:
        return _behind(text, ">", found.end())
    name = found.group(2) if shape.xml else found.group(2).lower()
    end, closed = _tag_end(text, found.end())
    if found.group(1):
        shape.end(name)
        return end
    shape.start(name, text[found.start() : min(end, found.start() + 500)], closed)
    if name in _RAW and not shape.xml and not (shape.open.get("svg") and name == "title"):
        shape.pop_to(name)
        return _behind_raw(text, name, end)
    return end


def _behind(text: str, mark: str, start: int) -> int:
    at = text.find(mark, start)
    return len(text) if at < 0 else at + len(mark)


def _tag_end(text: str, start: int) -> tuple[int, bool]:
    """Where a tag ends (quoted values may hold >), and whether it closed itself."""
    at = start
    while found := _IN_TAG.search(text, at):
        if found.group(1) is None:
            return found.end(), bool(found.group(2))
        at = text.find(found.group(1), found.end()) + 1
        if at == 0:
            break
    return len(text), False


def _behind_raw(text: str, name: str, start: int) -> int:
    """Behind the end tag of an element whose content is not markup."""
    found = re.compile(rf"</{name}(?=[\s/>])", re.I).search(text, start)
    return len(text) if found is None else _tag_end(text, found.end())[0]
