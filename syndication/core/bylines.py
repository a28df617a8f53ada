"""Finds who wrote a story: bylines standing alone, before its first sentence or behind its last.

It takes them out of paragraphs and changes no other word; mail addresses of reporters are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

_ROLE = (
    r"(?:(?:시민|객원|인턴|전문|선임|수습|대학생|명예|본지|취재|사진)\s?)?기자"
    r"|특파원|통신원|논설위원|편집위원|편집국장|리포터"
)
_WHO = rf"(?:[가-힣]{{2,4}}\s?[·ㆍ]\s?){{0,3}}[가-힣]{{2,5}}\s?(?:{_ROLE})"
_SEVERAL = rf"{_WHO}(?:\s?[,·ㆍ/]\s?{_WHO}){{0,4}}"
_PAPER = r"(?:[가-힣A-Za-z0-9]{2,12}\s?[ =/|]\s?){0,2}"
_MAIL = r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]{0,64}"
_OPEN = r"[\[(【<〈/|■▲▒◆●ㆍ=\-–—\s]*"
_CLOSE = r"[\])】>〉(<\[|/:=\s]*"
_WRITTEN_BY = r"(?:기자명|작성자|글쓴이|글|사진|취재|정리|글\s?[·/]\s?사진)?\s?[:=]?\s?"

_ALONE = re.compile(rf"{_OPEN}{_WRITTEN_BY}(?P<who>{_PAPER}{_SEVERAL}){_CLOSE}(?:{_MAIL})?{_CLOSE}", re.ASCII)
_MAIL_ALONE = re.compile(rf"{_OPEN}(?:{_MAIL}){_CLOSE}")
_AHEAD = re.compile(
    rf"(?:[\[(【<〈](?P<inner>[^\[\](){{}}【】<>〈〉]{{2,40}})[\])】>〉]\s*)(?P<after>{_WHO})?\s*(?P<equals>=)?\s*"
    rf"|(?P<bare>{_PAPER}{_WHO})\s*[=/|]\s*"
)
_INNER = re.compile(rf"{_WRITTEN_BY}(?P<who>.{{0,30}}?{_WHO})\s*(?:{_MAIL})?\s*=?")
_BEHIND = re.compile(
    rf"(?<=[.!?\"'”’」』)\]])\s*(?:{_OPEN}(?P<who>{_PAPER}{_SEVERAL}){_CLOSE}(?:{_MAIL})?{_CLOSE}|{_OPEN}(?:{_MAIL}){_CLOSE})$"
)
_PARTED = re.compile(r"\s?[,·ㆍ/]\s?")
_ROLED = re.compile(rf"[가-힣]\s?(?:{_ROLE})$")
_STOPS = (".", "!", "?")
_LONGEST = 80  # no byline is longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Paragraphs without their bylines, and those bylines in order."""

    paragraphs: tuple[str, ...]
    bylines: tuple[str, ...]


def byline(line: str) -> str | None:
    """Who a line names when it is a byline and nothing else (/가람기자 garam900@), or None."""
    found = _ALONE.fullmatch(line) if len(line) <= _LONGEST else None
    return _tidy(found.group("who")) if found else None


def is_mail(line: str) -> bool:
    """Whether a line is a mail address and nothing else."""
    return len(line) <= _LONGEST and _MAIL_ALONE.fullmatch(line) is not None


def unsigned(line: str) -> str:
    """A line without the byline behind its last sentence."""
    return _without_behind(line, [])


def signed(paragraphs: Iterable[str]) -> Signed:
    """`paragraphs` parted from bylines: alone in a line, before the first sentence, behind the last of a paragraph."""
    names: list[str] = []
    kept: list[str] = []
    for n, paragraph in enumerate(paragraphs):
        rest = _without(paragraph, first=n == 0, names=names)
        if rest:
            kept.append(rest)
    return Signed(paragraphs=tuple(kept), bylines=once(names))


def _without(paragraph: str, *, first: bool, names: list[str]) -> str:
    lines = []
    for line in paragraph.split("\n"):
        alone = byline(line)
        if alone:
            names.append(alone)
        elif not is_mail(line):
            lines.append(line)
    text = "\n".join(lines)
    return _without_behind(_without_ahead(text, names) if first else text, names)


def _without_ahead(text: str, names: list[str]) -> str:
    found = _AHEAD.match(text)
    if found is None:
        return text
    inner = _INNER.fullmatch(found.group("inner") or "")
    who = found.group("after") or found.group("bare") or (inner and inner.group("who"))
    if who is None:
        return text
    names.append(_tidy(who))
    return text[found.end() :]


def _without_behind(text: str, names: list[str]) -> str:
    if text.endswith(_STOPS) and "@" not in text[-_LONGEST:]:
        return text  # nobody signs before the stop
    at = max(0, len(text) - _LONGEST)
    found = _BEHIND.search(text, at)
    if found is None:
        return text
    if found.group("who"):
        names.append(_tidy(found.group("who")))
    return text[: found.start()]


def once(names: Iterable[str]) -> tuple[str, ...]:
    """Bylines in order, each once: 가람일보 다온 기자 says nothing new behind 다온 기자."""
    out: list[str] = []
    for name in chain.from_iterable(map(_each, names)):
        if not any(_ends(name, other) or _ends(other, name) for other in out):
            out.append(name)
    return tuple(out)


def _each(name: str) -> list[str]:
    """Names in a row, each with its role; several before one role (다온·가람 기자) stay together."""
    parts = _PARTED.split(name)
    return parts if len(parts) > 1 and all(_ROLED.search(p) for p in parts) else [name]


def _ends(name: str, other: str) -> bool:
    """Whether `name` ends with `other` as a word of its own."""
    return name.endswith(other) and name[: -len(other)][-1:] in ("", " ", "=", "/", "|")


def _tidy(who: str) -> str:
    return " ".join(who.split()).strip(" =/|")
