"""Text as paragraphs: how lines, breaks and marks of a body become paragraphs of plain text.

It knows no markup: `markup` feeds it words and breaks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# XML 1.0 §2.2 Char, negated; besides DEL and C1 controls, zero-width and direction-changing signs, soft hyphen.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)
_BEYOND = re.compile("[\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U000f0000-\U0010ffff]")
_BLANKS = re.compile(r"[^\S\n]+")
_AROUND_BREAK = re.compile(r" ?\n ?")
_LIST_MARK = re.compile(r"[▲△▶▷►■□◆◇●○◎★☆※•·∙▪◦⊙]|[-–—*] |[①-⑳]|\(?\d{1,2}[.)] ")
_SENTENCE_END = re.compile(r"[.!?。…][\"'”’」』)\]]*$")
_MOST_ACCENTS = 30


def _accents(first: int, last: int) -> str:
    """The signs that are drawn on the letter before them."""
    return "".join(c for c in map(chr, range(first, last)) if unicodedata.combining(c))


def _piled(signs: str) -> re.Pattern[str]:
    """Finds letters with more accents than any language has."""
    return re.compile(f"([{re.escape(signs)}]{{{_MOST_ACCENTS}}})[{re.escape(signs)}]+")


_NEAR = _accents(0x300, 0x10000)
_ASTRAL = re.compile("[\U00010000-\U0001ffff]")
_PILE, _ANY_PILE = _piled(_NEAR), _piled(_NEAR + _accents(0x10000, 0x20000))  # the second is slow and seldom needed
_PROSE_LINE = 30  # a line this long that ends a sentence is a paragraph, not a verse


def composed(text: str) -> str:
    """`text` in NFC, with no more than 30 accents on a letter: composing takes time that grows with their square.

    The limit is that of UAX #15, Stream-Safe Text Format."""
    if text.isascii():
        return text
    pile = _ANY_PILE if _ASTRAL.search(text) else _PILE
    fit = pile.sub(r"\1", text) if pile.search(text) else text
    return fit if unicodedata.is_normalized("NFC", fit) else unicodedata.normalize("NFC", fit)


def clean_text(text: str) -> str:
    """`text` in NFC, fit for XML 1.0, runs of blanks (also U+00A0 and U+3000) folded to one; \\n stays a line break."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\u2029", "\n")
    text = _UNFIT.sub("", text.replace("\u2028", "\n"))
    text = _BLANKS.sub(" ", _BEYOND.sub("", text))
    return composed(_AROUND_BREAK.sub("\n", text).strip())


def one_line(text: str) -> str:
    """`clean_text` without line breaks."""
    return " ".join(clean_text(text).split())


def paragraphs_of(lines: Sequence[str]) -> tuple[str, ...]:
    """Paragraphs of consecutive lines: an empty line parts them, so does a list mark, and so does the end of a
    sentence at the end of a long line; other line breaks (verse, addresses) stay inside a paragraph as \\n."""
    out: list[str] = []
    before: str | None = None
    for line in map(one_line, lines):
        if line:
            if before and not _parted(before, line):
                out[-1] += "\n" + line
            else:
                out.append(line)
        before = line
    return tuple(out)


def _parted(before: str, line: str) -> bool:
    if _LIST_MARK.match(line) or _LIST_MARK.match(before):
        return True
    return len(before) >= _PROSE_LINE and _SENTENCE_END.search(before) is not None


def plain_paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs of plain text."""
    return paragraphs_of(clean_text(text).split("\n"))


def joined(parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Paragraphs of blocks, each given as its lines, in order."""
    return tuple(paragraph for lines in parts for paragraph in paragraphs_of(lines))
