"""A reader's body from blocks that were transfer-encoded once: fixed words are copied, only the slots are encoded.

It says exactly what `email.join` says, octet for octet, in either encoding; it writes no header and signs nothing.

Nothing is padded. Quoted-printable ends every piece at a soft line break of its own. Base64 turns three octets into
four letters, so a fixed piece is kept in three forms, one for each number of octets the piece before may leave over;
the few octets between two fixed middles are encoded with the slots.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from syndication.core.model import Block, Recipe
from syndication.render import email, mime
from syndication.render.blocks import HARD, TooLarge, largest
from syndication.render.filling import SLOT, SLOTS
from syndication.render.mjml import escape

_OWN = "unsubscribe_url"  # the slot that no two readers share; all others follow from Issue and Recipe
_ROW, _COLUMNS = 57, 76  # octets that make a base64 line, and its columns (RFC 2045 section 6.8)
_BREAKS = re.compile("\r\n?")
_FROM = re.compile(rb"^From ", re.MULTILINE)
_LAST = re.compile(rb"(?:=[0-9A-F]{2}|[^=])\Z")
_OVERLONG = re.compile(rb"^(.{74,})(=[0-9A-F]{2})$", re.MULTILINE)  # b2a_qp lets a blank before a line's end stick out


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Words that all readers share, encoded once."""

    octets: bytes
    printable: bytes
    base64: tuple[tuple[bytes, bytes, bytes], ...]  # by the octets still wanted: head, whole lines, tail


_Piece = _Fixed | bytes  # bytes: words of a slot
_Plan = tuple[_Fixed | str, ...]  # a block; str: the name of a slot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """The blocks of an Issue in one language, ready to be spliced for any Recipe and reader."""

    html: Mapping[str, _Plan]
    text: Mapping[str, _Plan]
    html_encoding: str
    text_encoding: str


def prepare(blocks: Mapping[str, Block]) -> Prepared:
    """What every reader of these blocks shares, once per Issue, language and worker. Raises BadSlot and TooLarge.

    Each part takes the encoding that is shorter over all blocks. Line breaks of any kind become CRLF."""
    size = largest(tuple(blocks.values()))
    if size > HARD:
        raise TooLarge(f"the largest digest of these blocks has {size:,} bytes of HTML, more than {HARD:,}")
    html = {key: _plan(key, block.html) for key, block in blocks.items()}
    text = {key: _plan(key, block.text) for key, block in blocks.items()}
    return Prepared(html=html, text=text, html_encoding=_shorter(html), text_encoding=_shorter(text))


def personal(prepared: Prepared, recipe: Recipe, slots: email.Slots) -> tuple[mime.Part, mime.Part]:
    """Text and HTML of a reader's digest, for `mime.join`. Raises email.MissingBlock and email.BadSlot."""
    own = email.value(_OWN, slots.unsubscribe_url)
    text, html = _begun(prepared, recipe, slots.subject, slots.preheader, slots.view_url)
    return text.ended(own.encode()), html.ended(escape(own).encode())


# --- once per Issue --------------------------------------------------------------------------


def _plan(key: str, words: str) -> _Plan:
    pieces = SLOT.split(_BREAKS.sub("\n", words))
    unknown = [name for name in pieces[1::2] if name not in SLOTS]
    if unknown:
        raise email.BadSlot(f"block {key!r} has a slot {unknown[0]!r}; there are {', '.join(SLOTS)}")
    plan = (piece if n % 2 else _fixed(mime.canonical(piece)) for n, piece in enumerate(pieces) if piece)
    return tuple(plan)


def _fixed(octets: bytes) -> _Fixed:
    return _Fixed(octets, _printable(octets), tuple(_in_base64(octets, wanted) for wanted in range(3)))


def _in_base64(octets: bytes, wanted: int) -> tuple[bytes, bytes, bytes]:
    """The whole lines in the middle of a piece whose first octets complete what the piece before left over."""
    end = wanted + max(0, len(octets) - wanted) // _ROW * _ROW
    return octets[:wanted], _lines(octets[wanted:end]), octets[end:]


def _shorter(plans: Mapping[str, _Plan]) -> str:
    fixed = [piece for plan in plans.values() for piece in plan if isinstance(piece, _Fixed)]
    printable = sum(len(piece.printable) for piece in fixed)
    base64 = sum(len(piece.octets) for piece in fixed) * 78 // _ROW
    return "quoted-printable" if printable <= base64 else "base64"


