"""Reads a mail that came in, within limits: its header fields, its parts and their texts.

It trusts nothing of it, follows no link and judges no content: what is a bounce and what an answer, others tell.
"""

from __future__ import annotations

import binascii
import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LARGEST = 10 * 1024 * 1024  # octets of a mail that are looked at
DEEPEST = 8  # parts within parts
MOST_PARTS = 200  # of a mail
MOST_FIELDS = 500
LONGEST_HEADER = 256 * 1024
LONGEST_FIELD = 4096
LONGEST_TEXT = 256 * 1024  # octets of a text that are decoded: what a reader or a server says comes first

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_FIELD_END = re.compile(rb"\r?\n(?![ \t])")
_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:[ \t]*(.*)", re.DOTALL)
_OPTION = re.compile(r';\s*([A-Za-z0-9_-]{1,40})\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]+)')
_KIND = re.compile(r"\s*([a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60})", re.IGNORECASE)
_MAILS = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_DELIMITER_END = re.compile(rb"(--)?[ \t]{0,200}(?:\r?\n|$)")
_MOST_MARKS = 10_000  # places that look like a delimiter line
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A mail or a part of one. `parts` are those of a multipart, or the one mail that is enclosed."""

    fields: tuple[tuple[str, str], ...] = ()  # names in small letters, values on one line, as they travelled
    kind: str = "text/plain"
    options: Mapping[str, str] = field(default_factory=dict)  # of the content type, names in small letters
    body: bytes = b""
    parts: tuple[Part, ...] = ()

    def value(self, name: str) -> str:
        """The first value of a field; empty where there is none."""
        return next((value for there, value in self.fields if there == name), "")

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for there, value in self.fields if there == name)

    def words(self, name: str) -> str:
        """The first value of a field with its encoded-words read (RFC 2047)."""
        return unworded(self.value(name))

    @property
    def attached(self) -> bool:
        return self.value("content-disposition").lower().startswith("attachment")

    def octets(self) -> bytes:
        """The body without its transfer encoding; no more than is ever decoded."""
        return _decoded(self.body[:LONGEST_TEXT], self.value("content-transfer-encoding"))

    def text(self) -> str:
        """The body as text with plain line breaks, whatever charset it claims; what cannot be read is replaced."""
        said = characters(self.octets(), self.options.get("charset", ""))
        return said.replace("\r\n", "\n").replace("\r", "\n")


def fingerprint(octets: bytes) -> str:
    """The same for the same mail, whatever servers wrote above it on its way."""
    mail = read(octets)
    stable = [mail.value(name) for name in ("message-id", "from", "date", "subject")]
    return hashlib.sha256(repr(stable).encode() + mail.body).hexdigest()[:32]


def read(octets: bytes) -> Part:
    """The mail. Whatever the octets are there is an answer; what is beyond the limits is left out."""
    return _mail(octets[:LARGEST], 0, _Room())


def walk(part: Part) -> Iterator[Part]:
    """The part and everything in it, in its order."""
    yield part
    for inner in part.parts:
        yield from walk(inner)


def spoken(mail: Part) -> Iterator[Part]:
    """What the mail itself says: its parts without those of enclosed mails."""
    yield mail
    if mail.kind not in _MAILS:
        for inner in mail.parts:
            if inner.kind not in _MAILS:
                yield from spoken(inner)


def enclosed(mail: Part) -> Part | None:
    """The header (and what there is of the body) of the first mail that is enclosed."""
    return next((part.parts[0] for part in walk(mail) if part.kind in _MAILS and part.parts), None)


@dataclass(slots=True)
class _Room:
    """How many parts may still be read."""

    left: int = MOST_PARTS

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _mail(octets: bytes, depth: int, room: _Room) -> Part:
    end = _HEADER_END.search(octets, 0, LONGEST_HEADER)
    head, body = (octets[: end.start()], octets[end.end() :]) if end else (octets[:LONGEST_HEADER], b"")
    if octets[:1] in (b"\r", b"\n"):  # no header at all
        head, body = b"", octets.lstrip(b"\r\n")
    fields = tuple(_fields(head))
    said = next((value for name, value in fields if name == "content-type"), "")
    found = _KIND.match(said)
    kind = found[1].lower() if found else "text/plain"
    options = {m[1].lower(): _unquoted(m[2]) for m in _OPTION.finditer(said)}
    part = Part(fields=fields, kind=kind, options=options, body=body)
    inner = () if depth >= DEEPEST else tuple(_parts(part, depth + 1, room))
    return Part(fields=fields, kind=kind, options=options, body=body, parts=inner)


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    for line in _FIELD_END.split(head, MOST_FIELDS)[:MOST_FIELDS]:
        found = _FIELD.fullmatch(line[: LONGEST_FIELD * 4])
        if found:
            value = " ".join(_plain(found[2]).split())
            yield found[1].decode("ascii").lower(), value[:LONGEST_FIELD]


def _parts(part: Part, depth: int, room: _Room) -> Iterator[Part]:
    if part.kind.startswith("multipart/"):
        for piece in _pieces(part.body, part.options.get("boundary", "")):
            if not room.take():
                return
            yield _mail(piece, depth, room)
    elif part.kind in _MAILS and room.take():
        encoded = part.value("content-transfer-encoding").lower() in ("base64", "quoted-printable")
        yield _mail(part.octets() if encoded else part.body.lstrip(b"\r\n"), depth, room)


def _pieces(body: bytes, boundary: str) -> Iterator[bytes]:
    """What stands between the delimiter lines (RFC 2046 section 5.1.1); the last may lack its end."""
    if not 0 < len(boundary) <= 200:
        return
    start: int | None = None
    for line, found in _delimiters(body, b"--" + boundary.encode("utf-8", "replace")):
        if start is not None:
            yield _without_last_break(body[start:line])
        start = found.end()
        if found[1]:
            return
    if start is not None:
        yield body[start:]


def _delimiters(body: bytes, mark: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Where a delimiter line begins, and its end."""
    at = body.find(mark)
    for _ in range(_MOST_MARKS):
        if at < 0:
            return
        rest = _DELIMITER_END.match(body, at + len(mark))
        if rest and (at == 0 or body[at - 1] == 0x0A):
            yield at, rest
        at = body.find(mark, at + 1)


