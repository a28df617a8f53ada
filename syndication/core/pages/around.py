"""Finds in the body of an article what is none of it: banners, captions, forms, links to other stories.

It changes no tree: it says which elements to leave out. What single lines of text are is judged by `words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

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
_LINES = "p, li, dd, dt, div, h2, h3, h4, h5, strong, b, center"
_INLINE = names("a b strong i em u s span font label input small sup sub img")


def left_out(body: LexborNode) -> dict[int, str]:
    """What stands instead of the elements of a body (by node id) that are none of its text."""
    if body.css_first(_SUSPECT) is None:
        return {}
    weights = weighed(body)
    most = weights[body.mem_id].prose * _MOST
    out: dict[int, str] = {}

    def leave(node: LexborNode, instead: str | None = None) -> None:
        if node.mem_id != body.mem_id and (most == 0 or weights[node.mem_id].prose <= most):
            out[node.mem_id] = instead or ("" if node.tag in _INLINE else "\n\n")

    for node in body.css("[class], [id]"):
        if is_strange(node):
            leave(node)
    for node in body.css("[style]"):
        if _HIDDEN.search(node.attributes.get("style") or ""):
            leave(node)
    for node in body.css(_GONE):
        leave(_form_box(node, body, weights) if node.tag == "form" else node)
    for node in body.css("table"):
        if weights[node.mem_id].text <= _CAPTION and node.css_first("img") is not None:
            leave(node, f"\n\n{PICTURE}\n\n")
    for node in body.css(_LINES):
        if _is_reference(node, weights[node.mem_id]):
            leave(node)
    out.update((node.mem_id, PICTURE) for node in body.css("img") if node.mem_id not in out)
    return out


def _form_box(form: LexborNode, body: LexborNode, weights: Mapping[int, Weight]) -> LexborNode:
    """The largest element around a form that says nothing but what the form is for."""
    box = form
    while box.parent is not None and box.parent.mem_id != body.mem_id:
        around = weights[box.parent.mem_id]
        if around.prose or around.text > _FORM:
            break
        box = box.parent
    return box


def _is_reference(node: LexborNode, weight: Weight) -> bool:
    """Whether a line is a link to another story and nothing else."""
    if not weight.linked or weight.text > _LONGEST_LINE:
        return False
    whole = one_line(node.text(separator=" "))
    label = _LABEL.match(whole)
    if weight.text - weight.linked <= _MARKS and _BUTTON.fullmatch(whole):
        return True
    if label and weight.linked >= 0.6 * (len(whole) - label.end()):
        return True
    link = node.css_first("a[href]")
    address = (link.attributes.get("href") or "") if link is not None else ""
    inside = article_number(address) is not None or not address.startswith(("http", "mailto", "tel", "#", "//"))
    alone = weight.linked >= _SHORTEST_HEADLINE and weight.text - weight.linked <= _MARKS
    return inside and alone and (node.tag == "li" or _MARKED.match(whole) is not None)
