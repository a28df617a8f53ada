"""Turns MJML into HTML through mjml-python behind a safety layer: escape, lint, harden, render, repair, check.

It knows no templates and no Issues; `blocks` fills templates and cuts what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import mjml
from markupsafe import Markup

from syndication.render.mjml_lint import ATTRIBUTE, TOKEN, Problem, lint
from syndication.render.tokens import six_digits


class BadTemplate(ValueError):
    """A template that must not be rendered; the message names template, line and what would be right."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


# --- escaping --------------------------------------------------------------------------------

# Printed as they are by mjml-python in every place. Everything else becomes a numeric reference: it prints attribute
# values the way Rust prints strings for debugging, so that a variation selector comes out as six letters.
_PLAIN = (
    " !#$%()*+,\\-./0-9:;=?@A-Z\\[\\]^_`a-z|~¡-¬®-ÿ‐-‧‰-⁞₠-⃀℀-⅏←-⏿─-➿、-〩〰-〽ㄱ-ㅣㅥ-ㆎ㈀-㏿一-鿿가-힣！-｠￠-￦"
)
_NOT_PLAIN = re.compile(f"[^{_PLAIN}]")
# C1 controls too: browsers read their references as signs of another code page, &#x93; as “.
_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_UNSAFE_IN_ATTRIBUTE = re.compile(f"[^{_PLAIN}&<>\"'{{}}]")
_BLANKS = re.compile(r"\s+")


def escape(value: object) -> Markup:
    """Text made safe for element content and double-quoted attributes alike.

    Brackets, braces, quotes, backslashes and everything outside plain printable characters become references, so no
    content can form a tag, a slot or a mark of ours. Characters that XML does not know are dropped.
    """
    if isinstance(value, Markup):
        return value
    return Markup(_NOT_PLAIN.sub(_reference, _NEVER.sub("", str(value))))  # noqa: S704 - this is the escaping


_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "\n"}


def _reference(match: re.Match[str]) -> str:
    char = match[0]
    return _NAMED.get(char) or f"&#x{ord(char):X};"


# --- rendering -------------------------------------------------------------------------------


def render(source: str, template: str) -> str:
    """The HTML of an MJML document. Raises BadTemplate, naming lines of the document as it is given here."""
    problems = lint(source, template)
    if problems:
        raise BadTemplate(*problems)
    try:
        html = mjml.mjml2html(harden(source), fonts={})
    except ValueError as error:
        raise BadTemplate(_problem(template, f"mjml-python cannot read it ({error})", "make it well-formed")) from None
    html = repair(html)
    check(html, template)
    return html


def harden(source: str) -> str:
    """The MJML with every attribute value in characters that mjml-python prints unchanged, style on one line."""
    return TOKEN.sub(_hardened, source)


def _hardened(match: re.Match[str]) -> str:
    attributes = match["attributes"]
    if not attributes or not _UNSAFE_IN_ATTRIBUTE.search(attributes):
        return match[0]
    safe = ATTRIBUTE.sub(_safe_attribute, attributes)
    return f"<{match['name']}{_BLANKS.sub(' ', safe)}{match['empty']}>"


def _safe_attribute(match: re.Match[str]) -> str:
    name, value = match["name"], match["value"]
    if not value:
        return match[0]
    inner = _BLANKS.sub(" ", value[1:-1]).strip() if name.lower() == "style" else value[1:-1]
    return f"{name}={value[0]}{_UNSAFE_IN_ATTRIBUTE.sub(_reference_even_for_newline, inner)}{value[0]}"


def _reference_even_for_newline(match: re.Match[str]) -> str:
    return f"&#x{ord(match[0]):X};"


def check(html: str, template: str) -> None:
    """Nothing when the HTML shows no trace of the ways mjml-python fails in silence. Raises BadTemplate."""
    for trace, what in (("\\u{", "an attribute came out garbled"), ("<mj-", "a component came out unrendered")):
        at = html.find(trace)
        if at >= 0:
            near = _BLANKS.sub(" ", html[max(0, at - 40) : at + 40])
            raise BadTemplate(_problem(template, f"{what} near {near!r}", "balance tags and use numeric references"))


def _problem(template: str, what: str, instead: str) -> Problem:
    return Problem(template=template, line=1, what=what, instead=instead)


# --- repairing -------------------------------------------------------------------------------

_IMAGE_WITHOUT_ALT = re.compile(r"<img\b(?!(?:[^>\"]|\"[^\"]*\")*?\salt=)((?:[^>\"]|\"[^\"]*\")*?)(\s*/?)>")
_ALIGN_ON_CELL = re.compile(r"(<td\b(?:[^>\"]|\"[^\"]*\")*?)\svertical-align=\"[^\"]*\"")
_FRACTION_ATTRIBUTE = re.compile(r"(\s(?:width|height)=\")(\d+)\.\d+((?:px)?\")")
_FRACTION_STYLE = re.compile(r"((?:^|[;\"\s{])(?:(?:min|max)-)?(?:width|height):\s*)(\d+)\.\d+px")
_ANY_FRACTION = re.compile(r"\.\d+px")
_ANY_SHORT_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?![0-9a-fA-F])(?<!&....)")
_COLOUR_ATTRIBUTE = re.compile(r"(\s(?:style|bgcolor|color)=\")([^\"]*)(\")")
_STYLE_ELEMENT = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.DOTALL)
_SHORT_COLOUR = re.compile(r"url\([^)]*\)|(?<=[:\s,(])#[0-9a-fA-F]{3}(?=[;\s,)}!]|$)|^#[0-9a-fA-F]{3}$")
_CONDITIONAL = re.compile(r"<!--\[if ([^\]]+)\]>(?!<!-|\s*-->)(.*?)<!\[endif\]-->", re.DOTALL)


def repair(html: str) -> str:
    """The HTML with alt on every image, whole-pixel widths, six-digit colours and adjacent Outlook comments merged."""
    html = _IMAGE_WITHOUT_ALT.sub(r'<img\1 alt=""\2>', html)
    html = _ALIGN_ON_CELL.sub(r"\1", html)
    html = _FRACTION_ATTRIBUTE.sub(r"\1\2\3", html)
    if _ANY_FRACTION.search(html):  # the quick looks spare the slow ones, which seldom find anything
        html = _FRACTION_STYLE.sub(r"\1\2px", html)
    if _ANY_SHORT_COLOUR.search(html):
        html = _STYLE_ELEMENT.sub(_between(_long_colours), html)
        html = _COLOUR_ATTRIBUTE.sub(_between(_long_colours), html)
    return merged(html)


def _between(change: Callable[[str], str]) -> Callable[[re.Match[str]], str]:
    return lambda m: m[1] + change(m[2]) + m[3]


def _long_colours(css: str) -> str:
    return _SHORT_COLOUR.sub(lambda m: m[0] if m[0].startswith("url") else six_digits(m[0]), css)


def merged(html: str) -> str:
    """The HTML with neighbouring conditional comments of one condition written as one."""
    out: list[str] = []
    end = 0
    condition = None
    for match in _CONDITIONAL.finditer(html):
        between = html[end : match.start()]
        if condition == match[1] and not between.strip():
            out[-1] += match[2]
        else:
            out += [between if condition is None else f"<![endif]-->{between}", f"<!--[if {match[1]}]>{match[2]}"]
        condition, end = match[1], match.end()
    return "".join(out) + ("<![endif]-->" if condition else "") + html[end:]
