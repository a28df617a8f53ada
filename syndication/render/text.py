"""Lays out the plain-text part: wrapped by display width, since a Hangul syllable is two columns wide.

It chooses no words: the text templates do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wcwidth import iter_graphemes, wcwidth

WIDTH = 72  # columns

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_NEVER_BROKEN = re.compile(r"[a-z]+:\S+|\S*[\x02\x03]\S*|\S+@\S+", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")


def plain(value: object) -> str:
    """Content as one line of text, without control characters: it can form no slot, no mark and no line of ours."""
    text = str(value)
    if not text.isprintable():  # none of what goes is
        text = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    return " ".join(text.split())


def width(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else sum(max(0, wcwidth(char)) for char in text)


def laid_out(text: str, columns: int = WIDTH) -> str:
    """The text with each line wrapped to `columns`, never more than one blank line, continued lines indented alike.

    Words are broken only when one alone is too wide; addresses never are.
    """
    lines = (wrapped for line in text.split("\n") for wrapped in _wrapped(line.rstrip(), columns))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines))


def _wrapped(line: str, columns: int) -> Iterator[str]:
    if 2 * len(line) <= columns or width(line) <= columns:  # no character is wider than two columns
        yield line
        return
    indent = " " * (len(line) - len(line.lstrip(" ")))
    current = indent
    for piece in _pieces(line.split(), columns - len(indent)):
        blank = "" if current == indent else " "
        if current != indent and width(current) + len(blank) + width(piece) > columns:
            yield current
            current, blank = indent, ""
        current += blank + piece
    yield current


def _pieces(words: list[str], columns: int) -> Iterator[str]:
    for word in words:
        if width(word) <= columns or _NEVER_BROKEN.fullmatch(word):
            yield word
        else:
            yield from _broken(word, columns)


def _broken(word: str, columns: int) -> Iterator[str]:
    """Pieces of a word, parted between signs: one made of several, such as a family emoji, stays whole."""
    piece, taken = "", 0
    for sign in iter_graphemes(word):
        wide = width(sign)
        if piece and taken + wide > columns:
            yield piece
            piece, taken = "", 0
        piece += sign
        taken += wide
    yield piece
