"""Foreign HTML made safe and readable: sanitised, shallow, with absolute addresses, and its paragraphs as plain text.

It does not look for the article on a page (`pages` does) and trusts nothing: what is too deep or too large is refused
before any parser sees it.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import nh3

from syndication.core.charset import decode, mend
from syndication.core.flow import clean_text, joined, one_line, plain_paragraphs
from syndication.core.model import Image
from syndication.core.shape import VOID, Unreadable, depth, names

__all__ = [
    "Clean",
    "Unreadable",
    "absolute",
    "as_text",
    "clean_text",
    "decode",
    "depth",
    "has_markup",
    "mend",
    "one_line",
    "plain_paragraphs",
    "sanitise",
    "strip_tags",
]

MAX_HTML = 2_000_000  # characters of one body: far above any article
MAX_NESTED = 30  # deeper elements are unwrapped, their text stays
_INLINE = names("a b strong i em u s sub sup ruby rt rp br img")
_BLOCK = names("p div h2 h3 h4 ul ol li blockquote pre figure figcaption hr")
_TABLE = names("table thead tbody tfoot tr td th caption")
_RENAMED = dict.fromkeys(names("section article main header footer center address dl dt dd details summary"), "div")
_RENAMED |= {"h1": "h2", "h5": "h4", "h6": "h4"}
_GONE = names(
    "script style noscript template iframe object embed applet svg math button select option optgroup textarea nav "
    "head title audio video canvas dialog"
)
_OTHER = names(
    "abbr acronym address article aside bdi bdo big body center cite code col colgroup data dd del details dfn dir dl "
    "dt fieldset figure font footer form frame frameset h1 h5 h6 header hgroup html ins kbd label legend main map mark "
    "marquee menu meter nobr noframes output picture plaintext progress q samp section small source span strike "
    "summary time tt ul var xmp"
)
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_VOID = frozenset(("br", "hr", "img"))
# nh3 writes attributes as name="value" with quotes escaped, so this reads its output exactly.
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*+")*+)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*+)"')
_HTML = _INLINE | _BLOCK | _TABLE | _GONE | VOID | _OTHER
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s<>/]{0,60})(?=([\s/>])|$)")
_WHOLE_TAG = re.compile(r"</?([a-zA-Z][^\s<>/]{0,60})(?:[\s/][^<>]{0,2000})?>|<!--.{0,2000}?-->", re.DOTALL)
_NEXT, _LINE = "\x1e", "\x1f"  # between blocks and between lines, while words are gathered
_MARKS = re.compile("[\x1e\x1f]")
_SAYS_LITTLE = frozenset(("p", "div", "br"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """Sanitised markup, its paragraphs and its images. `plain`: the paragraphs say all that the markup says."""

    html: str
    paragraphs: tuple[str, ...]
    images: tuple[Image, ...] = ()
    plain: bool = True


def sanitise(html: str, base_url: str | None) -> Clean:
    """Safe, shallow markup of a body and what it says.

    Relative addresses are resolved against `base_url`, or dropped without one. Text without any tag is read as plain
    text, its line breaks as such. Raises Unreadable for a body that is too long, too deep or of too many elements."""
    if len(html) > MAX_HTML:
        raise Unreadable(f"the text is longer than {MAX_HTML:,} characters")
    if not has_markup(html):
        return as_text(entities.unescape(html))
    depth(html)
    writer = _Writer()
    for token in _tokens(_washed(html, base_url)):
        writer.take(*token)
    return writer.finish()


def has_markup(text: str) -> bool:
    """Whether text holds an HTML tag; <속보> and <LG전자> are none."""
    return "<!--" in text or any(_is_html(found.group(2)) for found in _TAG.finditer(text))


def strip_tags(text: str) -> str:
    """One line of text without HTML tags and entities: for titles. Words in angle brackets stay."""
    if "<" in text:
        text = _WHOLE_TAG.sub(lambda found: found.group() if _is_word(found.group(1)) else " ", text)
    return one_line(entities.unescape(text))


def _is_html(name: str) -> bool:
    return name.lower() in _HTML or (":" in name and name.isascii())


def _is_word(name: str | None) -> bool:
    return name is not None and not _is_html(name)


def _with_words(html: str) -> str:
    """`html` with words in angle brackets, as headlines have them, made text: a parser would take them for tags."""
    return _TAG.sub(lambda f: f.group() if _is_html(f.group(2)) else "&lt;" + f.group()[1:], html)


def absolute(url: str, base_url: str | None) -> str | None:
    """An absolute http(s) address, or None where there is none."""
    try:
        joined_url = urljoin(base_url or "", url.strip())
        parts = urlsplit(joined_url)
        return joined_url if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def as_text(text: str) -> Clean:
    """Plain text as paragraphs and the markup that shows them."""
    paragraphs = plain_paragraphs(text)
    body = "".join(f"<p>{entities.escape(p, quote=False).replace(chr(10), '<br>')}</p>" for p in paragraphs)
    return Clean(html=body, paragraphs=paragraphs)


def _washed(html: str, base_url: str | None) -> str:
    relative: object = ("rewrite_with_base", base_url) if base_url and absolute("", base_url) else "deny"
    options = dict(  # noqa: C408
        tags=set(_INLINE | _BLOCK | _TABLE | set(_RENAMED)),
        clean_content_tags=set(_GONE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer",
    )
    text = _with_words(html)
    try:
        return nh3.clean(text, url_relative=relative, **options)  # type: ignore[arg-type]
    except ValueError:  # a base address that nh3 cannot read
        return nh3.clean(text, url_relative="deny", **options)  # type: ignore[arg-type]


def _tokens(html: str) -> Iterator[tuple[str, str, str]]:
    """(kind, name or text, attributes) of nh3's well-formed output; kind is text, start or end."""
    at = 0
    for found in _TOKEN.finditer(html):
        if found.start() > at:
            yield "text", html[at : found.start()], ""
        yield ("end" if found.group(1) else "start"), found.group(2), found.group(3)
        at = found.end()
    if at < len(html):
        yield "text", html[at:], ""


