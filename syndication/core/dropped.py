"""Files that an editor puts into a drop folder, read into Articles: plain text, light Markdown, HTML, whole pages
and feeds.

It touches no disk (`adapters.folder` does). The name of a file is the identity of its one Article.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from syndication.core.charset import decode
from syndication.core.dates import Moment, parse_moment
from syndication.core.feeds import read_feed
from syndication.core.feeds_json import read_json_feed
from syndication.core.flow import clean_text, composed, one_line, paragraphs_of
from syndication.core.identity import clean_link
from syndication.core.markup import absolute, sanitise, strip_tags
from syndication.core.model import ArticleContent, Found, Image, Reading, SetAside
from syndication.core.objects import looks_like_json_feed
from syndication.core.sniff import foreign, looks_like_feed

MAX_FILE = 10_000_000  # bytes of a feed
MAX_TEXT = 3_000_000  # bytes of anything else

_WORDS = {
    "제목": "title", "title": "title",
    "섹션": "section", "section": "section", "분류": "section",
    "기자": "bylines", "글": "bylines", "byline": "bylines", "by": "bylines", "author": "bylines",
    "날짜": "date", "작성일": "date", "date": "date",
    "지역": "region", "region": "region",
    "태그": "tags", "tags": "tags",
    "주소": "url", "링크": "url", "url": "url", "link": "url",
    "엠바고": "embargo", "embargo": "embargo",
}  # fmt: skip
_HEADER = re.compile(r"\s*([가-힣A-Za-z]{1,10})\s*[:：]\s*(.*)")
_PAGE_DATE = re.compile(
    r"\s*(?:최종편집\s*:?\s*)?\d{4}[.\-]\s?\d{1,2}[.\-]\s?\d{1,2}\.?\s*(?:\([월화수목금토일]\))?\s*$"
)
_WIDGET_LINE = re.compile(r"\s*[•·*-]?\s*\S+\s*-?\d+(?:\.\d)?\s*℃\s*$")
_HTML_TITLE = re.compile(r"<(h1|title)\b[^<>]{0,500}>(.{0,2000}?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_MD_IMAGE = re.compile(r"!\[([^\[\]]{0,500})\]\((\S{1,2000}?)\)")
_MD_LINK = re.compile(r"\[([^\[\]]{1,500})\]\(\S{1,2000}?\)")
_MD_STRONG = re.compile(r"(\*\*|__|`)(?=\S)(.{1,500}?)(?<=\S)\1")
_MD_ITEM = re.compile(r"^\s*[-*+]\s+")
_MD_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")


def read_dropped(name: str, body: bytes, outlet: str) -> Reading:
    """What a file of a drop folder says: .txt, .md, .html, or a whole page or feed. Never raises.

    A text file begins with its title; 제목:, 섹션:, 기자:, 날짜: and the like may stand in lines of their own before
    the first empty line. The name is the identity of a file's one Article: the same name again is a Revision."""
    feed = looks_like_json_feed(body) or looks_like_feed(body)
    most = MAX_FILE if feed else MAX_TEXT
    fault = f"it is larger than {most // 1_000_000} MB" if len(body) > most else None
    fault = fault or (None if looks_like_json_feed(body) else foreign(body))
    if fault is not None:
        return _refused(name, fault)
    try:
        return _read(name, body, outlet)
    except Exception as fault:  # noqa: BLE001 - whatever a file breaks must not stop the next file
        return _refused(name, f"it could not be read: {fault or type(fault).__name__}")


def _read(name: str, body: bytes, outlet: str) -> Reading:
    kind = name.rpartition(".")[2].lower() if "." in name else ""
    if looks_like_json_feed(body):
        return read_json_feed(body, url=None, content_type="", outlet=outlet)
    if looks_like_feed(body):
        return read_feed(body, url=None, content_type="", outlet=outlet)
    text = composed(decode(body))
    if kind in ("html", "htm", "xhtml") or text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        return _renamed(_html(name, body, text, outlet), name, outlet)
    if kind != "md" and is_page_text(text):
        return _renamed(_page(body, outlet), name, outlet)
    content = _markdown(text) if kind in ("md", "markdown") else _plain(text)
    return _one(name, content, outlet)


def is_page_text(text: str) -> bool:
    """Whether plain text is that of a whole newspaper page: a date line on top or a list of temperatures."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()]
    return bool(lines) and (
        _PAGE_DATE.match(lines[0]) is not None or sum(_WIDGET_LINE.match(line) is not None for line in lines) >= 3
    )


def file_identity(name: str, outlet: str) -> str:
    """The identity of a dropped file's Article; file systems differ in how they compose Hangul, so in NFC."""
    return f"{outlet}:file:{_name(name)}"


def _name(name: str) -> str:
    """A file's name as text, also where the disk holds it in another character set than UTF-8."""
    return unicodedata.normalize("NFC", decode(name.encode("utf-8", "surrogateescape")))


def _refused(name: str, reason: str) -> Reading:
    return Reading(set_aside=(SetAside(what=_name(name), reason=reason),))


def _one(name: str, content: ArticleContent | None, outlet: str) -> Reading:
    if content is None:
        return _refused(name, "it holds no title: the first line of a text file is its title")
    if not content.paragraphs:
        return _refused(name, "it holds a title but no text beneath it")
    return Reading(articles=(Found(identity=file_identity(name, outlet), content=content),))


