"""Says which places of a text lie outside every quotation and bracket.

It repairs nothing: a quotation that never closes reaches to the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_DOUBLE = {'"', "“", "”", "„", "‟", "＂", "″"}
_SINGLE = {"'", "‘", "’", "‚", "‛", "＇", "`", "´"}
_QUOTES = _DOUBLE | _SINGLE
_OPENS_ALWAYS = {"“", "„", "‘", "‚"}
_CLOSES_ALWAYS = {"”", "’"}
_PAIRS = {
    "「": "」", "『": "』", "《": "》", "〈": "〉", "«": "»", "【": "】", "〔": "〕",
    "(": ")", "（": "）", "[": "]", "{": "}", "<": ">",
}  # fmt: skip
_BRACKETS = {"(", "（", "[", "{", "<", "〔"}  # left open they are slips of the pen, not quotations
_OPENED_FOR = {closer: opener for opener, closer in _PAIRS.items()}
_QUOTED_WORD_FOLLOWS = re.compile(r"이?라(?:고|며|는|면서|던)|(?:고|며|는|의|을|를|에|로|과|와|도|등)(?=[\s,.])")
_YEAR = re.compile(r"\d\d(?!\d)")
_SPACED = re.compile(r"[\s(\[{（「『《〈<【,·:;/=\-–—~]")
_AFTER = re.compile(r"[\s)\]}）」』》〉>】,.·:;!?/=\-–—~…]")


class _Role(Enum):
    OPENS = "opens"
    CLOSES = "closes"
    EITHER = "either"
    NONE = "none"  # an apostrophe, a foot or inch mark


@dataclass(slots=True)
class _Open:
    mark: str
    at: int


def outside(text: str) -> list[bool]:
    """For each offset 0..len(text) whether a cut right there lies outside every quotation and bracket."""
    depth = [0] * (len(text) + 2)
    for start, end in _spans(text):
        depth[start + 1] += 1  # a cut before the opening mark is still outside
        depth[end] -= 1
    free: list[bool] = []
    level = 0
    for change in depth[: len(text) + 1]:
        level += change
        free.append(level <= 0)
    return free


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """(offset of the opening mark, offset after the closing one); to beyond the end where nothing closes."""
    yield from _family(text, _DOUBLE)
    yield from _family(text, _SINGLE)
    yield from _paired(text)


def _family(text: str, family: set[str]) -> Iterator[tuple[int, int]]:
    """Spans of marks that may open and close with one another: " “ ” or ' ‘ ’."""
    stack: list[_Open] = []
    for at, mark in enumerate(text):
        if mark not in family:
            continue
        role = _role(text, at, stack[-1].at if stack else None)
        if role is _Role.OPENS or (role is _Role.EITHER and not stack):
            if stack and _is_year(text, stack[-1].at):
                stack.pop()
            stack.append(_Open(mark, at))
        elif role is not _Role.NONE:
            yield (stack.pop().at, at + 1) if stack else (at, len(text) + 1)  # what nothing opened is broken from there
    yield from ((left.at, len(text) + 1) for left in stack if not _is_year(text, left.at))


def _role(text: str, at: int, opened_at: int | None) -> _Role:
    """What one mark does where it stands, given where the quotation began that is open there."""
    mark, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if _is_apostrophe(mark, before, after, is_open=opened_at is not None):
        return _Role.NONE
    if mark in _CLOSES_ALWAYS and not before.strip() and _is_year(text, at):
        return _Role.NONE  # ’24: the mark that typographers ask for there
    if mark in _OPENS_ALWAYS:
        return _Role.OPENS
    if mark in _CLOSES_ALWAYS:
        return _Role.CLOSES
    if opened_at is not None and (opened_at == at - 1 or _QUOTED_WORD_FOLLOWS.match(text, at + 1)):
        return _Role.EITHER
    begins, ends = _begins(text, at), _ends(text, at)
    if begins == ends:
        return _Role.EITHER
    return _Role.OPENS if begins else _Role.CLOSES


def _is_apostrophe(mark: str, before: str, after: str, *, is_open: bool) -> bool:
    """don't, 5'7, 27", workers' rights: a mark that neither opens nor closes."""
    if mark in _SINGLE and _is_latin(before) and _is_latin(after):
        return True
    ends_word = not after or _AFTER.match(after) is not None
    return not is_open and ends_word and (before.isdigit() or (mark in _SINGLE and _is_latin(before)))


def _begins(text: str, at: int) -> bool:
    """Whether what stands before a mark makes it look like an opening one."""
    before = text[at - 1 : at]
    if before in _QUOTES and at >= 1:
        return at < 2 or _SPACED.match(text[at - 2]) is not None
    return not before or _SPACED.match(before) is not None


def _ends(text: str, at: int) -> bool:
    """Whether what stands after a mark makes it look like a closing one."""
    after = text[at + 1 : at + 2]
    if after in _QUOTES and after:
        return at + 2 >= len(text) or _AFTER.match(text[at + 2]) is not None
    return not after or _AFTER.match(after) is not None


def _is_latin(char: str) -> bool:
    """Whether an apostrophe can stand beside it: a Latin letter or a digit."""
    return char.isascii() and char.isalnum()


def _is_year(text: str, at: int) -> bool:
    """'24 for 2024."""
    return text[at] in _SINGLE and _YEAR.match(text, at + 1) is not None


def _paired(text: str) -> Iterator[tuple[int, int]]:
    """Spans of marks that have a closing mark of their own, each kind for itself."""
    stacks: dict[str, list[int]] = {opener: [] for opener in _PAIRS}
    for at, mark in enumerate(text):
        opener = _OPENED_FOR.get(mark)
        if mark in _PAIRS:
            stacks[mark].append(at)
        elif opener and stacks[opener]:
            yield stacks[opener].pop(), at + 1
        elif opener and opener not in _BRACKETS:
            yield at, len(text) + 1
    for opener, left in stacks.items():
        if opener not in _BRACKETS:
            yield from ((at, len(text) + 1) for at in left)
