"""Finds in the body of an article what is none of it: banners, captions, forms, links to other stories.

It changes no tree: it says which elements to leave out. What single lines of text are is judged by `words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from syndication.core.flow import one_line
from syndication.core.identity import article_number
from syndication.core.pages.weights import Weight, is_strange, weighed
from syndication.core.shape import names

PICTURE = "\ue001"  # a private sign, in no text that was cleaned: here stands a picture

_GONE = "figcaption, aside, nav, button, form, input, label, footer, [hidden]"
_SUSPECT = f"{_GONE}, [class], [id], [style], a, table, img"
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LABEL = re.compile(
    r"[\[(<〈▶▷►☞■◆※•·\s-]*(?:(?:이\s?시각\s?)?관련\s?(?:기사|뉴스|글|보도)|추천\s?(?:기사|뉴스)|이\s?기사도[^\])>:]{0,10}|"
    r"(?:함께|같이)\s?(?:읽기|보기|읽을|볼|읽으면|보면)[^\])>:]{0,10}|(?:지난|이전|다른)\s?기사|기사\s?더\s?보기|더\s?읽기|"
    r"(?:also\s)?read(?:\smore)?|related)\s*[\])>〉:ㅣ|]",
    re.IGNORECASE,
)
_BUTTON = re.compile(
    r".{0,20}(?:바로\s?)?(?:보기|가기|보러\s?가기|다운로드|클릭|구독|watch|click here|download)\s?[>»▶]?", re.IGNORECASE
)
_MARKED = re.compile(r"[▶▷►☞■◆※•·○●\[<-]")
_CAPTION = 160  # characters: a table with a picture and no more text than this shows the picture
_FORM = 160
_MARKS = 3  # characters beside a link: an arrow, a bullet
_LONGEST_LINE = 400
_SHORTEST_HEADLINE = 8
_MOST = 0.6  # an element with more of the body's prose than this is the body, whatever its name
_LINES = names("p li dd dt div h2 h3 h4 h5 strong b center")
_NEAR = 4  # elements around a link that may be its line
_MOST_LINKS = 500
_INLINE = names("a b strong i em u s span font label input small sup sub img")


def left_out(body: LexborNode) -> dict[int, str]:
    """What stands instead of the elements of a body (by node id) that are none of its text."""
    if body.css_first(_SUSPECT) is None:
        return {}
    return _Sorting(body).left_out()


@dataclass(slots=True)
class _Sorting:
    """Elements of a body, sorted into what is text and what is not. Weighed is only what a glance does not decide."""

    body: LexborNode
    out: dict[int, str] = field(default_factory=dict)
    known: Mapping[int, Weight] | None = None

    def left_out(self) -> dict[int, str]:
        for node in self.body.css("[class], [id]"):
            if is_strange(node):
                self._leave(node)
        for node in self.body.css("[style]"):
            if _HIDDEN.search(node.attributes.get("style") or ""):
                self._leave(node)
        for node in self.body.css(_GONE):
            self._leave(_form_box(node, self.body, self._weights()) if node.tag == "form" else node)
        for node in self.body.css("table"):
            if node.css_first("img") is not None and self._weights()[node.mem_id].text <= _CAPTION:
                self._leave(node, f"\n\n{PICTURE}\n\n")
        for node in self._lines_with_links():
            if _is_reference(node):
                self._leave(node)
        self.out.update((n.mem_id, PICTURE) for n in self.body.css("img") if n.mem_id not in self.out)
        return self.out

    def _leave(self, node: LexborNode, instead: str | None = None) -> None:
        if node.mem_id != self.body.mem_id and not self._is_most(node):
            self.out[node.mem_id] = instead or ("" if node.tag in _INLINE else "\n\n")

    def _is_most(self, node: LexborNode) -> bool:
        """Whether an element holds most of the prose: then it is the body, whatever its name."""
        if not (node.text() or "").strip():
            return False
        most = self._weights()[self.body.mem_id].prose * _MOST
        return most > 0 and self._weights()[node.mem_id].prose > most

    def _weights(self) -> Mapping[int, Weight]:
        if self.known is None:
            self.known = weighed(self.body)
        return self.known

    def _lines_with_links(self) -> Iterator[LexborNode]:
        """The elements around each link that may be a line of nothing else, the outer ones first."""
        for link in self.body.css("a[href]")[:_MOST_LINKS]:
            ups: list[LexborNode] = []
            up = link.parent
            while up is not None and up.mem_id != self.body.mem_id and len(ups) < _NEAR:
                if up.tag in _LINES:
                    ups.append(up)
                up = up.parent
            yield from reversed(ups)


def _form_box(form: LexborNode, body: LexborNode, weights: Mapping[int, Weight]) -> LexborNode:
    """The largest element around a form that says nothing but what the form is for."""
    box = form
    while box.parent is not None and box.parent.mem_id != body.mem_id:
        around = weights[box.parent.mem_id]
        if around.prose or around.text > _FORM:
            break
        box = box.parent
    return box


def _is_reference(node: LexborNode) -> bool:
    """Whether a line is a link to another story and nothing else."""
    text = node.text(separator=" ")
    if len(text) > 4 * _LONGEST_LINE or len(whole := one_line(text)) > _LONGEST_LINE:
        return False
    links = node.css("a[href]")
    linked = sum(len(one_line(link.text(separator=" "))) for link in links)
    if linked and len(whole) - linked <= _MARKS and _BUTTON.fullmatch(whole):
        return True
    label = _LABEL.match(whole)
    if label and linked >= 0.6 * (len(whole) - label.end()):
        return True
    address = links[0].attributes.get("href") or ""
    inside = article_number(address) is not None or not address.startswith(("http", "mailto", "tel", "#", "//"))
    alone = linked >= _SHORTEST_HEADLINE and len(whole) - linked <= _MARKS + len(links)
    return inside and alone and (node.tag == "li" or _MARKED.match(whole) is not None)
