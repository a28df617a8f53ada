"""Bytes into text: which character set a newspaper's page or feed really uses, and repair of text read wrongly.

It knows nothing of HTML or XML beyond where they name their character set.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the UTF-16 one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD = 4096  # how far in a page may name its character set
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']?\s*([\w.:-]+)|<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.I
)
_IN_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_KOREAN = {
    "euc-kr",
    "euckr",
    "cp949",
    "ms949",
    "uhc",
    "windows-949",
    "x-windows-949",
    "ksc5601",
    "ks-c-5601-1987",
    "ks-c-5601",
    "ks-c-5601-1989",
    "ksc-5601",
    "korean",
    "iso-ir-149",
    "csksc56011987",
    "cseuckr",
}
_HANGUL = re.compile("[가-힣ㄱ-ㅣ]")
_THREE_BYTES = re.compile("[\u0800-\uffff]")
_HIGH = re.compile(
    "[\x80-\xff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2026\u2030\u2039\u203a\u20ac\u2122]"
)


_JUDGED = 1_000
_LEAST_SIGNS = 10
_HANJA = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# syllables outside KS X 1001: possible, and hardly ever written
_RARE_ONES = frozenset(c for c in map(chr, range(0xAC00, 0xD7A4)) if len(c.encode("euc_kr")) != 2)
_RARE = re.compile("[" + "".join(sorted(_RARE_ONES)) + "]")
_HIGH_BYTES = bytes(range(0x80, 0x100))
# what Windows-1252 makes of 0x80-0x9F, back to the byte
_WINDOWS = {ord(bytes([b]).decode("cp1252")): b for b in range(0x80, 0xA0) if b not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a page, feed or file; never fails.

    Order: byte order mark; UTF-8 where the bytes are UTF-8 whatever is declared; the charset that the Content-Type
    header, the XML declaration or a meta element names (EUC-KR read as CP949, its superset); CP949; and
    where nothing fits the reading that loses least. Text that was read as Latin-1 before it came here is repaired.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    return mend(_by_evidence(body, _declared(body, content_type)))


def mend(text: str) -> str:
    """`text` with Korean that was read as Latin-1 or Windows-1252, up to three times over, or UTF-8 that was read as
    CP949, put right; unchanged where that is not certain.

    An own rule and not ftfy, which knows neither CP949 nor what of it was read as Latin-1."""
    return _unfolded(_mended(text))


def spoilt(text: str) -> str | None:
    """Why a text is no text any more, judged by its first 1,000 characters: what it said cannot be got back."""
    head = "".join(text[:_JUDGED].split())
    signs = len(head)
    if signs < _LEAST_SIGNS:
        return None
    if head.count("\ufffd") > max(2, signs * 0.02):
        return "its characters were lost before it came here (\ufffd)"
    if head.count("?") > max(9, signs * 0.3):
        return "its characters were replaced by question marks before it came here"
    letters = set(head)
    if head.isascii() or not _maybe_strange(letters):
        return None
    strange = len(_RARE.findall(head)) + len(_HANJA.findall(head))
    if strange > signs * 0.3 and len(_RARE.findall(head)) > 2:
        return "it was read in the wrong character set before it came here (UTF-8 as CP949)"
    if not _HANGUL.search(head) and len(_HIGH.findall(head)) > signs * 0.3:
        return "it was read in the wrong character set before it came here (as Latin-1)"
    return None


def _mended(text: str) -> str:
    if not _HIGH.search(text):
        return text
    whole = _reread(text)
    if whole is not None:
        return whole
    if not any(_suspicious(line) for line in text.split("\n")):
        return text
    return "\n".join((_suspicious(line) and _reread(line)) or line for line in text.split("\n"))


def _declared(body: bytes, content_type: str) -> str | None:
    """The Python name of the declared codec, or None when none is declared or it is not known."""
    found = _IN_HEADER.search(content_type)
    names = [found.group(1)] if found else []
    inside = _DECLARED.search(body[:_HEAD])
    if inside:
        names.append((inside.group(1) or inside.group(2)).decode("ascii", "replace"))
    for name in names:
        codec = _codec(name)
        if codec:
            return codec
    return None


def _codec(name: str) -> str | None:
    lowered = name.lower().replace("_", "-")
    if lowered in _KOREAN:
        return "cp949"
    try:
        known = codecs.lookup(lowered)
    except LookupError:
        return None
    return known.name if known._is_text_encoding and known.name not in ("idna", "punycode", "utf-7") else None


def _by_evidence(body: bytes, declared: str | None) -> str:
    utf8 = _strict(body, "utf-8")
    if declared in ("utf-16", "utf-16-le", "utf-16-be") and b"\0" in body[:64]:
        return body.decode("utf-16-le" if declared != "utf-16-be" else declared, errors="replace")
    if utf8 is not None and (declared != "cp949" or _THREE_BYTES.search(utf8) or utf8.isascii()):
        return utf8
    korean = _strict(body, "cp949")
    if korean is not None and (declared in (None, "cp949", "utf-8") or _HANGUL.search(korean)):
        return korean
    if utf8 is not None:
        return utf8
    return _least_lost(body, declared)


def _strict(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None


def _least_lost(body: bytes, declared: str | None) -> str:
    """The declared reading, UTF-8 or CP949: whichever has the fewest signs that could not be read."""
    names = dict.fromkeys(n for n in (declared, "utf-8", "cp949") if n)
    readings = [body.decode(name, errors="replace") for name in names]
    return min(readings, key=lambda text: text.count("\ufffd"))


def _maybe_strange(letters: set[str]) -> bool:
    """Whether any of these letters is one that everyday Korean does without: a quick look before a close one."""
    return (
        not _RARE_ONES.isdisjoint(letters)
        or any("\u3400" <= c <= "\u9fff" or "\uf900" <= c <= "\ufaff" for c in letters)
        or (_HIGH.search("".join(letters)) is not None and not _HANGUL.search("".join(letters)))
    )


def _unfolded(text: str) -> str:
    """UTF-8 that was read as CP949, where every sign fits and plain Korean comes out; else the text as it is."""
    if not _maybe_strange(set(text[:_JUDGED])):
        return text
    rare = len(_RARE.findall(text, 0, _JUDGED))
    if rare < 2 and len(_HANJA.findall(text, 0, _JUDGED)) < 2:
        return text
    try:
        read = text.encode("cp949").decode("utf-8")
    except UnicodeError:
        return text
    return read if _HANGUL.search(read) and len(_RARE.findall(read, 0, _JUDGED)) < max(1, rare) else text


def _suspicious(text: str) -> bool:
    """Whether a line holds at least two pairs of high Latin signs and no Hangul."""
    return len(_HIGH.findall(text, 0, 2000)) >= 4 and not _HANGUL.search(text)


def _reread(text: str, again: int = 2) -> str | None:
    """The Korean behind Latin-1 signs, when every sign fits and Hangul is what comes out; else None."""
    if not _suspicious(text):
        return None
    try:
        raw = text.translate(_WINDOWS).encode("latin-1")
    except UnicodeEncodeError:
        return None
    high = len(raw) - len(raw.translate(None, _HIGH_BYTES))
    for codec, size in (("utf-8", 3), ("cp949", 2)):
        read = _strict(raw, codec)
        if read is not None and len(_HANGUL.findall(read)) * size * 2 >= high:
            return read
        deeper = _reread(read, again - 1) if read is not None and codec == "utf-8" and again else None
        if deeper is not None:
            return deeper
    return None
