"""Writes the header of a mail: names, encoded words, folding, so that every reader gets back what was put in.

It knows no message bodies and decides no policy; which fields a mail carries is `mime`'s business.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Self

from wcwidth import iter_graphemes

from syndication.core.links import envelope_address

LINE_MAX = 998  # octets without CRLF, RFC 5322 section 2.1.1
LINE_GOOD = 78  # the same section's recommendation
ENCODED_LINE_MAX = 76  # for lines that hold encoded-words, RFC 2047 section 2
ENCODED_WORD_MAX = 75  # the same section

_SHARED = 256  # fields that the mails of an Issue have in common are written once
_OPEN, _CLOSE = "=?UTF-8?B?", "?="
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_BREAKS = re.compile("[\t\n\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_BLANKS = re.compile(" +")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_FOLDED = re.compile(r"[\x20-\x7e]*(?:\r\n (?= *[\x21-\x7e])[\x20-\x7e]*)*")  # a continued line says something
_ALONE = re.compile(r"[ -~·‘’“”…가-힣一-鿿]+")  # signs of which none joins another to one grapheme
_LINK = re.compile(r"[\x21-;=\x3f-\x7e]+")  # visible, and no < >
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class BadHeader(ValueError):
    """A header field that cannot be written; the message names the field and says what would be right."""


class _Written(NamedTuple):
    name: str
    value: str
    key: str  # the name in lower case
    octets: bytes  # with its CRLF
    relaxed: bytes  # as DKIM signs it, RFC 6376 section 3.4.2


class Field(_Written):
    """One header field. `value` is folded already: ASCII, lines parted by CRLF and a blank. Raises BadHeader."""

    __slots__ = ()

    def __new__(cls, name: str, value: str) -> Self:
        key = _key(name)
        if not _FOLDED.fullmatch(value):
            raise BadHeader(f"{name}: the value holds signs or line breaks that a header cannot have")
        longest = max(map(len, f"{name}: {value}".split("\r\n"))) if len(name) + len(value) > LINE_MAX - 2 else 0
        if longest > LINE_MAX:
            raise BadHeader(f"{name}: the line is {longest} octets long; at most {LINE_MAX} are allowed")
        plain = "  " not in value and "\r" not in value and value == value.strip(" ")
        relaxed = f"{key}:{value if plain else ' '.join(value.split())}".encode("ascii")
        return super().__new__(cls, name, value, key, f"{name}: {value}\r\n".encode("ascii"), relaxed)

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


@lru_cache(maxsize=_SHARED)
def _key(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadHeader(f"{name!r} is no header name: letters, digits and hyphens, at most 40 of them")
    return name.lower()


def write(fields: Sequence[Field]) -> bytes:
    """The header as bytes, CRLF after every field, without the empty line. Refuses a field that comes twice."""
    return b"".join(header(fields).octets)


class Header(NamedTuple):
    """The fields of a header, each once, in the three forms that matter."""

    names: tuple[str, ...]  # in lower case
    octets: list[bytes]  # with their CRLF
    relaxed: list[bytes]


def header(fields: Sequence[Field]) -> Header:
    """The fields as a Header. Refuses one that comes twice."""
    names = tuple([one.key for one in fields])
    if len(set(names)) < len(names):
        twice = next(one for n, one in enumerate(fields) if one.key in names[:n])
        raise BadHeader(f"{twice.name}: the field is there twice; a mail may carry it once")
    return Header(names, [one.octets for one in fields], [one.relaxed for one in fields])


# --- text ------------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """The text on one line: line breaks and tabs become a blank, other control characters go.

    Lone surrogates, which no encoding can carry, become U+FFFD."""
    if text.isprintable():  # none of these is
        return text
    return _CONTROLS.sub("", _BREAKS.sub(" ", _SURROGATES.sub("\ufffd", text)))


@lru_cache(maxsize=_SHARED)
def unstructured(name: str, text: str) -> Field:
    """A field of free text (Subject, Comments): raw where plain ASCII fits on one line, else encoded-words.

    Everything is put into encoded-words or nothing is, so that no reader has to guess which blanks count. Longer
    ASCII is encoded too: some readers keep the line break of a folded raw text."""
    line = one_line(text)
    if not line or (_is_plain(line) and len(name) + 2 + len(line) <= LINE_GOOD):
        return Field(name, line)
    return Field(name, _folded(encoded_words(line, first=ENCODED_LINE_MAX - len(name) - 2)))


def _is_plain(text: str) -> bool:
    """Whether every reader shows the raw text as it is: ASCII, no blanks to lose, no look-alike of an encoded-word."""
    return bool(_PRINTABLE.fullmatch(text)) and text == " ".join(text.split()) and "=?" not in text


def encoded_words(text: str, *, first: int) -> Sequence[str]:
    """RFC 2047 B-encoded words of at most 75 characters, the first of at most `first`.

    They part at grapheme boundaries; only a grapheme too long for a whole word is parted at code points."""
    return [_word(octets) for octets in _payloads(text, _payload(first))]


def _payloads(text: str, room: int) -> Iterator[bytes]:
    """The text's octets in pieces as long as may be; the first has `room`."""
    if _ALONE.fullmatch(text):
        return _cut(text.encode(), room)
    return _packed(_pieces(text, room), room)


def _cut(octets: bytes, room: int) -> Iterator[bytes]:
    """Pieces that end where a code point does."""
    while len(octets) > room:
        while octets[room] & 0xC0 == 0x80:
            room -= 1
        yield octets[:room]
        octets, room = octets[room:], _ROOM
    yield octets


