"""Tells headlines from prose, and whole texts from cut ones, on newspaper pages; makes teasers of such lines.

It judges lines of text only: buttons, dates and menus have been taken out before (`page_words`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from syndication.core.bylines import unsigned
from syndication.core.flow import paragraphs_of
from syndication.core.identity import normal_title
from syndication.core.model import Teaser
from syndication.core.pages.words import is_generic

_CLOSERS = "\"'”’」』》)\\]"
_CUT_MARK = re.compile(r"(?:\.{2,}|…)$")
_STOPPED = re.compile(rf"(?:[가-힣%℃a-zA-Z{_CLOSERS}][.。]|\d[.。]|[가-힣{_CLOSERS}][!?])[{_CLOSERS}]*$")
_INNER_STOP = re.compile(rf"[다요죠까][.!?][{_CLOSERS}]?\s")
_TOPIC = re.compile(r"(?:\S{1,20}\s)?\S{0,20}[가-힣)](?:은|는|이|가|에서|에서는)\s")
_SUBJECT = re.compile(r"\S{0,20}[가-힣)](?:은|는)\s")  # 가람시는 …: so does prose begin, hardly ever a headline
_DAY = re.compile(r"\d{4}\s?[.\-/년][^()]{3,12}\([월화수목금토일]\)")
_PREDICATE = re.compile(r"[했였었았됐렸졌웠혔났쳤갔왔한된는있없이겠친킨진른난간온린운룬춘]다$")
_ABOUT = re.compile(
    r"(?:[가-힣\d]{1,20}\s)?[가-힣\d]{1,20}(?:\([^()]{1,20}\))?(?:은|는)\s[^…]*$"
)  # as no headline begins
_OPENED, _CLOSED = re.compile(r"(?:^|[\s(])'(?=\D)"), re.compile(r"(?<=[^\s(])'")  # '24 opens nothing
_WRAPPED = re.compile(r"[<〈《【].*[>〉》】]")  # a subheading, no headline of a story
_QUOTED = re.compile(r"\"[^\"]{1,60}\"|“[^“”]{1,60}”|'[^']{1,60}'|‘[^‘’]{1,60}’")
_CREDIT_BEHIND = re.compile(
    rf"(?<=[.!?{_CLOSERS}])\s?[\[(<〈/|]{{0,2}}\s?(?:글[·ㆍ])?(?:사진|자료|그래픽)(?:\s?제공)?\s?[=:/|ㆍ]?[^.!?<>()\[\]]{{0,24}}[\])>〉]?$"
)
_LIST_MARK = re.compile(
    r"[QA][.:)]\s?(?=\S)|[문답]\s?[.:)]\s?(?=\S)|[▲△▴▶▷►■□◆◇●○◎★☆※☞•∙▪◦⊙]|[-–—·ㆍ]\s|[①-⑳]|\(?\d{1,2}[.)]\s"
)
_RANK = re.compile(r"^\d{1,2}(?:[.)위]\s?|\s)(?=\S)")
_LOOSE = re.compile(r"^[•●∙◦·ㆍ*]\s*")

LONGEST_HEADLINE = 80
_SHORT_TEXT = 14  # a line shorter than this is no text, whatever its grammar
_LEAST_UNSTOPPED = 25
_LONG_TEXT = 60  # a line this long under a headline is its text, though it is cut without a mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Consecutive lines of text. `gap`: an empty paragraph of a body stands before; `blanks`: so many empty lines do,
    `apart` when they are several."""

    lines: tuple[str, ...]
    gap: bool = False
    blanks: int = 0
    apart: bool = False
    bulleted: bool = False


def is_sentence(line: str) -> bool:
    """Whether a line ends as a sentence does, a byline behind it aside; a short question may be a headline."""
    line = _CREDIT_BEHIND.sub("", unsigned(line))
    if _CUT_MARK.search(line) or not _STOPPED.search(line):
        return False
    return line.rstrip("\"'”’」』》)]")[-1:] not in "!?" or len(line) > LONGEST_HEADLINE // 2


def is_cut(text: str) -> bool:
    """Whether a text breaks off: no stop at its end, dots instead of one, or an open quotation."""
    if _CUT_MARK.search(text) or not _STOPPED.search(text):
        return True
    if text.count('"') % 2 == 1 or text.count("“") > text.count("”") or text.count("‘") > text.count("’"):
        return True
    return len(_OPENED.findall(text)) > len(_CLOSED.findall(text))