def _without_last_break(piece: bytes) -> bytes:
    return piece[:-2] if piece.endswith(b"\r\n") else piece[:-1] if piece.endswith(b"\n") else piece


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


# --- octets to characters --------------------------------------------------------------------

# What mail is written in. No other codec is asked for by name: some take quadratic time.
_KOREAN = "cp949"  # what EUC-KR and KS C 5601 really are
_CHARSETS = {
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "ksc5601", "ks_c_5601", "cp949", "uhc", "windows-949"), _KOREAN),
    **{name: name for name in ("utf-8", "iso-2022-kr", "iso-2022-jp", "shift_jis", "euc-jp", "gb18030", "big5")},
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    "koi8-r": "koi8-r",
    "utf8": "utf-8",
    **{f"iso-8859-{n}": f"iso-8859-{n}" for n in (1, 2, 5, 7, 9, 15)},
    **{f"windows-125{n}": f"cp125{n}" for n in range(9)},
}
_WORDED = re.compile(r"=\?([A-Za-z0-9_-]{1,40})(?:\*[A-Za-z-]{1,20})?\?([bBqQ])\?([^?\s]{0,1000})\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")


def characters(octets: bytes, charset: str) -> str:
    """Octets as text: by the charset where it is a known one and fits, else as UTF-8, as Korean, as Latin-1."""
    named = _CHARSETS.get(charset.strip().lower())
    for one in dict.fromkeys((named or "utf-8", "utf-8", _KOREAN)):
        try:
            return octets.decode(one)
        except UnicodeDecodeError as error:
            if len(octets) - error.start < 4:  # cut within a character
                return octets.decode(one, "replace")
    return octets.decode(named or "latin-1", "replace")


def _plain(octets: bytes) -> str:
    return characters(octets, "")


def unworded(value: str) -> str:
    """A header value with its encoded-words read; what cannot be read stays as it is."""
    return _WORDED.sub(_unworded, _BETWEEN_WORDS.sub(r"\1", value))


def _unworded(found: re.Match[str]) -> str:
    octets = found[3].encode("utf-8", "replace")
    encoding = "base64" if found[2] in "bB" else "quoted-printable"
    text = characters(_decoded(octets.replace(b"_", b" ") if encoding[0] == "q" else octets, encoding), found[1])
    return " ".join(text.splitlines())  # a line break in it must not become one of the header


def _decoded(octets: bytes, encoding: str) -> bytes:
    match encoding.strip().lower():
        case "base64":
            bare = _NOT_BASE64.sub(b"", octets)
            whole = bare[: len(bare) - (len(bare) % 4 == 1)]
            return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
        case "quoted-printable":
            return binascii.a2b_qp(octets)
        case _:
            return octets


# --- HTML to text ----------------------------------------------------------------------------

_TOKEN = re.compile(r"<[^<>]*>|[^<]+|<")
_TAG = re.compile(r"<\s*(/?)\s*([a-zA-Z][a-zA-Z0-9]*)")
_SILENT = frozenset({"style", "script", "head", "title", "blockquote"})  # blockquote: other people's words
_BREAKING = frozenset({"br", "p", "div", "li", "tr", "table", "h1", "h2", "h3", "hr", "ul", "ol"})


def text_of_html(source: str) -> str:
    """What a simple HTML text says, line by line, without quotations."""
    said: list[str] = []
    silent: list[str] = []  # elements that are open and say nothing
    for token in _TOKEN.findall(source[:LONGEST_TEXT]):
        tag = _TAG.match(token)
        if tag is None:
            said += [] if silent or token.startswith("<!") else [re.sub(r"\s+", " ", token)]
            continue
        ends, name = bool(tag[1]), tag[2].lower()
        if name in _SILENT:
            silent = _without_last(silent, name) if ends else [*silent[-20:], name]
        elif name in _BREAKING and not silent:
            said.append("\n")
    return html.unescape("".join(said))


def _without_last(names: list[str], name: str) -> list[str]:
    if name not in names:
        return names
    last = len(names) - 1 - names[::-1].index(name)
    return names[:last]