def _renamed(reading: Reading, name: str, outlet: str) -> Reading:
    """`reading` with its one Article known by the file's name."""
    if len(reading.articles) != 1:
        return reading
    return replace(reading, articles=(replace(reading.articles[0], identity=file_identity(name, outlet)),))


def _page(body: bytes, outlet: str) -> Reading:
    # pages needs identity from sources, which needs this module
    from syndication.core.pages import read_page

    return read_page(body, url=None, content_type="", outlet=outlet)


# --- HTML ------------------------------------------------------------------------------------


def _html(name: str, body: bytes, text: str, outlet: str) -> Reading:
    """A page's reading; HTML that is no newspaper page is an Article as a whole."""
    reading = _page(body, outlet)
    if reading.articles or reading.observations or reading.teasers:
        return reading
    found = _HTML_TITLE.search(text)
    title = strip_tags(found.group(2)) if found else ""
    clean = sanitise(text, None)
    paragraphs = clean.paragraphs[1:] if clean.paragraphs and clean.paragraphs[0] == title else clean.paragraphs
    if not title and len(paragraphs) > 1:
        title, paragraphs = one_line(paragraphs[0]), paragraphs[1:]
    content = ArticleContent(title=title, paragraphs=paragraphs, images=clean.images) if title else None
    return _one(name, content, outlet)


# --- text and Markdown -----------------------------------------------------------------------


@dataclass(slots=True)
class _Head:
    """What the lines before the text say."""

    values: dict[str, str] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)


def _plain(text: str) -> ArticleContent | None:
    head = _head(clean_text(text).split("\n"))
    if "title" not in head.values:
        head = _titled(head)
    return _content(head, paragraphs_of(head.rest), ())


def _markdown(text: str) -> ArticleContent | None:
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    head = _head(_without_fence(lines))
    if "title" not in head.values:
        head = _titled(head)
    pictures = [found for line in head.rest for found in _MD_IMAGE.findall(line)]
    images = tuple(Image(url=url, alt=one_line(alt)) for alt, url in pictures if absolute(url, None))
    return _content(head, _md_paragraphs(head.rest), images)


def _without_fence(lines: Sequence[str]) -> Sequence[str]:
    """Lines without the --- around what stands on top."""
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].strip() == "---" and "---" in lines[first + 1 :]:
        end = lines.index("---", first + 1)
        return [*lines[first + 1 : end], "", *lines[end + 1 :]]
    return lines


def _head(lines: Sequence[str]) -> _Head:
    """Header lines on top, also right under the title line; a line with another word before its colon is text."""
    head = _Head()
    for n, line in enumerate(lines):
        found = _HEADER.fullmatch(line)
        key = _WORDS.get(found.group(1).lower()) if found else None
        if found and key and key not in head.values:
            head.values[key] = one_line(found.group(2)).strip("\"'")
        elif line.strip() or head.values:
            head.rest.extend(lines[n:])
            break
    return head


def _titled(head: _Head) -> _Head:
    """The first line of the text taken as title."""
    first = next((n for n, line in enumerate(head.rest) if line.strip()), None)
    if first is None:
        return head
    heading = _MD_HEADING.match(head.rest[first])
    title = _inline(heading.group(1) if heading else head.rest[first])
    below = _head(head.rest[first + 1 :]) if not head.values else _Head(rest=head.rest[first + 1 :])
    return _Head(values={**below.values, **head.values, "title": one_line(title)}, rest=below.rest)


def _content(head: _Head, paragraphs: tuple[str, ...], images: tuple[Image, ...]) -> ArticleContent | None:
    values = head.values
    if not values.get("title"):
        return None
    moment, embargo = _moment(values.get("date")), _moment(values.get("embargo"))
    link = absolute(values.get("url", ""), None)
    return ArticleContent(
        title=values["title"],
        paragraphs=paragraphs,
        section=values.get("section") or None,
        region=values.get("region") or None,
        url=clean_link(link) if link else None,
        bylines=_words(values.get("bylines")),
        tags=_words(values.get("tags")),
        images=images,
        published_at=moment.at if moment else None,
        published_on=moment.on if moment and moment.at is None else None,
        embargo_until=embargo.at if embargo else None,
    )


def _moment(text: str | None) -> Moment | None:
    return parse_moment(text) if text else None


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word for part in (text or "").strip("[]").split(",") if (word := part.strip()))


def _md_paragraphs(lines: Sequence[str]) -> tuple[str, ...]:
    """Paragraphs of Markdown: headings and list items stand alone, other lines flow together up to an empty line."""
    out: list[str] = []
    flowing = False
    for line in lines:
        heading = _MD_HEADING.match(line)
        text = one_line(_inline(heading.group(1) if heading else _MD_ITEM.sub("• ", line, count=1).lstrip("> ")))
        alone = heading is not None or text.startswith("• ")
        if text and flowing and not alone:
            out[-1] += " " + text
        elif text:
            out.append(text)
        flowing = bool(text) and heading is None
    return tuple(out)


def _inline(text: str) -> str:
    text = _MD_LINK.sub(r"\1", _MD_IMAGE.sub("", text))
    return _MD_STRONG.sub(r"\2", text)