@dataclass(slots=True)
class _Writer:
    """Writes markup and paragraphs side by side from the tokens of sanitised markup."""

    out: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # with marks between lines and blocks
    filled: bool = False  # whether the block at hand holds words
    images: list[Image] = field(default_factory=list)
    caption: list[str] | None = None  # text of the figcaption that is open
    shown: list[bool] = field(default_factory=list)  # for each open element: whether its tags were written
    verbatim: int = 0
    plain: bool = True

    def take(self, kind: str, word: str, attributes: str) -> None:
        if kind == "text":
            self._text(word)
        elif kind == "start":
            self._start(_RENAMED.get(word, word), attributes)
        else:
            self._end(_RENAMED.get(word, word))

    def finish(self) -> Clean:
        return Clean(
            html=clean_text("".join(self.out)),
            paragraphs=joined(block.split(_LINE) for block in "".join(self.words).split(_NEXT)),
            images=tuple(self.images),
            plain=self.plain,
        )

    def _text(self, markup: str) -> None:
        self.out.append(markup if self.verbatim else re.sub(r"\s+", " ", markup))
        text = _MARKS.sub("", entities.unescape(markup))
        if self.caption is not None:
            self.caption.append(text)
            return
        self.words.append(text.replace("\n", _LINE) if self.verbatim else text)
        self.filled = self.filled or not text.isspace()

    def _next_block(self) -> None:
        self.words.append(_NEXT)
        self.filled = False

    def _start(self, name: str, attributes: str) -> None:
        if name in _VOID:
            self._void(name, attributes)
            return
        self._boundary(name, opening=True)
        show = sum(self.shown) < MAX_NESTED
        self.shown.append(show)
        self.plain = self.plain and name in _SAYS_LITTLE
        self.verbatim += name == "pre"
        if name == "figcaption":
            self.caption = []
        self.out.append(_tag(name, attributes) if show else " ")

    def _end(self, name: str) -> None:
        if name == "figcaption" and self.caption is not None:
            self._close_caption()
        self._boundary(name, opening=False)
        self.verbatim -= name == "pre"
        if self.shown and self.shown.pop():
            self.out.append(f"</{name}>")

    def _void(self, name: str, attributes: str) -> None:
        if name == "img":
            self._image(attributes)
            return
        self.out.append(f"<{name}>")
        if name == "hr":
            self._next_block()
        elif self.caption is None:
            self.words.append(_LINE)

    def _image(self, attributes: str) -> None:
        image = _image(dict(_ATTRIBUTE.findall(attributes)))
        if image is not None:
            self.images.append(image)
            self.plain = False
            self.out.append(_tag("img", attributes))

    def _close_caption(self) -> None:
        words, self.caption = one_line("".join(self.caption or ())), None
        if words and self.images and not self.images[-1].alt:
            last = self.images[-1]
            self.images[-1] = Image(url=last.url, alt=words, width=last.width, height=last.height)

    def _boundary(self, name: str, *, opening: bool) -> None:
        """Begin a new block of text where an element stands on lines of its own; cells of a row stay together."""
        if name in ("td", "th"):
            if opening and self.filled:
                self.words.append(" | ")
        elif name in _BLOCK or name in _TABLE:
            self._next_block()


def _tag(name: str, attributes: str) -> str:
    kept = _ATTRIBUTES.get(name, set())
    words = "".join(f' {key}="{value}"' for key, value in _ATTRIBUTE.findall(attributes) if key in kept)
    return f'<{name}{words} rel="noopener noreferrer">' if name == "a" and words else f"<{name}{words}>"


def _image(attributes: dict[str, str]) -> Image | None:
    """An image with an address that is more than a counting pixel."""
    url = absolute(entities.unescape(attributes.get("src", "")), None)
    width, height = _size(attributes.get("width")), _size(attributes.get("height"))
    if url is None or (width is not None and width <= 2) or (height is not None and height <= 2):
        return None
    return Image(url=url, alt=one_line(entities.unescape(attributes.get("alt", ""))), width=width, height=height)


def _size(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else None
