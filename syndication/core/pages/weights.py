"""Weighs the elements of a page: how much prose, text and links each holds, and so where an article may stand.

It reads no words but whether lines are prose; whether a page is an article at all is for the caller to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from syndication.core.flow import one_line
from syndication.core.pages.prose import is_prose
from syndication.core.pages.words import Kind, footer_at, line_of
from syndication.core.shape import names

_BLOCKS = names(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul br"
)
_HEADINGS = names("h1 h2 h3 h4")
_TITLES = _HEADINGS | names("strong b dt")  # of a story, inside a link to it
_CONTAINERS = names("article blockquote body center div main section table tbody td tr pre font span")
_PARTS = names("span font tr tbody")  # of a container
_BESIDE = names("nav aside footer form button figcaption")
_LEAST = 20  # characters of prose
_NEARLY_ALL = 0.85
_LONG = 80  # an unlinked line this long is prose though it has no stop

_PARTED = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])")
# What markup everywhere calls the things beside articles.
_STRANGE = re.compile(
    r"ads?\d*|adv|adverts?|advertise(?:ments?)?|adsense|adsby\w*|ad(?:box|area|view|wrap|slot|unit|template)|banners?|"
    r"sns\w*|shar(?:e|es|er|ing)\w*|social\w*|relat(?:ed|ion|ions|ive)\w*|rel(?:box|news|list|art\w*)?|recommend\w*|"
    r"repl(?:y|ies)\w*|comments?\w*|cmt|captions?|tags?|tag(?:list|box|wrap)|hashtags?|keywords?|"
    r"newsletters?|subscri(?:be|ption)\w*|promo\w*|sponsor\w*|popular\w*|rank(?:s|ing|list)?|breadcrumbs?|pagination|"
    r"paging|toolbar|btns?|buttons?|fontsize|reactions?|emotions?|likes?|votes?|sidebar|widgets?|revenue|blind|"
    r"invisible|postbtn|cookies?|consent|gdpr|modals?|popups?|dialog|layerpopup|toast|cta"
)
_TWO = re.compile(r"sound_only|screen-reader|show-for-sr|sr-only|font-size|read-more|more-link|also-read|post-nav")
_NEVER_STRANGE = names("html body main article")


@dataclass(slots=True)
class Weight:
    """What an element holds, in characters. `clear`: prose that does not stand in what is named as beside articles;
    `headed`: how many of its headings are links."""

    prose: int = 0
    clear: int = 0
    text: int = 0
    linked: int = 0
    headed: int = 0

    def add(self, other: Weight) -> None:
        self.prose += other.prose
        self.clear += other.clear
        self.text += other.text
        self.linked += other.linked
        self.headed += other.headed


def is_strange(node: LexborNode) -> bool:
    """Whether an element is named as what stands beside articles is: shares, comments, related stories, banners."""
    if (node.tag or "") in _NEVER_STRANGE:
        return False
    found = node.attributes
    said = f"{found.get('class') or ''} {found.get('id') or ''}"
    if said == " ":
        return False
    return any(_STRANGE.fullmatch(w) for w in map(str.lower, _PARTED.split(said)) if w) or bool(_TWO.search(said))


def weighed(root: LexborNode, behind: int | None = None) -> Mapping[int, Weight]:
    """The weight of each element below and including `root`, by node id, in one pass.

    `behind`: the node of the headline; what stands before it is not clear."""
    return _Scale(behind=behind).weigh(root)


@dataclass(slots=True)
class _Scale:
    found: dict[int, Weight] = field(default_factory=dict)
    open: list[Weight] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # of the line at hand
    linked: int = 0  # characters of that line
    links: int = 0  # how many links are open, and so on
    headings: int = 0
    beside: int = 0
    behind: int | None = None  # the node that is waited for

    def weigh(self, root: LexborNode) -> Mapping[int, Weight]:
        for node, closing in _walk(root):
            if node.tag == "-text":
                self._text(node.text_content or "")
                continue
            if node.tag in _BLOCKS and self.words:
                self._line()
            if closing:
                self._close(node)
            else:
                self._open(node)
        return self.found

    def _text(self, text: str) -> None:
        count = len("".join(text.split()))
        self.words.append(text)
        self.open[-1].text += count
        if self.links:
            self.open[-1].linked += count
            self.linked += count

    def _line(self) -> None:
        line = one_line("".join(self.words))
        if line and self.linked * 2 < len(line) and _is_told(line):
            self.open[-1].prose += len(line)
            self.open[-1].clear += 0 if self.beside or self.behind is not None else len(line)
        self.words, self.linked = [], 0

    def _open(self, node: LexborNode) -> None:
        self.open.append(Weight())
        self.behind = None if node.mem_id == self.behind else self.behind
        self._count(node, 1)

    def _close(self, node: LexborNode) -> None:
        weight = self.open.pop()
        self._count(node, -1)
        self.found[node.mem_id] = weight
        if self.open:
            self.open[-1].add(weight)

    def _count(self, node: LexborNode, step: int) -> None:
        tag = node.tag or ""
        self.beside += step if tag in _BESIDE or is_strange(node) else 0
        self.headings += step if tag in _HEADINGS else 0
        inside = self.links > 0
        self.links += step if tag == "a" else 0
        if step > 0 and ((tag == "a" and self.headings) or (tag in _TITLES and inside)):
            self.open[-1].headed += 1


def _is_told(line: str) -> bool:
    """Whether a line is prose, and none of an imprint."""
    if not is_prose(line) and len(line) < _LONG:
        return False
    return footer_at(line) != 0 and line_of(line).kind is Kind.TEXT


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Each node where it opens and, unless it is text, where it closes (True)."""
    todo: list[tuple[LexborNode, bool]] = [(root, False)]
    while todo:
        node, closing = todo.pop()
        yield node, closing
        if not closing and node.tag != "-text":
            todo.append((node, True))
            todo.extend((child, False) for child in reversed(list(node.iter(include_text=True))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An element that holds nearly all of a page's prose. `listing`: it holds the headlines of several stories."""

    node: LexborNode
    listing: bool


def densest(root: LexborNode, weights: Mapping[int, Weight]) -> Place | None:
    """The smallest element that holds nearly all of a page's clear prose; None where there is next to none."""
    clear = weights[root.mem_id].clear >= _LEAST

    def held(node: LexborNode) -> int:
        weight = weights.get(node.mem_id, Weight())
        return weight.clear if clear else weight.prose

    if held(root) < _LEAST:
        return None
    node = root
    while True:
        best = max(node.iter(), key=held, default=None)
        if best is None or best.tag not in _CONTAINERS or held(best) < _NEARLY_ALL * held(node):
            break
        node = best
    while node.tag in _PARTS and node.parent is not None:
        node = node.parent
    return Place(node=node, listing=weights[node.mem_id].headed > 2)
