"""A reader's body from blocks that were transfer-encoded once: fixed words are shared, only the slots are encoded.

It says exactly what `email.join` says, octet for octet, in either encoding; it writes no header and signs nothing.

Nothing is padded. Quoted-printable ends every piece at a soft line break of its own. Base64 turns three octets into
four letters, so a fixed piece is kept in three forms, one for each number of octets the piece before may leave over;
the few octets between two fixed pieces are encoded with the slots.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from syndication.core.model import Block, Recipe
from syndication.render import email, mime
from syndication.render.blocks import HARD, TooLarge, largest
from syndication.render.filling import SLOT, SLOTS
from syndication.render.mjml import escape

RECIPES = 512  # whose order of pieces is kept, some kilobytes each; readers who chose alike mostly follow each other

_ROW, _COLUMNS = 57, 76  # octets that make a base64 line, and its columns (RFC 2045 section 6.8)
_BREAKS = re.compile("\r\n?")
_FROM = re.compile(rb"^From ", re.MULTILINE)
_LAST = re.compile(rb"(?:=[0-9A-F]{2}|[^=])\Z")
_OVERLONG = re.compile(rb"^(.{74,})(=[0-9A-F]{2})$", re.MULTILINE)  # b2a_qp lets a blank before a line's end stick out
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/[A-Za-z0-9/._~-]*")  # nothing to encode in it


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Words that all readers share, encoded once."""

    octets: bytes
    printable: bytes = b""
    base64: tuple[tuple[bytes, bytes, bytes], ...] = ()  # by the octets still wanted: head, whole lines, tail


class _Value(NamedTuple):
    """What is put into a slot."""

    octets: bytes
    printable: bytes


_Keys = tuple[str, ...]  # of blocks: a Recipe
_Plan = tuple[_Fixed | str, ...]  # a block; str: the name of a slot
_Values = Mapping[str, _Value]  # by the names of slots
_Seam = tuple[int, bytes, str, bytes]  # place among the codes, and the slot with the octets encoded along with it