# --- once per Recipe -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Begun:
    """A part as far as the readers of a Recipe share it, and the pieces from the first slot that they do not."""

    encoding: str
    code: bytes  # whole lines
    loose: bytes  # octets that base64 has still to encode
    rest: tuple[_Piece | None, ...]  # None: the reader's own slot

    def ended(self, own: bytes) -> mime.Part:
        """The part of one reader."""
        run = [own if piece is None else piece for piece in self.rest]
        if self.encoding == "base64":
            lines, loose = _as_base64(run, self.loose)
            data = b"".join((self.code, *lines, _lines(loose))).removesuffix(b"\r\n")
        else:
            data = b"".join((self.code, *_as_printable(run))).removesuffix(b"=\r\n")
        return mime.Part(encoding=self.encoding, data=data)


@lru_cache(maxsize=64)  # of about 150 KB; readers who chose alike mostly come one after the other
def _begun(prepared: Prepared, recipe: Recipe, subject: str, preheader: str, view_url: str) -> tuple[_Begun, _Begun]:
    """Text and HTML of a Recipe."""
    missing = [key for key in recipe.blocks if key not in prepared.html]
    if missing:
        raise email.MissingBlock(f"the issue has no block {missing[0]!r}; it has {', '.join(prepared.html)}")
    given = {"subject": subject, "preheader": preheader, "view_url": view_url}
    plain = {name: email.value(name, words) for name, words in given.items()}
    text = {name: words.encode() for name, words in plain.items()}
    html = {name: escape(words).encode() for name, words in plain.items()}
    return (
        _begin(prepared.text_encoding, _trimmed(list(_run(prepared.text, recipe, text)))),
        _begin(prepared.html_encoding, list(_run(prepared.html, recipe, html))),
    )


def _run(plans: Mapping[str, _Plan], recipe: Recipe, values: Mapping[str, bytes]) -> Iterator[_Piece | None]:
    for key in recipe.blocks:
        for piece in plans[key]:
            yield values.get(piece) if isinstance(piece, str) else piece


def _trimmed(run: list[_Piece | None]) -> list[_Piece | None]:
    """Without blank lines at its ends, with one line break at the last, as `email.join` leaves text."""
    while run and (not _octets(run[0]) or _octets(run[0]).startswith(b"\r\n")):
        run[:1] = filter(None, [_octets(run[0]).lstrip(b"\r\n")])
    while run and not _octets(run[-1]).rstrip(b"\r\n"):
        run.pop()
    if not run or run[-1] is None:
        return [*run, b"\r\n"]
    return [*run[:-1], _octets(run[-1]).rstrip(b"\r\n") + b"\r\n"]


def _octets(piece: _Piece | None) -> bytes:
    if piece is None:
        return b"https"  # an address: neither empty nor a line break
    return piece.octets if isinstance(piece, _Fixed) else piece


def _begin(encoding: str, run: Sequence[_Piece | None]) -> _Begun:
    at = run.index(None) if None in run else len(run)
    shared = [piece for piece in run[:at] if piece is not None]
    if encoding == "base64":
        lines, loose = _as_base64(shared, b"")
        return _Begun(encoding, b"".join(lines), loose, tuple(run[at:]))
    return _Begun(encoding, b"".join(_as_printable(shared)), b"", tuple(run[at:]))


# --- encoding --------------------------------------------------------------------------------


def _as_base64(run: Sequence[_Piece], loose: bytes) -> tuple[list[bytes], bytes]:
    """Whole lines, and the octets left over; `loose` are those left over before."""
    lines: list[bytes] = []
    for piece in run:
        if isinstance(piece, bytes):
            loose += piece
            continue
        head, middle, tail = piece.base64[-len(loose) % 3]
        if middle:
            lines += _lines(loose + head), middle
            loose = tail
        else:
            loose += piece.octets
    return lines, loose


def _lines(octets: bytes) -> bytes:
    """Base64 in lines of 76 columns, each with its CRLF."""
    code = binascii.b2a_base64(octets, newline=False)
    return b"".join([code[n : n + _COLUMNS] + b"\r\n" for n in range(0, len(code), _COLUMNS)])


def _as_printable(run: Sequence[_Piece]) -> list[bytes]:
    return [_printable(piece) if isinstance(piece, bytes) else piece.printable for piece in run if piece]


def _printable(octets: bytes) -> bytes:
    """Quoted-printable that ends with a line: at a soft break where the octets end within one.

    No line begins with `From `, which some mail stores change."""
    code = binascii.b2a_qp(octets.replace(b"\r\n", b"\n"), istext=True)
    if b"From " in code:
        code = _FROM.sub(b"=46rom=\n ", code)
    if b"=20" in code or b"=09" in code:
        code = _OVERLONG.sub(rb"\1=\n\2", code)
    lines = code.replace(b"\n", b"\r\n")
    if octets.endswith(b"\r\n"):
        return lines
    full = len(lines) - lines.rfind(b"\n") > 76  # no column is left for the soft break's sign
    return (_LAST.sub(rb"=\r\n\g<0>", lines) if full else lines) + b"=\r\n"