def _packed(pieces: Iterator[bytes], room: int) -> Iterator[bytes]:
    packed = b""
    for piece in pieces:
        if packed and len(packed) + len(piece) > room:
            yield packed
            packed, room = b"", _ROOM
        packed += piece
    yield packed


def _pieces(text: str, room: int) -> Iterator[bytes]:
    """Graphemes, the very first cut to fit the shorter first word."""
    for grapheme in iter_graphemes(text):
        whole = grapheme.encode()
        if len(whole) <= room:
            yield whole
        else:
            yield from (sign.encode() for sign in grapheme)
        room = _ROOM


def _payload(width: int) -> int:
    """How many octets an encoded-word of `width` characters carries."""
    return max(4, (min(width, ENCODED_WORD_MAX) - len(_OPEN) - len(_CLOSE)) // 4 * 3)


_ROOM = _payload(ENCODED_WORD_MAX)


def _word(octets: bytes) -> str:
    return f"{_OPEN}{base64.b64encode(octets).decode('ascii')}{_CLOSE}"


def _folded(words: Sequence[str]) -> str:
    return "\r\n ".join(words)


# --- structured fields -----------------------------------------------------------------------


def mailbox(name: str, display: str, address: str) -> Field:
    """From, To or Reply-To with one mailbox (RFC 5322 section 3.4). Raises core.links.BadAddress.

    The display name is data: whatever it holds, it stays a display name."""
    spec = envelope_address(address)
    return _named(name, display, f"<{spec}>", alone=spec)


def _named(name: str, display: str, bracketed: str, *, alone: str) -> Field:
    """A phrase and what it names, on the same line where there is room; `alone` where there is no phrase."""
    shown = _BLANKS.sub(" ", one_line(display)).strip(" ") if display else ""
    if not shown:
        return Field(name, alone)
    phrase = _phrase(shown, room=LINE_GOOD - len(name) - 2)
    last = f"{name}: {phrase}".rpartition("\r\n")[2]
    limit = ENCODED_LINE_MAX if last.endswith(_CLOSE) else LINE_GOOD
    gap = " " if len(last) + 1 + len(bracketed) <= limit else "\r\n "
    return Field(name, f"{phrase}{gap}{bracketed}")


def _phrase(shown: str, *, room: int) -> str:
    """A display name as atoms, as a quoted-string or as encoded-words: the plainest that says exactly this."""
    if not _is_plain(shown):
        return _folded(encoded_words(shown, first=room - (LINE_GOOD - ENCODED_LINE_MAX)))
    quoted = '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _fold_at_blanks(shown if _ATOMS.fullmatch(shown) else quoted, room=room)


def _fold_at_blanks(text: str, *, room: int) -> str:
    """Plain words over as many lines as they need; a word too long for a line stands on its own."""
    lines, left = [""], room
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > left:
            lines.append(word)
            left = LINE_GOOD - 1
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return _folded(lines)


def raw(name: str, value: str) -> Field:
    """A field of printable ASCII on one line, neither encoded nor folded; BadHeader where that cannot be."""
    if not _PRINTABLE.fullmatch(value) or value != value.strip():
        raise BadHeader(f"{name}: the value must be printable ASCII on one line, without blanks at its ends")
    return Field(name, value)


def message_id(name: str, identifier: str) -> Field:
    """Message-ID, References or In-Reply-To with one identifier, given with or without angle brackets."""
    bare = identifier.removeprefix("<").removesuffix(">")
    left, _, right = bare.partition("@")
    if not (_DOT_ATOM.fullmatch(left) and _DOT_ATOM.fullmatch(right)):
        raise BadHeader(f"{name}: an identifier has the form letters-and-digits@domain, plain ASCII")
    return Field(name, f"<{bare}>")


@lru_cache(maxsize=_SHARED)
def list_id(display: str, identifier: str) -> Field:
    """List-Id (RFC 2919): an optional description and an identifier such as daily.news.example."""
    if not _DOT_ATOM.fullmatch(identifier) or "." not in identifier or len(identifier) > 255:
        raise BadHeader("List-Id: the identifier has the form name.domain, plain ASCII, at most 255 characters")
    return _named("List-Id", display, f"<{identifier}>", alone=f"<{identifier}>")


def list_unsubscribe(url: str, mailto: str | None = None) -> Field:
    """List-Unsubscribe (RFC 2369, RFC 8058) on one line: folding or encoding it breaks one-click at large receivers.

    `mailto` is an address or a whole mailto: URI."""
    if not url.startswith(("https://", "http://")):
        raise BadHeader("List-Unsubscribe: the link must begin with https://")
    if mailto is not None and not mailto.startswith("mailto:"):
        mailto = f"mailto:{mailto}"
    if not _LINK.fullmatch(url) or (mailto is not None and not _LINK.fullmatch(mailto)):
        raise BadHeader("List-Unsubscribe: a link must be ASCII without blanks or < > (percent-encode it)")
    return Field("List-Unsubscribe", f"<{url}>" if mailto is None else f"<{url}>, <{mailto}>")


def date(name: str, at: datetime) -> Field:
    """Date (RFC 5322 section 3.3) from an aware instant, in that instant's own offset and in no locale."""
    offset = at.utcoffset()
    if offset is None:
        raise BadHeader(f"{name}: the instant must know its offset")
    if offset % timedelta(minutes=1):
        at, offset = at.astimezone(UTC), timedelta()
    sign, minutes = ("-", -offset) if offset < timedelta() else ("+", offset)
    hours, rest = divmod(int(minutes.total_seconds()) // 60, 60)
    day = f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year:04d}"
    return Field(name, f"{day} {at.hour:02d}:{at.minute:02d}:{at.second:02d} {sign}{hours:02d}{rest:02d}")