def is_headline(line: str) -> bool:
    """Whether a line may be a headline: short, without a sentence, and not the item of a list."""
    if len(line) > LONGEST_HEADLINE or _LIST_MARK.match(line) or _DAY.fullmatch(line):
        return False
    return not is_sentence(line) and not _INNER_STOP.search(_QUOTED.sub("", line)) and not is_unstopped(line)


def is_unstopped(line: str) -> bool:
    """Whether a line is a sentence that lacks its stop: a topic, a predicate, and longer than headlines with both."""
    return len(line) >= _LEAST_UNSTOPPED and _PREDICATE.search(line) is not None and _ABOUT.match(line) is not None


def is_prose(line: str) -> bool:
    """Whether a line is a sentence, with its stop or without."""
    return is_sentence(line) or is_unstopped(line)


def is_listed(line: str) -> bool:
    """Whether a line begins with the mark of a list (▲ ◆ ■ ①)."""
    return _LIST_MARK.match(line) is not None


def is_text_under(headline: str, line: str) -> bool:
    """Whether a line is the text under a headline and no headline itself."""
    if is_sentence(line) or len(line) >= _LONG_TEXT or _INNER_STOP.search(line):
        return True
    if _CUT_MARK.search(line):
        return len(line) > len(headline)
    if len(line) < _SHORT_TEXT:
        return False
    return _SUBJECT.match(line) is not None or (len(line) > len(headline) and _TOPIC.match(line) is not None)


def is_teaser(block: Block) -> bool:
    """Whether a block is printed as teasers are: a headline and directly under it a text that breaks off."""
    if block.gap or len(block.lines) < 2:
        return False
    pairs = zip(block.lines, block.lines[1:], strict=False)
    return is_headline(block.lines[0]) and any(
        is_headline(first) and is_text_under(first, second) and is_cut(second) for first, second in pairs
    )


def is_pair(block: Block) -> bool:
    """Whether a block is one headline and one text under it, whole or cut."""
    if (
        len(block.lines) != 2
        or block.gap
        or _WRAPPED.fullmatch(block.lines[0])
        or max(map(len, block.lines)) < _SHORT_TEXT
    ):
        return False
    return is_headline(block.lines[0]) and is_text_under(block.lines[0], block.lines[1])


def same(first: str, second: str) -> bool:
    """Whether two lines say the same but for blanks and punctuation."""
    return first == second or normal(first) == normal(second)


normal = lru_cache(maxsize=4096)(normal_title)  # titles and menus, compared over and over


def paragraphs(blocks: Sequence[Block]) -> tuple[str, ...]:
    """The paragraphs of a body. Lines that are sentences each are paragraphs; verses stay together, parted by \\n."""
    out: list[str] = []
    for block in blocks:
        if all(is_sentence(line) for line in block.lines[:-1]):
            out += block.lines
        else:
            out += paragraphs_of(block.lines)
    return tuple(out)


# --- teasers ---------------------------------------------------------------------------------


def teasers_of(blocks: Sequence[Block], heading: str | None) -> tuple[Teaser, ...]:
    """The teasers that stand in blocks, under a heading that may name their section."""
    ranked = heading is not None and is_generic(heading)
    section = None if ranked else heading
    return tuple(_teaser(title, text, section) for title, text in _paired(blocks, ranked=ranked))


def _teaser(title: str | None, text: str | None, section: str | None) -> Teaser:
    return Teaser(section=section, title=title, text=text, cut=text is not None and is_cut(text))


def _paired(blocks: Sequence[Block], *, ranked: bool) -> Iterator[tuple[str | None, str | None]]:
    """(headline, text) of each story, each None where it is missing."""
    title: str | None = None
    for line in _told(blocks, ranked=ranked):
        if title is None:
            if not _opens(line):
                yield None, line
            else:
                title = line
        elif is_text_under(title, line):
            yield title, line
            title = None
        else:
            yield title, None
            title = line
    if title is not None:
        yield title, None


def _opens(line: str) -> bool:
    return is_headline(line) or (is_listed(line) and len(line) <= LONGEST_HEADLINE)


def _told(blocks: Sequence[Block], *, ranked: bool) -> Iterator[str]:
    """The lines of blocks without bullets and ranks, none twice in a row."""
    before = ""
    for line in (line for block in blocks for line in block.lines):
        plain = _LOOSE.sub("", line)
        plain = _RANK.sub("", plain) if ranked else plain
        if plain and not same(plain, before):
            yield plain
        before = plain
