"""Reads Korean news prose: which paragraphs are story, where sentences end, and how a story opens in few words.

It changes no word: a summary is always cut out of the text as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from syndication.core.quotes import outside

ELLIPSIS = "…"
_HEADING = 60  # a line up to this long without a sentence end is a sub-heading
_LEAST = 20  # a cut opening shorter than this says nothing

# --- paragraphs ------------------------------------------------------------------------------

_LIST_MARKS = "▲△▴▵▶▷►▸◀◁▼▽■□▣◆◇◈●○◎◦•∙※☞☎★☆✔✓➤➡→*"
_WRITER = r"(?:기자|특파원|통신원|논설위원|편집위원|객원기자|리포터|PD|작가|편집국|편집부|취재팀|디지털뉴스팀)"
_PICTURE = r"(?:사진|그림|그래픽|이미지|영상|캡처|출처)"
_EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_NOT_STORY = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^[\[(【<〈]?\s*(?:기자명\s*)?(?:글[·/ ]*사진|글|사진)?\s*[:=]?\s*[^.!?]{{0,30}}?{_WRITER}\s*[\])】>〉]?"
        rf"\s*(?:[=/|]?\s*{_EMAIL})?\s*$",
        rf"^[^.!?]{{0,30}}{_EMAIL}\s*$",
        r"^https?://\S+$",
        rf"^[\[(【<〈/]?\s*(?:자료\s*)?{_PICTURE}\s*(?:제공|설명|출처)?\s*[=:ⓒ©|ㅣ]",
        rf"^.{{0,80}}{_PICTURE}\s*(?:제공|출처)?\s*[=ⓒ©|ㅣ][^.!?]{{1,30}}\.?$",
        rf"^.{{0,80}}[\[(【<〈/]\s*{_PICTURE}\s*(?:제공|출처)?\s*:[^.!?]{{1,30}}\.?$",
        r"^[\[(【<]?\s*자료\s*사진\s*[\])】>]?\.?$",
        r"^(?:주소|우\s*편\s*번호|전화(?:번호)?|대표\s*전화|팩스|이메일|e-?mail|tel|fax|등록\s*번호|등록\s*일|제호|발행인|편집인"
        r"|발행·편집인|사업자\s*등록\s*번호|청소년\s*보호\s*책임자|기사\s*제보|제보|문의|법인명)\s*[:：|)]",
        r"^(?:입력|승인|등록|수정|기사\s*입력|최종\s*(?:편집|수정)|지면\s*게재일|발행일)\s*[:：]?\s*\d{4}",
        r"^[\W\d_]*$",
    )
)
_COPYRIGHT = re.compile(
    r"\s*[<\[(【〈]?\s*(?:저작권자\s*[(ⓒ©].*|copyright\s*[(ⓒ©].*|[ⓒ©].*|(?:무단\s*(?:전재|복제|배포|전제)|재\s*배포).{0,30}금지.*)$",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(rf"^[{re.escape(_LIST_MARKS)}]|^[-–—·]\s|^[①-⑳㉠-㉻]|^\d{{1,2}}[.)]\s+\S")
_LIST_MARK = re.compile(rf"^(?:[{re.escape(_LIST_MARKS)}]|[-–—·]\s|[①-⑳㉠-㉻]|\d{{1,2}}[.)])\s*")
_DATELINE = re.compile(
    rf"^[\[(【][^\])】]{{1,40}}[\])】]\s*(?:[가-힣]{{2,5}}\s*{_WRITER}\s*)?=\s*|^[가-힣]{{2,5}}\s*{_WRITER}\s*=\s*"
)
_OPENING_PARAGRAPHS = 60  # a story that has not begun by then has no opening
_TRIES = 4  # how many paragraphs may be passed over for an opening that can be cut
_LONGEST_QUOTATION = 2000  # one that runs further counts as open
_BLANKS = re.compile(r"[\s\u200b\ufeff]+")


def folded(text: str) -> str:
    """The text on one line, every run of blanks one blank."""
    return _BLANKS.sub(" ", text).strip()


def story_paragraphs(paragraphs: Sequence[str]) -> tuple[str, ...]:
    """The paragraphs that tell the story, each on one line.

    Bylines, captions, list-only paragraphs, sub-headings, copyright and address lines are left out, and so is the
    dateline before a first sentence ("[가람=가람일보] 기자 =").
    """
    lines = [_DATELINE.sub("", _COPYRIGHT.sub("", folded(p))) for p in paragraphs]
    story = tuple(line for line in lines if line and not _is_furniture(line)) or _told_in_points(lines)
    told = tuple(line for line in story if len(line) > _HEADING or _has_sentence(line))
    return told if any(map(_has_sentence, told)) else story


def _told_in_points(lines: Sequence[str]) -> tuple[str, ...]:
    """The sentences of a release that is a list from end to end (□ …), without their marks."""
    points = [_LIST_MARK.sub("", line) for line in lines if _LIST_ITEM.match(line)]
    return tuple(point for point in points if _has_sentence(point) and not _is_furniture(point))


def _has_sentence(line: str) -> bool:
    return next(sentence_ends(line[:_LONGEST_QUOTATION]), None) is not None


def _is_furniture(line: str) -> bool:
    return bool(_LIST_ITEM.match(line)) or any(pattern.search(line[:400]) for pattern in _NOT_STORY)


# --- sentences -------------------------------------------------------------------------------

# The mark, what closes with it, then a blank or the end.
_END = re.compile(r"[.!?。！？]+[\"'”’」』》〉)\]]*(?=\s|$)")
_GOES_ON = re.compile(r"\s(?:이?라(?:고|며|는|면서|던)|고(?=\s)|며(?=\s)|면서|하고|하며|하는|는\s것)")
# A letter, an abbreviation or the 가. 나. 다. of a list.
_NO_SENTENCE = re.compile(
    r"(?:^|[\s(])(?:(?:[A-Za-z]\.)*[A-Za-z]|Mr|Mrs|Ms|Dr|St|No|vs|etc|Co|Ltd|Inc|Jr|Sr|[가나다라마바사아자차카타파하])$"
)
_CUT_DOTS = re.compile(r"\s*(?:\.{2,}|…)+\s*$")


def sentence_ends(text: str) -> Iterator[int]:
    """The offsets right after each sentence of a one-line text, in order: after 다./요. and the like, outside quotes.

    A full stop after a number, a single letter or an abbreviation ends nothing, nor do the dots of a cut text.
    """
    free = outside(text)
    for match in _END.finditer(text):
        if free[match.end()] and _closes_sentence(text, match):
            yield match.end()


def _closes_sentence(text: str, match: re.Match[str]) -> bool:
    before, mark = text[: match.start()], match.group()
    if not before or (mark[-1] not in ".!?。！？" and _GOES_ON.match(text, match.end())):
        return False
    if not mark.startswith("."):
        return True
    return (
        not mark.startswith("..")
        and not before[-1].isdigit()
        and not before[-1].isspace()
        and not _NO_SENTENCE.search(before[-12:])
    )


def summary(paragraphs: Sequence[str], *, limit: int = 160, sentences: int = 2) -> str:
    """How the story opens: its leading whole sentences, at most `sentences` of them and `limit` characters.

    Where not even the first one fits, or the text breaks off, it is cut between words outside any quotation and ends
    with "…" (counted in `limit`). A story that opens with a quotation too long for that is taken up at its next
    paragraph. "" when nothing can be said so. But for the ellipsis it always stands in the story word for word.
    """
    story = story_paragraphs(paragraphs[:_OPENING_PARAGRAPHS])
    pieces = [_opening(story[n:], limit, sentences) for n in range(min(len(story), _TRIES))]
    good = (p for p in pieces if len(p) >= _LEAST or (p and not p.endswith(ELLIPSIS)))
    return next(good, max(pieces, key=len, default=""))


def opening(text: str, *, limit: int, sentences: int) -> str:
    """The first sentences of a one-line summary; the whole where it has no sentence end and fits.

    What does not fit is cut as `summary` does: outside quotations, with "…", or "" where that cannot be."""
    ends = [end for end, _ in zip(sentence_ends(text), range(sentences), strict=False) if end <= limit]
    if ends:
        return text[: ends[-1]]
    return text if len(text) <= limit else _cut(text, limit)


def _opening(story: Sequence[str], limit: int, sentences: int) -> str:
    text = " ".join(story)[: limit + _LONGEST_QUOTATION]
    ends = [end for end in _whole_sentences(text, _paragraph_ends(story), sentences) if end <= limit]
    return text[: ends[-1]] if ends else _cut(story[0], limit)


def _whole_sentences(text: str, breaks: Sequence[int], count: int) -> Iterator[int]:
    """The ends of the first sentences, up to where a paragraph breaks off in the middle of one."""
    begin = 0
    for end, _ in zip(sentence_ends(text), range(count), strict=False):
        if any(begin < at < end for at in breaks):
            return
        yield end
        begin = end


def _paragraph_ends(story: Sequence[str]) -> list[int]:
    return [n - 1 for n in accumulate(len(p) + 1 for p in story[:20])]


def _cut(paragraph: str, limit: int) -> str:
    """The longest opening of whole words outside quotations, with an ellipsis; the last word may itself be cut off."""
    text = _CUT_DOTS.sub("", paragraph)
    free = outside(text[: limit + _LONGEST_QUOTATION])
    for at in reversed([m.start() for m in re.finditer(" ", text[:limit])]):
        kept = text[:at].rstrip(" ,·:;-–—/&+(<[.")
        if kept and free[at] and free[len(kept)]:
            return kept + ELLIPSIS
    return ""