@dataclass(frozen=True, slots=True)
class _Woven:
    """A part as far as the readers of a Recipe share it: its pieces, and what is to be encoded between them."""

    codes: list[bytes]
    seams: tuple[_Seam, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The blocks of one part in their travelling form."""

    encoding: str
    plans: Mapping[str, _Plan]
    strips: bool  # text begins and ends as `email.join` leaves it
    kept: Callable[[_Keys, tuple[int, ...]], _Woven | None]

    def of(self, recipe: _Keys, values: _Values) -> mime.Part:
        """This part of one reader's mail."""
        in_base64 = self.encoding == "base64"
        phases = tuple([len(value.octets) % 3 for value in values.values()]) if in_base64 else ()
        woven = self.kept(recipe, phases) or self._filled(recipe, values)
        pieces = woven.codes.copy()
        for at, before, name, after in woven.seams:
            value = values[name]
            pieces[at] = _lines(before + value.octets + after) if in_base64 else value.printable
        return mime.Part(encoding=self.encoding, pieces=pieces)

    def _filled(self, recipe: _Keys, values: _Values) -> _Woven:
        """The pieces where no other reader can share their order."""
        run = _run(self.plans, recipe)
        whole = b"".join([values[piece].octets if isinstance(piece, str) else piece.octets for piece in run])
        whole = _stripped(whole) if self.strips else whole
        in_base64 = self.encoding == "base64"
        return _Woven([_ended(_lines(whole)) if in_base64 else _ended(_printable(whole), b"=\r\n")], ())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """The blocks of an Issue in one language, ready to be spliced for any Recipe and reader."""

    html: _Part
    text: _Part


def prepare(
    blocks: Mapping[str, Block], *, html_encoding: str | None = None, text_encoding: str | None = None
) -> Prepared:
    """What every reader of these blocks shares, once per Issue, language and worker. Raises BadSlot and TooLarge.

    Each part takes the encoding that is shorter over all blocks. Line breaks of any kind become CRLF."""
    size = largest(tuple(blocks.values()))
    if size > HARD:
        raise TooLarge(f"the largest digest of these blocks has {size:,} bytes of HTML, more than {HARD:,}")
    return Prepared(
        html=_part({key: block.html for key, block in blocks.items()}, html_encoding, strips=False),
        text=_part({key: block.text for key, block in blocks.items()}, text_encoding, strips=True),
    )


def personal(prepared: Prepared, recipe: Recipe, slots: email.Slots) -> tuple[mime.Part, mime.Part]:
    """Text and HTML of a reader's digest, for `mime.join`. Raises email.MissingBlock and email.BadSlot."""
    text, html = {}, {}
    for name in SLOTS:
        given = getattr(slots, name)
        text[name], html[name] = _address(name, given) if name.endswith("_url") else _words(given)
    return prepared.text.of(recipe.blocks, text), prepared.html.of(recipe.blocks, html)


@lru_cache(maxsize=256)  # mails that share them come one after the other
def _words(given: str) -> tuple[_Value, _Value]:
    """A slot's words for text and for HTML."""
    return _both(email.value("", given))


def _address(name: str, given: str) -> tuple[_Value, _Value]:
    if not _PLAIN_ADDRESS.fullmatch(given):
        return _both(email.value(name, given))
    octets = given.encode()
    value = _Value(octets, _in_soft_lines(octets))
    return value, value


def _both(plain: str) -> tuple[_Value, _Value]:
    text, html = plain.encode(), escape(plain).encode()
    return _Value(text, _printable(text)), _Value(html, _printable(html))


# --- once per Issue --------------------------------------------------------------------------


def _part(blocks: Mapping[str, str], encoding: str | None, *, strips: bool) -> _Part:
    plans = {key: _plan(key, words) for key, words in blocks.items()}
    encoding = encoding or _shorter(plans)
    ready = {key: tuple([_encoded(encoding, piece) for piece in plan]) for key, plan in plans.items()}

    @lru_cache(maxsize=RECIPES)  # here, so that it goes when the Issue does
    def kept(recipe: _Keys, phases: tuple[int, ...]) -> _Woven | None:
        run = _run(ready, recipe)
        if not run or isinstance(run[-1], str) or (strips and not _stripped_already(run)):
            return None  # it hangs on the reader's own words where it begins or ends
        return _in_base64(run, phases) if encoding == "base64" else _in_printable(run)

    return _Part(encoding, ready, strips, kept)


def _plan(key: str, words: str) -> _Plan:
    pieces = SLOT.split(_BREAKS.sub("\n", words))
    unknown = [name for name in pieces[1::2] if name not in SLOTS]
    if unknown:
        raise email.BadSlot(f"block {key!r} has a slot {unknown[0]!r}; there are {', '.join(SLOTS)}")
    plan = (piece if n % 2 else _Fixed(mime.canonical(piece)) for n, piece in enumerate(pieces) if piece)
    return tuple(plan)


def _encoded(encoding: str, piece: _Fixed | str) -> _Fixed | str:
    if isinstance(piece, str):
        return piece
    if encoding == "base64":
        return _Fixed(piece.octets, base64=tuple([_in_triples(piece.octets, wanted) for wanted in range(3)]))
    return _Fixed(piece.octets, printable=_printable(piece.octets))


def _in_triples(octets: bytes, wanted: int) -> tuple[bytes, bytes, bytes]:
    """What is to be said with the piece before, the lines of whole triples, and what is left over (0 to 2 octets)."""
    end = wanted + max(0, len(octets) - wanted) // 3 * 3
    return octets[:wanted], _lines(octets[wanted:end]), octets[end:]


def _shorter(plans: Mapping[str, _Plan]) -> str:
    fixed = [piece.octets for plan in plans.values() for piece in plan if isinstance(piece, _Fixed)]
    printable = sum(len(_printable(octets)) for octets in fixed)
    base64 = sum(map(len, fixed)) * 78 // _ROW
    return "quoted-printable" if printable <= base64 else "base64"


# --- once per Recipe -------------------------------------------------------------------------


def _run(plans: Mapping[str, _Plan], recipe: _Keys) -> list[_Fixed | str]:
    try:
        return [piece for key in recipe for piece in plans[key]]
    except KeyError as missing:
        key = missing.args[0]
        raise email.MissingBlock(f"the issue has no block {key!r}; it has {', '.join(plans)}") from None


def _stripped_already(run: Sequence[_Fixed | str]) -> bool:
    """Whether text begins with a word and ends with exactly one line break, whatever is put into the slots."""
    first, last = run[0], run[-1]
    if isinstance(first, str) or isinstance(last, str) or first.octets.startswith(b"\r\n"):
        return False
    return len(last.octets) > 2 and last.octets.endswith(b"\r\n") and not last.octets.endswith(b"\r\n\r\n")


def _stripped(octets: bytes) -> bytes:
    """Without blank lines at its ends, with one line break at the last, as `email.join` leaves text."""
    return octets.strip(b"\r\n") + b"\r\n"


def _in_printable(run: Sequence[_Fixed | str]) -> _Woven:
    codes = [b"" if isinstance(piece, str) else piece.printable for piece in run]
    codes[-1] = _ended(codes[-1], b"=\r\n")
    return _Woven(codes, tuple([(n, b"", piece, b"") for n, piece in enumerate(run) if isinstance(piece, str)]))


def _in_base64(run: Sequence[_Fixed | str], phases: tuple[int, ...]) -> _Woven | None:
    """None where too few fixed octets stand between two slots or after the last."""
    sizes, codes, seams = dict(zip(SLOTS, phases, strict=True)), list[bytes](), list[_Seam]()
    slot, before, loose, over = "", b"", b"", 0  # what is not encoded yet, and how long that is, in threes
    for piece in run:
        if isinstance(piece, str):
            if slot:
                return None
            slot, before, loose, over = piece, loose, b"", len(loose) + sizes[piece]
            continue
        head, middle, tail = piece.base64[-over % 3]
        loose += head
        if middle:
            if slot:
                seams.append((len(codes), before, slot, loose))
            codes += (b"" if slot else _lines(loose), middle)
            slot, loose, over = "", tail, len(tail)
        else:
            loose, over = loose + tail, over + len(piece.octets)
    if slot:
        return None
    codes[-1:] = [_ended(codes[-1] + _lines(loose))] if codes else [_ended(_lines(loose))]
    return _Woven(codes, tuple(seams))


def _ended(code: bytes, end: bytes = b"\r\n") -> bytes:
    """Without the line's end, which belongs to what comes after the part."""
    return code.removesuffix(end)


# --- encoding --------------------------------------------------------------------------------


def _lines(octets: bytes) -> bytes:
    """Base64 in lines of 76 columns, each with its CRLF."""
    code = binascii.b2a_base64(octets, newline=False)
    if len(code) <= _COLUMNS:
        return code and code + b"\r\n"
    return b"".join([code[n : n + _COLUMNS] + b"\r\n" for n in range(0, len(code), _COLUMNS)])


def _in_soft_lines(octets: bytes) -> bytes:
    """Quoted-printable of octets that stand for themselves wherever they are: no blanks, no `=`."""
    return b"".join([octets[n : n + _COLUMNS - 1] + b"=\r\n" for n in range(0, len(octets), _COLUMNS - 1)])


def _printable(octets: bytes) -> bytes:
    """Quoted-printable that ends with a line: at a soft break where the octets end within one.

    No line begins with `From `, which some mail stores change."""
    code = binascii.b2a_qp(octets.replace(b"\r\n", b"\n"), istext=True)
    if b"From " in code:
        code = _FROM.sub(b"=46rom=\n ", code)
    if b"=20" in code or b"=09" in code:
        code = _OVERLONG.sub(rb"\1=\n\2", code)
    lines = code.replace(b"\n", b"\r\n")
    if octets.endswith(b"\r\n") or not octets:
        return lines
    full = len(lines) - lines.rfind(b"\n") > 76  # no column is left for the soft break's sign
    return (_LAST.sub(rb"=\r\n\g<0>", lines) if full else lines) + b"=\r\n"
